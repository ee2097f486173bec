import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { startTestApp, type TestApp } from './support/app.js';
import { createDatabase } from './support/database.js';
import { api, randomPartner, signUp } from './support/people.js';
import { Simulator } from './support/simulator.js';

interface Page {
  items: { id: string; sellingPartnerId: string }[];
  nextCursor: string | null;
}

describe('Over HTTP', () => {
  let simulator: Simulator;
  let app: TestApp;

  beforeAll(async () => {
    simulator = await Simulator.start();
    app = await startTestApp(simulator.settings);
  });
  afterAll(async () => {
    await app.stop();
    await simulator.stop();
  });

  const expectOurHeaders = (headers: Headers) => {
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('content-security-policy')).not.toContain('script-src');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  };

  it.each([
    ['a page', '/login', 200, 'text/html'],
    ['a page that is not there', '/nowhere', 404, 'text/html'],
    ['an address that cannot be decoded', '/%ff', 400, 'text/html'],
    ['an API without a key', '/api/v1/authorizations', 401, 'application/problem+json'],
    ['an API route that is not there', '/api/v1/nothing', 404, 'application/problem+json'],
    ['a callback without state', '/sp-api/auth', 400, 'text/html'],
    ['health', '/health/live', 200, 'application/json'],
  ])('answers %s with all of our headers', async (_what, path, status, type) => {
    const response = await fetch(app.url + path);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain(type);
    expectOurHeaders(response.headers);
  });

  it('answers what is not HTTP at all with our headers too', async () => {
    const { port, hostname } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.write('NONSENSE\r\n\r\n');
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('referrer-policy: no-referrer');
    expect(answer).toContain('"code":"invalid_request"');
  });

  it.each([
    ['JSON that breaks off', '{"minimumSeconds":', 'application/json', 400],
    ['a type that it does not read', '<a/>', 'application/xml', 415],
    ['more than a megabyte', `{"a":"${'x'.repeat(1_100_000)}"}`, 'application/json', 413],
  ])('refuses %s as problem+json', async (_what, body, type, status) => {
    const { headers } = { headers: { authorization: `Bearer ${randomUUID()}`, 'content-type': type } };
    const url = `${app.url}/api/v1/authorizations/${randomUUID()}/access-token`;
    const response = await fetch(url, { method: 'POST', body, headers });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      code: 'invalid_request',
      status,
      requestId: expect.any(String),
    });
    expectOurHeaders(response.headers);
  });

  it('gives static files a life in caches, and no way out of their folder', async () => {
    const style = await fetch(`${app.url}/assets/regrant.css`);
    expect([style.status, style.headers.get('cache-control')]).toEqual([200, 'public, max-age=3600']);
    expect((await fetch(`${app.url}/assets/..%2f..%2fmain.js`)).status).toBeGreaterThanOrEqual(400);
  });

  it('describes every API route in the OpenAPI document', async () => {
    const { paths } = (await (await fetch(`${app.url}/api/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    const declared = declaredRoutes(app.nest).filter((path) => /^\/(api|auth|health|metrics)\//.test(path));
    expect(declared).toContain('/api/v1/authorizations/{id}/access-token');
    expect(Object.keys(paths).sort()).toEqual([...new Set(declared)].sort());
    const docs = await fetch(`${app.url}/api/docs`);
    expect(docs.headers.get('content-security-policy')).toContain("script-src 'self'");
  });

  it('lists authorizations page by page, stable under inserts', async () => {
    const seller = await signUp(app.url);
    const partners = [randomPartner(), randomPartner(), randomPartner()];
    for (const partner of partners.slice(0, 2)) await simulator.connect(seller, partner);
    const first = await api<Page>(app.url, 'GET', '/api/v1/authorizations?limit=1');
    await simulator.connect(seller, partners[2] ?? '');
    const second = await api<Page>(
      app.url,
      'GET',
      `/api/v1/authorizations?limit=50&cursor=${first.body.nextCursor}`,
    );
    const seen = [...first.body.items, ...second.body.items].map(({ sellingPartnerId }) => sellingPartnerId);
    expect(seen).toEqual(partners);
    expect(second.body.nextCursor).toBeNull();
  });

  it('filters authorizations by every field, and shows no secret of them', async () => {
    const seller = await signUp(app.url);
    const partner = randomPartner();
    await simulator.connect(seller, partner, { marketplaceId: 'A1VC38T7YXB528', partnerType: 'vendor' });
    const [row] = (await api<Page>(app.url, 'GET', `/api/v1/authorizations?sellingPartnerId=${partner}`)).body
      .items as unknown as Record<string, string>[];
    expect(Object.keys(row ?? {}).sort()).toEqual([
      'applicationId', 'authorizedAt', 'contactEmail', 'createdAt', 'id', 'lastCheckedAt', 'lastVendedAt',
      'marketplaceIds', 'partnerType', 'region', 'renewal', 'sellerId', 'sellingPartnerId', 'status', 'statusReason',
      'updatedAt', 'workflow',
    ]); // prettier-ignore
    const matches = {
      status: 'active',
      renewal: 'current',
      region: 'FE',
      workflow: 'website',
      sellerId: row?.['sellerId'] ?? '',
      applicationId: row?.['applicationId'] ?? '',
    };
    const found = async (filter: Record<string, string>) => {
      const query = new URLSearchParams({ ...filter, sellingPartnerId: partner }).toString();
      return (await api<Page>(app.url, 'GET', `/api/v1/authorizations?${query}`)).body.items.length;
    };
    for (const [name, value] of Object.entries(matches))
      expect([name, await found({ [name]: value })]).toEqual([name, 1]);
    expect(await found({ region: 'EU' })).toBe(0);
    expect(await found({ renewal: 'due' })).toBe(0);
    app.clock.advance(320 * 86_400);
    expect(await found({ renewal: 'due' })).toBe(1);
    app.clock.advance(46 * 86_400);
    expect(await found({ renewal: 'overdue' })).toBe(1);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['cursor=nonsense', 'cursor'],
    ['status=lost', 'status'],
    ['sellerId=1', 'sellerId'],
    ['colour=red', 'colour'],
    ['region=EU&region=NA', 'region'],
  ])('refuses the query %s and names the field', async (query, path) => {
    const answer = await api(app.url, 'GET', `/api/v1/authorizations?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{ path }] });
  });
});

