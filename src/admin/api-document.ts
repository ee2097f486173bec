import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { ProblemModel } from '../common/api-problems.js';
import { contentSecurityPolicy } from '../common/security-headers.js';
import { type RegrantConfig } from '../config/config.js';

/** The OpenAPI document at /api/openapi.json and a page to read and try it at /api/docs. */
export function serveApiDocument(nest: NestFastifyApplication, config: RegrantConfig): void {
  const description = new DocumentBuilder()
    .setTitle('Regrant')
    .setDescription('Access tokens for programs, and administration of Amazon SP-API grants.')
    .setVersion('1')
    .addServer(config.publicUrl)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'API key: <clientId>.<secret>' })
    .build();
  const document = SwaggerModule.createDocument(nest, description, { extraModels: [ProblemModel] });
  SwaggerModule.setup('api/docs', nest, document, {
    jsonDocumentUrl: 'api/openapi.json',
    customSiteTitle: 'Regrant API',
  });
  // Swagger UI brings its own scripts and sets styles inline: its page alone may do so.
  const policy = contentSecurityPolicy({
    'script-src': "'self'",
    'style-src': "'self' 'unsafe-inline'",
    'connect-src': "'self'",
  });
  nest
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', (request, reply, payload, done) => {
      if (request.url.startsWith('/api/docs')) void reply.header('content-security-policy', policy);
      done(null, payload);
    });
}
