// The bare servers that vending is measured beside, each a process of its own: `node`, `fastify` or `nest`. A POST with
// a JSON body comes in, an answer of the shape and size of a vended token goes out; nothing is checked, nothing logged.
import 'reflect-metadata';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import fastify from 'fastify';
import { createServer } from 'node:http';

const answer = ({ minimumSeconds }) => ({
  accessToken: `Atza|${'x'.repeat(340)}`,
  tokenType: 'bearer',
  expiresAt: '2026-01-01T00:00:00.000Z',
  expiresIn: 3600 - minimumSeconds,
  authorizationId: '00000000-0000-4000-8000-000000000000',
  sellingPartnerId: 'A2SELLER000001',
  region: 'NA',
  endpoint: 'https://sellingpartnerapi-na.amazon.com',
});

const start = {
  async node() {
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        const json = JSON.stringify(answer(JSON.parse(body)));
        response.writeHead(200, {
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(json),
        });
        response.end(json);
      });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  },
  async fastify() {
    const app = fastify();
    app.post('/authorizations/:id/access-token', async (request) => answer(request.body));
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server;
  },
  async nest() {
    class Tokens {
      token(body) {
        return answer(body);
      }
    }
    // As the compiler writes decorators.
    Controller('authorizations')(Tokens);
    Body()(Tokens.prototype, 'token', 0);
    const method = Object.getOwnPropertyDescriptor(Tokens.prototype, 'token');
    for (const decorate of [Post(':id/access-token'), HttpCode(200)])
      decorate(Tokens.prototype, 'token', method);
    class Root {}
    Module({ controllers: [Tokens] })(Root);
    const app = await NestFactory.create(Root, new FastifyAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    return app.getHttpServer();
  },
};

const server = await start[process.argv[2]]();
process.on('disconnect', () => process.exit());
process.send({ type: 'ready', url: `http://127.0.0.1:${server.address().port}` });
