import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { EmbeddedPostgres } from '../../dist/database/embedded/embedded-postgres.js';
import { onServerProcessor } from './processors.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const USAGE = new URL('usage.mjs', import.meta.url).href;

export const API_KEY = 'rgk_bench0123456789abcdef.bench-secret-0123456789-0123456789-012345678';

/** What the measurements need around them. All of it ends with `close`, the last one first. */
export class Stage {
  #stops = [];
  #folder;
  #server;

  /** Runs `work` on a stage that is cleared afterwards, also when the end is asked for in the middle of it. */
  static async during(work) {
    const stage = new Stage();
    let closing;
    const close = () => (closing ??= stage.close());
    for (const [signal, status] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
      process.on(signal, () => void close().finally(() => process.exit(status)));
    try {
      await work(stage);
    } finally {
      await close();
    }
  }

  get folder() {
    if (!this.#folder) {
      const folder = mkdtempSync(join(tmpdir(), 'regrant-bench-'));
      // PostgreSQL runs as another user than root: it must be able to enter.
      chmodSync(folder, 0o711);
      this.#stops.push(() => rmSync(folder, { recursive: true, force: true }));
      this.#folder = folder;
    }
    return this.#folder;
  }

  /** The URL of a new, empty database. */
  async database() {
    this.#server ??= this.#startPostgres();
    const url = new URL(await this.#server);
    const client = new pg.Client(url.href);
    await client.connect();
    const name = `bench_${randomBytes(4).toString('hex')}`;
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    url.pathname = name;
    return url.href;
  }

  /** One of the bare servers (`node`, `fastify`, `nest`), on the server's processor. */
  bare(kind) {
    return this.#measured([path('bare.mjs'), kind], { NODE_ENV: 'production' });
  }

  /** The built service, on the server's processor; its log goes into a file of the folder. */
  regrant(settings) {
    const environment = {
      NODE_ENV: 'production',
      PORT: '0',
      PUBLIC_URL: 'https://regrant.example',
      SMTP_URL: 'smtp://127.0.0.1:1',
      BOOTSTRAP_API_KEY: API_KEY,
      ...settings,
    };
    return this.#measured([path('../../dist/main.js')], environment, join(this.folder, 'regrant.log'));
  }

  /** Login with Amazon that answers after `milliseconds`. */
  async lwa(milliseconds) {
    const { url } = await this.#process([process.execPath, [path('lwa.mjs'), String(milliseconds)]], {});
    return url;
  }

  /** What a script of its own, with `gc` at hand, has to say. */
  async run(script, args) {
    const { message, stop } = await this.#process([process.execPath, ['--expose-gc', script, ...args]], {});
    await stop();
    return message;
  }

  async close() {
    for (let stop = this.#stops.pop(); stop; stop = this.#stops.pop()) await stop();
  }

  async #startPostgres() {
    const embedded = await EmbeddedPostgres.start({ directory: this.folder, port: 0 });
    this.#stops.push(() => embedded.stop());
    return embedded.url;
  }

  #measured(args, environment, log) {
    const flags = ['--expose-gc', '--import', USAGE];
    return this.#process(onServerProcessor([...flags, ...args]), environment, log);
  }

  /** A child that has said something: `{ message, url, usage(), stop() }`. */
  async #process([command, args], environment, log) {
    const output = log ? openSync(log, 'a') : 'ignore';
    const child = spawn(command, args, {
      env: { PATH: process.env.PATH, ...environment },
      // A group of its own: Ctrl-C reaches only us, and we end things in order.
      detached: true,
      stdio: ['ignore', output, 'inherit', 'ipc'],
    });
    if (log) closeSync(output);
    const exited = once(child, 'exit');
    const stop = async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
    };
    this.#stops.push(stop);
    const [message] = await Promise.race([
      once(child, 'message'),
      exited.then(() => Promise.reject(new Error(`${args.join(' ')} ended before it was ready`))),
    ]);
    const usage = async (options = {}) => {
      child.send({ type: 'usage', ...options });
      const [used] = await once(child, 'message');
      return used;
    };
    // The address that it listens on; Regrant says the one that browsers see, and its port.
    const url = message.port ? `http://127.0.0.1:${message.port}` : message.url;
    return { message, url, usage, stop };
  }
}
