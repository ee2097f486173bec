import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { readdirSync, realpathSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  EmbeddedPostgres,
  EmbeddedPostgresError,
  type EmbeddedPostgresOptions,
} from '../src/database/embedded/embedded-postgres.js';
import { explain } from '../src/database/embedded/errors.js';
import { EmbeddedProject, type Host } from './support/embedded-project.js';

const isRoot = process.getuid?.() === 0;
const nobody = isRoot ? { uid: 65534, gid: 65534 } : {};

let home: string;
let project: EmbeddedProject;
let folder: string;
let directory: string;
const servers: EmbeddedPostgres[] = [];
const hosts: Host[] = [];

beforeAll(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'regrant-embedded-')));
  chmodSync(home, 0o755);
  project = await EmbeddedProject.create(join(home, 'private', 'project'));
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(join(home, 'test-'));
  chmodSync(folder, 0o755);
  directory = join(folder, '.regrant');
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  for (const host of hosts.splice(0)) await host.killGroup().catch(() => undefined);
  // What a failed test left running would outlive its folder.
  if (existsSync(join(directory, 'postgres', 'postmaster.pid'))) process.kill(postmaster(), 'SIGQUIT');
  chmodSync(join(home, 'private'), 0o755);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await EmbeddedPostgres.start(settled(options));
  servers.push(server);
  return server;
}

function host(options: Partial<EmbeddedPostgresOptions> = {}, user = {}): Host {
  const made = project.host(settled(options), user);
  hosts.push(made);
  return made;
}

function settled(options: Partial<EmbeddedPostgresOptions>): EmbeddedPostgresOptions {
  return {
    directory,
    port: 0,
    settings: { fsync: 'off' },
    systemDirectory: join(folder, 'system'),
    ...options,
  };
}

async function query(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows[0] && Object.values(rows[0])[0];
  } finally {
    await client.end();
  }
}

