import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { toRegrantError } from './error-meaning.js';
import { type RegrantError } from './errors.js';
import { type Logger } from './logger.js';
import { showPage } from './pages.js';

/** The only place where an error becomes an answer, and where it is logged, once. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  async catch(thrown: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    await this.answer(
      toRegrantError(thrown),
      http.getRequest<FastifyRequest>(),
      http.getResponse<FastifyReply>(),
    );
  }

  /** Also for what Fastify refuses before Nest sees it, such as an address that cannot be decoded. */
  async answer(error: RegrantError, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    this.logger[error.level](
      { requestId: request.id, problem: error.code, status: error.status, err: error },
      error.title,
    );
    if (reply.sent) return;
    if (error.retryAfterSeconds !== undefined)
      void reply.header('retry-after', String(error.retryAfterSeconds));
    const path = request.url.split('?', 1)[0] ?? '/';
    if (path.toLowerCase() === '/auth/o2/token') await reply.status(lwaStatus(error)).send(lwaBody(error));
    else if (/^\/(api|health|metrics)(\/|$)/.test(path)) await sendProblem(error, request, reply);
    else await sendErrorPage(error, request, reply);
  }
}

/** RFC 9457. */
export function problem(error: RegrantError, requestId: string) {
  return {
    type: `urn:regrant:problem:${error.code.replaceAll('_', '-')}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.errors && { errors: error.errors }),
  };
}

async function sendProblem(error: RegrantError, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (error.status === 401) void reply.header('www-authenticate', 'Bearer realm="regrant"');
  await reply
    .status(error.status)
    .type('application/problem+json')
    .send(JSON.stringify(problem(error, request.id)));
}

async function sendErrorPage(
  error: RegrantError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  void reply.status(error.status);
  await showPage(request, reply, 'common/views/error', { error });
}

/** Our codes in the words of LWA's token endpoint, so that an SDK reacts as it does to Amazon. */
const LWA_FORM: Record<RegrantError['code'], [status: number, error: string]> = {
  invalid_request: [400, 'invalid_request'],
  unauthenticated: [401, 'invalid_client'],
  forbidden: [400, 'unauthorized_client'],
  not_found: [400, 'invalid_grant'],
  conflict: [400, 'invalid_request'],
  reauthorization_required: [400, 'invalid_grant'],
  disconnected: [400, 'invalid_grant'],
  application_credentials_rejected: [503, 'temporarily_unavailable'],
  amazon_unavailable: [503, 'temporarily_unavailable'],
  rate_limited: [429, 'temporarily_unavailable'],
  internal: [500, 'server_error'],
};

function lwaStatus(error: RegrantError): number {
  return error.code === 'internal' && error.status === 503 ? 503 : LWA_FORM[error.code][0];
}

function lwaBody(error: RegrantError): { error: string; error_description: string } {
  return { error: error.lwaError ?? LWA_FORM[error.code][1], error_description: error.message };
}
