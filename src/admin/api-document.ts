import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { REQUIRED_SCOPE } from '../common/access.js';
import { LwaProblemModel, ProblemModel } from '../common/api-problems.js';
import { contentSecurityPolicy } from '../common/security-headers.js';

const DESCRIPTION = `Access tokens for programs, and administration of Amazon SP-API grants.

Times are RFC 3339 in UTC, ids are UUIDs, unknown fields are refused. An error is \`application/problem+json\` (RFC 9457)
with a stable \`code\`; its \`requestId\` finds the line in the log.`;

const SUCCESS: Record<string, string> = {
  200: 'Done; the result',
  201: 'Created',
  202: 'Accepted, and under way',
  204: 'Done',
};

/** The OpenAPI document at /api/openapi.json and a page to read and try it at /api/docs. */
export function serveApiDocument(nest: NestFastifyApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Regrant')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    // Relative: true behind every proxy, under every name of this host, and whatever port PORT=0 leads to.
    .addServer('/')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: '<clientId>.<clientSecret>',
      description: 'An API key: `rgk_…` as client id, a dot, and its secret.',
    })
    .build();
  const document = SwaggerModule.createDocument(nest, description, {
    extraModels: [ProblemModel, LwaProblemModel],
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  for (const operation of operationsOf(document)) {
    tellScope(operation);
    describeSuccess(operation);
  }
  SwaggerModule.setup('api/docs', nest, document, {
    jsonDocumentUrl: 'api/openapi.json',
    customSiteTitle: 'Regrant API',
  });
  allowSwaggerUi(nest);
}

interface Operation {
  description?: string;
  responses: Record<string, { description: string }>;
  [REQUIRED_SCOPE]?: string;
}

function operationsOf({ paths }: OpenAPIObject): Operation[] {
  return Object.values(paths).flatMap((methods) => Object.values(methods) as Operation[]);
}

/** The scope that a route requires stands in its description, where a reader looks. */
function tellScope(operation: Operation): void {
  const scope = operation[REQUIRED_SCOPE];
  if (!scope) return;
  operation.description =
    `${operation.description ?? ''}\n\nThe API key needs the scope \`${scope}\`.`.trim();
}

/** What success means where the route's summary says enough. */
function describeSuccess({ responses }: Operation): void {
  for (const [status, response] of Object.entries(responses)) response.description ||= SUCCESS[status] ?? '';
}

/** Swagger UI brings its own scripts and sets styles inline: its page alone may do so. */
function allowSwaggerUi(nest: NestFastifyApplication): void {
  const policy = contentSecurityPolicy({
    'script-src': "'self'",
    'style-src': "'self' 'unsafe-inline'",
    'connect-src': "'self'",
  });
  nest
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', (request, reply, payload, done) => {
      if (/^\/api\/docs(\/|$)/.test(request.url)) void reply.header('content-security-policy', policy);
      done(null, payload);
    });
}
