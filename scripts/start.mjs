// `npm start`: builds what is stale, then runs the Amazon simulator and Regrant until Ctrl-C.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pretty from 'pino-pretty';
import { Child } from './support/child.mjs';
import { developmentKey, firstTakenPort, serviceEnvironment } from './support/development.mjs';
import { onParentGone } from './support/parent.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, '.regrant');
let simulator;
let service;
let ending = false;

if (existsSync(join(root, '.env'))) process.loadEnvFile(join(root, '.env'));
if (process.env.NODE_ENV === 'production') {
  refuse('npm start is for development. In production: npm run build, then node dist/main.js.');
}
const taken = await firstTakenPort(process.env);
if (taken)
  refuse(
    `Port ${taken.port} is in use. Set ${taken.name} to another one: ${taken.name}=${taken.free} npm start`,
  );

onParentGone(() => ending || end(0));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(0));
process.stdout.on('error', () => end(0));
await import('./build.mjs');
await run();

async function run() {
  const { PUBLIC_URL, PORT, SIMULATOR_LOGIN_URI } = process.env;
  const loginUri = `${PUBLIC_URL || `http://localhost:${PORT || 3000}`}/sp-api/login`;
  simulator = new Child('The Amazon simulator', join(root, 'dist-simulator/main.js'), root, {
    ...process.env,
    SIMULATOR_LOGIN_URI: SIMULATOR_LOGIN_URI || loginUri,
  });
  simulator.stdout.resume();
  const { url: amazon, smtpUrl } = await readyOrEnd(simulator);

  const key = process.env.BOOTSTRAP_API_KEY || developmentKey(folder);
  const environment = serviceEnvironment(process.env, { amazon, smtpUrl, key });
  service = new Child('Regrant', join(root, 'dist/main.js'), root, environment);
  service.stdout.pipe(
    pretty({
      singleLine: true,
      translateTime: 'SYS:HH:MM:ss',
      colorize: Boolean(process.stdout.isTTY),
      destination: process.stdout,
    }),
  );
  const { url } = await readyOrEnd(service);
  // The last log lines come by a pipe of their own; they belong above what follows.
  await sleep(60);
  if (!ending) console.log(welcome(url, amazon, key));
}

/** Answers the child's message; a child that ends before or after it takes everything else along. */
async function readyOrEnd(child) {
  void child.exited.then(({ code, signal }) => {
    if (ending) return;
    console.error(
      `${child.name} ended unexpectedly (${signal ?? `exit status ${code}`}): stopping the rest.`,
    );
    void end(1);
  });
  return child.ready;
}

/** Regrant first, so that it can still answer and send while it drains; asked again, without patience. */
async function end(status) {
  if (ending) {
    service?.kill();
    simulator?.kill();
    return;
  }
  ending = true;
  await service?.stop(15_000);
  if (service && !process.env.DATABASE_URL) await stopAbandonedDatabase();
  await simulator?.stop(3_000);
  process.exit(status);
}

/** Regrant stops its PostgreSQL itself, unless it was killed or crashed. */
async function stopAbandonedDatabase() {
  const { EmbeddedPostgres } = await import('../dist/database/embedded/embedded-postgres.js');
  await EmbeddedPostgres.stopAbandoned(folder).catch((error) => console.error(error.message));
}

function refuse(message) {
  console.error(message);
  process.exit(1);
}

function welcome(url, amazon, key) {
  return `
  Web page             ${url}
  API documentation    ${url}/api/docs
  Amazon simulator     ${amazon}
  Mailbox              ${amazon}/_simulator/mailbox
  Development API key  ${key}

  curl -H 'Authorization: Bearer ${key}' ${url}/api/v1/authorizations

Regrant is ready: ${url}`;
}