/** The paths of all controllers, as OpenAPI writes them. */
function declaredRoutes(nest: TestApp['nest']): string[] {
  const path = (of: object) => Reflect.getMetadata(PATH_METADATA, of) as string;
  const modules = [...nest.get(ModulesContainer).values()];
  const controllers = modules.flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => {
    const handlers = Object.values(Object.getOwnPropertyDescriptors(metatype?.prototype ?? {}))
      .map(({ value }) => value as unknown)
      .filter((value) => typeof value === 'function' && Reflect.hasMetadata(METHOD_METADATA, value));
    return handlers.map((handler) =>
      `/${path(metatype as object)}/${path(handler as object)}`
        .replace(/\/+/g, '/')
        .replace(/(?<=.)\/$/, '')
        .replace(/:(\w+)/g, '{$1}'),
    );
  });
}

/** A line to the database that can be cut: what a failover or an unplugged cable looks like from here. */
async function cuttableLine(databaseUrl: string) {
  const target = new URL(databaseUrl);
  const { hostname, port: upstreamPort } = target;
  const sockets = new Set<Socket>();
  const open = (socket: Socket) => sockets.add(socket.on('error', () => socket.destroy()));
  const server = createServer((socket) => {
    const upstream = connect(Number(upstreamPort), hostname);
    open(socket).add(upstream.on('error', () => socket.destroy()));
    socket.pipe(upstream).pipe(socket);
  });
  const listen = async (port: number) => once(server.listen(port, '127.0.0.1'), 'listening');
  await listen(0);
  const { port } = server.address() as { port: number };
  target.host = `127.0.0.1:${port}`;
  const cut = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { url: target.href, cut, mend: () => listen(port) };
}

describe('When the database is down', () => {
  it('shows a page and a problem that say so, and recovers', async () => {
    const database = await createDatabase();
    const line = await cuttableLine(database.url);
    const app = await startTestApp({ DATABASE_URL: line.url });
    const seller = await signUp(app.url);
    await line.cut();
    const page = await seller.get('/connections');
    expect(page.status).toBe(503);
    expect(page.body).toContain('not available right now');
    expect((await api(app.url, 'GET', '/api/v1/authorizations')).status).toBe(503);
    expect((await fetch(`${app.url}/health/ready`)).status).toBe(503);
    expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
    await line.mend();
    expect((await seller.get('/connections')).status).toBe(200);
    await app.stop();
    await line.cut();
    await database.drop();
  });
});
