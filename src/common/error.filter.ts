import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { toRegrantError } from './error-meaning.js';
import { type RegrantError } from './errors.js';
import { type Logger } from './logger.js';
import { type PageContext, showPage } from './pages.js';

/** The only place where an error becomes an answer, and where it is logged, once. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  /** Who looks at an error page that no guard saw. Without an answer the page addresses nobody. */
  recognise: (request: FastifyRequest) => Promise<PageContext | undefined> = () => Promise.resolve(undefined);

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
    if (path.toLowerCase() === '/auth/o2/token') await sendLwaProblem(error, reply);
    else if (/^\/(api|health|metrics)(\/|$)/.test(path)) await sendProblem(error, request, reply);
    else await this.sendPage(error, request, reply);
  }

  private async sendPage(error: RegrantError, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    // Trouble of ours may be the database's: then nobody is asked there.
    if (!request.page && error.status < 500)
      request.page = await this.recognise(request).catch(() => undefined);
    void reply.status(error.status);
    await showPage(request, reply, 'common/views/error', { error });
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

function lwaForm(error: RegrantError): [status: number, error: string] {
  if (error.code === 'internal' && error.status === 503) return [503, 'temporarily_unavailable'];
  const [status, code] = LWA_FORM[error.code];
  return [status, error.lwaError ?? code];
}

async function sendLwaProblem(error: RegrantError, reply: FastifyReply): Promise<void> {
  const [status, code] = lwaForm(error);
  await reply.status(status).send({ error: code, error_description: error.message });
}
