import { describe, expect, it } from '@jest/globals';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { toRegrantError } from './error-meaning.js';
import { ErrorFilter } from './error.filter.js';
import {
  Conflict,
  Forbidden,
  InvalidRequest,
  NotFound,
  RateLimited,
  RegrantError,
  Unauthenticated,
  Unavailable,
} from './errors.js';
import { createLogger } from './logger.js';
import { type PageContext } from './pages.js';

/** What a request to `url` is answered with that error, and what is logged. */
async function answer(error: RegrantError, url: string, recognise?: () => Promise<PageContext | undefined>) {
  let log = '';
  const filter = new ErrorFilter(createLogger('trace', { write: (line: string) => void (log += line) }));
  if (recognise) filter.recognise = recognise;
  const headers: Record<string, string> = {};
  const sent = { status: 200, type: 'application/json', headers, body: '' };
  const reply = {
    sent: false,
    status: (status: number) => ((sent.status = status), reply),
    type: (type: string) => ((sent.type = type), reply),
    header: (name: string, value: string) => ((headers[name] = value), reply),
    send: (body: unknown) => {
      sent.body = typeof body === 'string' ? body : JSON.stringify(body);
      return Promise.resolve();
    },
  };
  const request = { id: '6f1cbe0e', url } as unknown as FastifyRequest;
  await filter.answer(error, request, reply as unknown as FastifyReply);
  return { ...sent, log };
}

describe('ErrorFilter', () => {
  it.each(['/api/v1/authorizations', '/api', '/health/ready', '/metrics?x=1'])(
    'answers problem+json at %s',
    async (url) => {
      const errors = [{ path: 'limit', message: 'must be a whole number' }];
      const { status, type, body } = await answer(
        new InvalidRequest('Some fields are not valid.', errors),
        url,
      );
      expect([status, type]).toEqual([400, 'application/problem+json']);
      expect(JSON.parse(body)).toEqual({
        type: 'urn:regrant:problem:invalid-request',
        title: 'The request is not valid',
        status: 400,
        detail: 'Some fields are not valid.',
        code: 'invalid_request',
        requestId: '6f1cbe0e',
        errors,
      });
    },
  );

  it('asks for an API key with 401, and says when to come back with 429 and 503', async () => {
    const unauthenticated = await answer(new Unauthenticated(), '/api/v1/authorizations');
    expect(unauthenticated.headers['www-authenticate']).toBe('Bearer realm="regrant"');
    expect((await answer(new RateLimited('Slowly.', 42), '/api/x')).headers['retry-after']).toBe('42');
    expect((await answer(new Unavailable(), '/login')).headers['retry-after']).toBe('5');
  });

  it.each<[RegrantError, number, string]>([
    [new InvalidRequest('Bad.'), 400, 'invalid_request'],
    [
      new InvalidRequest('Bad.', undefined, { lwaError: 'unsupported_grant_type' }),
      400,
      'unsupported_grant_type',
    ],
    [new Unauthenticated(), 401, 'invalid_client'],
    [new Forbidden('Not this one.'), 400, 'unauthorized_client'],
    [new NotFound('No such authorization.'), 400, 'invalid_grant'],
    [new Conflict('Not now.'), 400, 'invalid_request'],
    [new RegrantError('reauthorization_required', 409, 'Again', 'Refused.'), 400, 'invalid_grant'],
    [new RegrantError('disconnected', 410, 'Gone', 'Disconnected.'), 400, 'invalid_grant'],
    [new RegrantError('amazon_unavailable', 503, 'Amazon', 'Later.'), 503, 'temporarily_unavailable'],
    [
      new RegrantError('application_credentials_rejected', 503, 'Us', 'Later.'),
      503,
      'temporarily_unavailable',
    ],
    [new RateLimited('Slowly.', 1), 429, 'temporarily_unavailable'],
    [new Unavailable(), 503, 'temporarily_unavailable'],
    [toRegrantError(new Error('a bug')), 500, 'server_error'],
  ])('answers %s at the LWA-compatible endpoint with %i %s', async (error, status, lwaError) => {
    const sent = await answer(error, '/auth/o2/token');
    expect(sent.status).toBe(status);
    expect(JSON.parse(sent.body)).toEqual({ error: lwaError, error_description: error.message });
    expect((await answer(error, '/auth/O2/token?x')).status).toBe(status);
  });

  it('shows a page everywhere else: what happened, what to do next, and a reference number', async () => {
    const error = new NotFound('There is no <such> connection.', {
      advice: 'Look at the list.',
      action: { label: 'Back', href: '/connections' },
    });
    const { status, type, body } = await answer(error, '/apiary');
    expect([status, type]).toEqual([404, 'text/html; charset=utf-8']);
    for (const part of [
      'There is no &lt;such&gt; connection.',
      'Look at the list.',
      'href="/connections"',
      '6f1cbe0e',
    ])
      expect(body).toContain(part);
  });

  it('greets the seller on a page that no guard saw, but looks for none where it would not help', async () => {
    const seller = () => Promise.resolve({ signedInAs: 'seller@example.com', csrfToken: 'token' });
    expect((await answer(new NotFound('Nothing.'), '/no/page', seller)).body).toContain('seller@example.com');
    const never = () => Promise.reject(new Error('looked for'));
    expect((await answer(new NotFound('Nothing.'), '/no/page', never)).body).not.toContain('Sign out');
    let looked = 0;
    const counting = () => Promise.resolve((looked++, undefined));
    await answer(new NotFound('Nothing.'), '/api/v1/nothing', counting);
    await answer(new Unavailable(), '/login', counting);
    expect(looked).toBe(0);
  });

  it('keeps the message of what it does not know out of every answer', async () => {
    const error = toRegrantError(new Error('password=hidden'));
    for (const url of ['/api/v1/authorizations', '/auth/o2/token', '/connections'])
      expect((await answer(error, url)).body).not.toContain('hidden');
  });

  it('logs each error once, at the level that tells whether somebody must act', async () => {
    const level = async (error: RegrantError) => {
      const { log } = await answer(error, '/api/x');
      expect(log.trim().split('\n')).toHaveLength(1);
      return (JSON.parse(log) as { level: string }).level;
    };
    expect(await level(new NotFound('Nothing.'))).toBe('debug');
    expect(await level(new RegrantError('amazon_unavailable', 503, 'Amazon', 'Later.'))).toBe('warn');
    expect(await level(new RegrantError('application_credentials_rejected', 503, 'Us', 'No.'))).toBe('error');
    expect(await level(toRegrantError(new Error('a bug')))).toBe('error');
  });
});