async function failure(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgresError> {
  const error: unknown = await start(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EmbeddedPostgresError);
  return error as EmbeddedPostgresError;
}

function postmaster(): number {
  return Number(readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

function leftovers(): string[] {
  return readdirSync(directory).filter((name) => /unfinished|starting|new$/.test(name));
}

describe('a first start and the next', () => {
  it('make a UTF-8 database on 127.0.0.1 alone, and find its data again', async () => {
    const first = await start();
    await query(first.url, "CREATE TABLE kept AS SELECT 'Grüße' AS word");
    await first.stop();
    await first.stop();
    await expect(query(first.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');

    const second = await start();
    expect(second.adopted).toBe(false);
    await expect(query(second.url, 'SELECT upper(word) FROM kept')).resolves.toBe(
      'GRÜSSE'.replace('SS', 'ß'),
    );
    await expect(query(second.url, 'SHOW server_encoding')).resolves.toBe('UTF8');
    await expect(query(second.url, 'SHOW listen_addresses')).resolves.toBe('127.0.0.1');
    await expect(query(second.url, 'SHOW unix_socket_directories')).resolves.toBe('');
    expect(leftovers()).toEqual([]);
  });

  it('let nobody in without the password, which only we can read', async () => {
    const { url } = await start();
    const wrong = new URL(url);
    wrong.password = 'guessed';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    expect(statSync(join(directory, 'postgres-password')).mode & 0o777).toBe(0o600);
  });

  it('take another port when somebody listens on the preferred one', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    try {
      const { url } = await start({ port });
      expect(Number(new URL(url).port)).not.toBe(port);
      await expect(query(url, 'SELECT 1')).resolves.toBe(1);
    } finally {
      other.close();
    }
  });

  it('survive a start that was killed while the data folder was being made', async () => {
    mkdirSync(directory);
    const watcher = watch(directory, { recursive: true });
    const killed = host();
    for (;;) {
      const [, path] = (await once(watcher, 'change')) as [string, string | null];
      if (path?.endsWith('PG_VERSION')) break;
    }
    watcher.close();
    await killed.killGroup();
    hosts.splice(0);
    expect(existsSync(join(directory, 'postgres'))).toBe(false);

    const { url } = await start();
    await expect(query(url, 'SELECT 1')).resolves.toBe(1);
    expect(leftovers()).toEqual([]);
  });

  it('create the database after a start that was killed just before that', async () => {
    const first = await start();
    const maintenance = new URL(first.url);
    maintenance.pathname = '/postgres';
    await query(maintenance.href, 'DROP DATABASE regrant');
    await first.stop();
    const { url } = await start();
    await expect(query(url, 'SELECT current_database()')).resolves.toBe('regrant');
  });
});

describe('a server that runs already', () => {
  it('is taken over when the process that started it was killed with its group', async () => {
    const killed = host();
    const { url } = await killed.report;
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const pid = postmaster();
    await killed.killGroup();
    hosts.splice(0);

    const server = await start();
    expect(server.adopted).toBe(true);
    expect(server.url).toBe(url);
    expect(postmaster()).toBe(pid);
    await expect(query(server.url, 'SELECT answer FROM kept')).resolves.toBe(42);
    await server.stop();
    await expect(query(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });

  it('is shared with a live owner, and left to it', async () => {
    const owner = host();
    const { url } = await owner.report;
    const guest = await start();
    expect(guest.url).toBe(url);
    expect(guest.adopted).toBe(false);
    await guest.stop();
    await expect(query(url, 'SELECT 1')).resolves.toBe(1);
    await owner.stop();
    hosts.splice(0);
    await expect(query(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });

  it('is made once by two processes that start at the same moment, and stopped by one', async () => {
    const pair = [host(), host()];
    const reports = await Promise.all(pair.map((one) => one.report));
    expect(reports[0]).toEqual(reports[1]);
    const url = reports[0]?.url ?? '';
    await expect(query(url, 'SELECT 1')).resolves.toBe(1);
    for (const one of pair) await one.stop();
    hosts.splice(0);
    await expect(query(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    expect(leftovers()).toEqual([]);
  });

  it('is not looked for behind the pid of a crashed one that another program got', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const file = join(directory, 'postgres', 'postmaster.pid');
    const content = readFileSync(file, 'utf8');
    await first.stop();
    writeFileSync(file, content.replace(/^\d+/, String(process.pid)));

    const second = await start();
    expect(second.adopted).toBe(false);
    await expect(query(second.url, 'SELECT answer FROM kept')).resolves.toBe(42);
  });
});

describe('users and private folders', () => {
  it('serve a project that only root can read, with PostgreSQL as somebody else', async () => {
    const inside = join(home, 'private', 'project', '.regrant');
    chmodSync(join(home, 'private'), 0o700);
    const owner = host({ directory: inside });
    const { url } = await owner.report;
    await expect(query(url, 'SELECT 1')).resolves.toBe(1);
    const data = String(await query(url, 'SHOW data_directory'));

    expect(lstatSync(join(inside, 'postgres')).isSymbolicLink()).toBe(isRoot);
    expect(data.startsWith(isRoot ? join(folder, 'system') : inside)).toBe(true);
    expect(statSync(data).uid).not.toBe(0);
    expect(readdirSync(project.native + '/lib')).toContain('libpq.so.5');

    await owner.stop();
    const again = host({ directory: inside });
    await expect(again.report.then((report) => query(report.url, 'SHOW data_directory'))).resolves.toBe(data);
    await again.stop();
    hosts.splice(0);
  });

  it('serve a normal user, with a copy of binaries whose links npm did not make', async () => {
    project.removeLinks();
    const lib = join(project.native, 'lib');
    chmodSync(lib, 0o555);
    if (nobody.uid !== undefined) chownSync(folder, nobody.uid, nobody.gid);
    const owner = host({}, nobody);
    const { url, message } = await owner.report;
    chmodSync(lib, 0o755);
    expect(message).toBeUndefined();
    await expect(query(url, 'SELECT 1')).resolves.toBe(1);
    expect(readdirSync(directory).filter((name) => name.startsWith('postgresql-'))).toHaveLength(1);
    expect(statSync(join(directory, 'postgres')).uid).toBe(nobody.uid ?? process.getuid?.());
    await owner.stop();
    hosts.splice(0);
  });

  it('say so when the folder belongs to another user', async () => {
    mkdirSync(directory, { mode: 0o755 });
    if (!isRoot) chmodSync(directory, 0o500);
    const { code, message } = await host({}, nobody).report;
    expect(code).toBe(isRoot ? 'other_user' : 'not_writable');
    expect(message).toContain(directory);
    hosts.splice(0);
  });
});

describe('a start that cannot succeed', () => {
  it('names a folder that cannot be made, and the way out', async () => {
    writeFileSync(join(folder, 'file'), '');
    const error = await failure({ directory: join(folder, 'file', '.regrant') });
    expect(error.code).toBe('not_writable');
    expect(error.message).toContain(join(folder, 'file', '.regrant'));
    expect(error.message).toContain('DATABASE_URL');
  });

  it('says that the disk is full', async () => {
    mkdirSync(directory);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]).status === 0;
    try {
      // Who may not mount sees at least the sentence that this answer of the system turns into.
      const answer = Object.assign(new Error('write'), { code: 'ENOSPC', syscall: 'write' });
      const error = mounted ? await failure() : explain(answer, directory);
      expect(error).toMatchObject({ code: 'disk_full' });
      expect((error as Error).message).toMatch(
        new RegExp(`No space is left .* in ${directory}.*DATABASE_URL`),
      );
    } finally {
      if (mounted) spawnSync('umount', [directory]);
    }
  });

  it('quotes what PostgreSQL said last', async () => {
    const error = await failure({ settings: { shared_buffers: 'plenty' } });
    expect(error.code).toBe('start_failed');
    expect(error.message).toContain('invalid value for parameter "shared_buffers"');
    expect(error.message).toContain(join(directory, 'postgres.log'));
  });

  it('refuses data of another PostgreSQL version and data whose password is gone', async () => {
    mkdirSync(join(directory, 'postgres'), { recursive: true });
    writeFileSync(join(directory, 'postgres', 'PG_VERSION'), '12\n');
    expect((await failure()).code).toBe('password_missing');
    writeFileSync(join(directory, 'postgres-password'), 'kept');
    expect((await failure()).code).toBe('version_mismatch');
  });
});
