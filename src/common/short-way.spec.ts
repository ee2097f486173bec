import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { EveryAnswer } from './every-answer.js';
import { createLogger } from './logger.js';
import { addShortWay } from './short-way.js';

const head = (fields: string): string =>
  `POST /question HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n${fields}\r\n\r\n`;
const post = (body: string): string => head(`content-length: ${Buffer.byteLength(body)}`) + body;

describe('The short way', () => {
  let app: FastifyInstance;
  let client: Socket;
  let connection: Socket;
  let received: string;
  let log: string;

  /** Questions of the form `{"n":…}` or without a body are answered by the short way, everything else by Fastify. */
  beforeEach(async () => {
    received = log = '';
    app = fastify();
    app.post('/question', (request) => ({ long: request.body ?? null }));
    const every = new EveryAnswer(false, createLogger('info', { write: (line) => void (log += line) }));
    const answer = (body: string) => {
      if (body === '{"n":-1}') throw new Error('not expected');
      return /^$|^\{"n":\d+\}$/.test(body) ? { short: body && (JSON.parse(body) as object) } : undefined;
    };
    const questionOf = ({ url, headers }: IncomingMessage) => {
      if (headers['x-fail']) throw new Error('not expected');
      return url === '/question' ? { route: '/q', answer } : undefined;
    };
    addShortWay(app.server, questionOf, every);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const connected = once(app.server, 'connection');
    client = connect((app.server.address() as AddressInfo).port, '127.0.0.1').setNoDelay();
    client.on('data', (chunk) => (received += chunk.toString()));
    [connection] = (await connected) as [Socket];
  });
  afterEach(async () => {
    client.destroy();
    await app.close();
  });

  /** Sends what must have arrived before anything else is done. */
  async function send(text: string): Promise<void> {
    const arrived = connection.bytesRead + Buffer.byteLength(text);
    client.write(text);
    while (connection.bytesRead < arrived) await new Promise(setImmediate);
  }
  /** The bodies of so many answers. */
  async function answers(count: number): Promise<unknown[]> {
    const bodies = () => received.match(/(?<=\r\n\r\n)\{.*?\}(?=HTTP|$)/gs) ?? [];
    while (bodies().length < count) await once(client, 'data');
    return bodies().map((body) => JSON.parse(body) as unknown);
  }

  it('answers what it can, with the headers of every answer and a line in the log', async () => {
    await send(post('{"n":1}'));
    expect(await answers(1)).toEqual([{ short: { n: 1 } }]);
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(received).toContain('content-type: application/json; charset=utf-8\r\n');
    expect(received).toContain('x-content-type-options: nosniff\r\n');
    const [, requestId] = /x-request-id: (\S+)/.exec(received) ?? [];
    expect(JSON.parse(log)).toMatchObject({ msg: 'request', requestId, route: '/q', status: 200 });
  });

  it('answers a request without a body', async () => {
    await send('POST /question HTTP/1.1\r\nhost: test\r\n\r\n');
    expect(await answers(1)).toEqual([{ short: '' }]);
  });

  it.each([
    ['what it cannot answer', post('{"n":"ä"}'), { n: 'ä' }],
    ['a body in chunks', `${head('transfer-encoding: chunked')}7\r\n{"n":1}\r\n0\r\n\r\n`, { n: 1 }],
    ['a body that it fails at', post('{"n":-1}'), { n: -1 }],
    ['a head that it fails at', `${head('x-fail: yes\r\ncontent-length: 7')}{"n":1}`, { n: 1 }],
    ['a large body', post(`{"n":1,"x":"${'x'.repeat(9000)}"}`), { n: 1, x: 'x'.repeat(9000) }],
  ])('hands on %s, whole', async (_what, request, body) => {
    await send(request);
    expect(await answers(1)).toEqual([{ long: body }]);
    expect(log).toBe('');
  });

  it('hands on a body that comes in pieces, also when the first one could be all', async () => {
    const request = post('{"n":1} ');
    await send(request.slice(0, -1));
    await send(request.slice(-1));
    expect(await answers(1)).toEqual([{ long: { n: 1 } }]);
  });

  it('keeps the order of requests that come at once', async () => {
    await send(['{"n":1}', '{"n":"a"}', '{"n":2}', '{"n":"b"}', '{"n":3}'].map(post).join(''));
    expect(await answers(5)).toEqual([
      { short: { n: 1 } },
      { long: { n: 'a' } },
      { short: { n: 2 } },
      { long: { n: 'b' } },
      { short: { n: 3 } },
    ]);
  });

  it('outlives a client that goes away in the middle of a body', async () => {
    await send(post('{"n":1}').slice(0, -3));
    client.destroy();
    while (!connection.destroyed) await new Promise(setImmediate);
    const response = await app.inject({ method: 'POST', url: '/question', body: { n: 2 } });
    expect(response.json()).toEqual({ long: { n: 2 } });
  });

  it.each([
    ['in the head', 30],
    ['before the body', -7],
  ])('takes no short way when the server closes %s: Fastify ends the connection', async (_where, end) => {
    const request = post('{"n":1}');
    await send(request.slice(0, end));
    const closed = app.close();
    while (app.server.listening) await new Promise(setImmediate);
    client.write(request.slice(end));
    await Promise.all([closed, once(client, 'end')]);
    expect(received).toMatch(/^HTTP\/1\.1 503 /);
    expect(received.toLowerCase()).toContain('connection: close');
  });
});
