import fastifyCookie from '@fastify/cookie';
import fastifyStatic from '@fastify/static';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppModule } from './app.module.js';
import { type Clock, SystemClock } from './common/clock.js';
import { toRegrantError } from './common/error-meaning.js';
import { ErrorFilter, problem } from './common/error.filter.js';
import { InvalidRequest } from './common/errors.js';
import { EveryAnswer } from './common/every-answer.js';
import { createLogger, type Logger, NestLogger } from './common/logger.js';
import { addShortWay } from './common/short-way.js';
import { validationPipe } from './common/validation.js';
import { type RegrantConfig } from './config/config.js';
import { serveApiDocument } from './admin/api-document.js';
import { Visitors } from './sellers/visitors.js';
import { WarmVending } from './tokens/warm-vending.js';

export interface App {
  nest: NestFastifyApplication;
  logger: Logger;
}

/** The whole service, not yet listening. `main.ts` and the tests build it by this one function. */
export async function createApp(
  config: RegrantConfig,
  options: { logger?: Logger; clock?: Clock } = {},
): Promise<App> {
  const logger = options.logger ?? createLogger(config.logLevel);
  const root = AppModule.register(config, options.clock ?? new SystemClock());
  const filter = new ErrorFilter(logger);
  const every = new EveryAnswer(config.production, logger);
  const adapter = createAdapter(every, filter, config);
  const nest = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  nest.useGlobalFilters(filter);
  filter.recognise = (request) => nest.get(Visitors, { strict: false }).recognise(request);
  nest.useGlobalPipes(validationPipe());
  await addHttpBasics(nest, every);
  serveApiDocument(nest);
  try {
    await nest.init();
  } catch (error) {
    // A start that is refused leaves nothing open behind it.
    await nest.close();
    throw error;
  }
  return { nest, logger };
}

function createAdapter(every: EveryAnswer, filter: ErrorFilter, config: RegrantConfig): FastifyAdapter {
  return new FastifyAdapter({
    trustProxy: config.trustProxy.length ? [...config.trustProxy] : false,
    genReqId: () => randomUUID(),
    bodyLimit: 1024 * 1024,
    routerOptions: { maxParamLength: 512 },
    // Addresses that cannot be decoded are refused before any hook runs.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      void reply.headers(every.headers(request.id));
      void filter.answer(toRegrantError(error), request, reply);
    },
    // What is not even HTTP has no request to answer: one fixed text.
    clientErrorHandler: (_error, socket) => {
      if (!socket.writable) return;
      const requestId = randomUUID();
      const body = JSON.stringify(problem(new InvalidRequest('The request is not valid HTTP.'), requestId));
      const lines = Object.entries({
        ...every.headers(requestId),
        'content-type': 'application/problem+json',
        'content-length': String(Buffer.byteLength(body)),
        connection: 'close',
      }).map(([name, value]) => `${name}: ${value}`);
      socket.end(['HTTP/1.1 400 Bad Request', ...lines, '', body].join('\r\n'));
    },
  });
}

async function addHttpBasics(nest: NestFastifyApplication, every: EveryAnswer): Promise<void> {
  const fastify = nest.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers(every.headers(request.id));
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    every.tell({
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime),
    });
    done();
  });
  const warm = nest.get(WarmVending, { strict: false });
  addShortWay(nest.getHttpServer(), (request) => warm.questionOf(request), every);
  await nest.register(fastifyCookie);
  const pico = dirname(createRequire(import.meta.url).resolve('@picocss/pico/css/pico.min.css'));
  await nest.register(fastifyStatic, {
    root: [fileURLToPath(new URL('./common/assets', import.meta.url)), pico],
    prefix: '/assets/',
    index: false,
    cacheControl: false,
    setHeaders: (response) => void response.header('cache-control', 'public, max-age=3600'),
  });
}
