import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from '../support/child.mjs';
import { serviceEnvironment } from '../support/development.mjs';
import { Browser, Program, Simulator } from './web.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LOG_LINES = 30;

/**
 * Regrant and the simulated Amazon as processes of their own, with a folder that is gone afterwards; and who acts on
 * it. Steps keep here what later steps need.
 */
export class Stage {
  #children = [];
  #folder;
  #closing = false;
  #log = [];

  /** Starts everything; answers where it is. */
  async open() {
    const key = `rgk_${randomBytes(12).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
    const simulated = { SIMULATOR_PORT: '0', SIMULATOR_SMTP_PORT: '0' };
    const amazon = await this.#start('The Amazon simulator', 'dist-simulator/main.js', root, simulated);

    this.#folder = mkdtempSync(join(tmpdir(), 'regrant-demo-'));
    // PostgreSQL does not run as root: as another user it must get into the folder.
    chmodSync(this.#folder, 0o755);
    const settings = serviceEnvironment({}, { amazon: amazon.url, smtpUrl: amazon.smtpUrl, key });
    const own = { ...settings, PORT: String(await freePort()), OPERATOR_EMAIL: 'operator@example.com' };
    const regrant = await this.#start('Regrant', 'dist/main.js', this.#folder, own);

    this.simulator = new Simulator(amazon.url);
    this.browser = new Browser(regrant.url);
    this.program = new Program(regrant.url, key);
    return { regrant: regrant.url, amazon: amazon.url };
  }

  /** The last lines that the processes wrote. */
  log() {
    return this.#log.slice(-LOG_LINES);
  }

  /** Ends the processes, Regrant first so that its PostgreSQL ends in order. */
  async close() {
    this.#closing = true;
    for (const child of this.#children.toReversed()) await child.stop(12_000);
    if (this.#folder) await this.#stopAbandonedDatabase();
    this.removeFolder();
  }

  removeFolder() {
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #start(name, script, cwd, settings) {
    if (this.#closing) throw new Error('The demo was ended');
    const child = new Child(name, join(root, script), cwd, { ...bareEnvironment(), ...settings });
    this.#children.push(child);
    child.stdout.setEncoding('utf8').on('data', (text) => this.#log.push(...text.trimEnd().split('\n')));
    const ended = child.exited.then(({ code, signal }) => {
      throw new Error(`${name} ended before it was ready (${signal ?? `exit status ${code}`})`);
    });
    // Later than that, the step that needs it tells.
    ended.catch(() => undefined);
    return Promise.race([child.ready, ended]);
  }

  /** Regrant stops its PostgreSQL itself, unless it was killed or crashed. */
  async #stopAbandonedDatabase() {
    const { EmbeddedPostgres } = await import('../../dist/database/embedded/embedded-postgres.js');
    await EmbeddedPostgres.stopAbandoned(join(this.#folder, '.regrant')).catch((error) =>
      console.error(error.message),
    );
  }
}

/** What processes need of their surroundings, without any setting of Regrant that happens to be there. */
function bareEnvironment() {
  const needed = /^(PATH|HOME|USER|LOGNAME|USERPROFILE|SYSTEMROOT|TMPDIR|TEMP|TMP|LANG|LC_\w+|TZ)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => needed.test(name)));
}

/** Chosen beforehand, because the addresses in Regrant's mails and redirects follow from it. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
