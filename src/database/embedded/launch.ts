import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { type Binaries } from './binaries.js';
import { EmbeddedPostgresError, diskFull } from './errors.js';
import { type ServerUser } from './privileges.js';
import { type PidFile, type ServerProcess, readPidFile, shutDown } from './postmaster.js';
import { freePort } from './ports.js';
import { identityOf, until } from './processes.js';
import { type ServerLog, isFull } from './server-log.js';

const START_MS = 30_000;
const BIND_ATTEMPTS = 3;

export interface LaunchOptions {
  data: string;
  binaries: Binaries;
  user: ServerUser;
  port: number;
  settings: Record<string, string>;
  log: ServerLog;
  signal?: AbortSignal | undefined;
}

/** Modest enough for a small machine beside everything else that a developer runs. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  // A socket would lie in a folder that other users of this machine can reach.
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  io_method: 'sync',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
};

/** Starts PostgreSQL on an existing data folder and waits until it accepts connections. */
export async function launch(options: LaunchOptions): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(options.port);
    const child = spawnPostgres(options, port);
    const server = await readyServer(child, options);
    if (server) return server;
    options.signal?.throwIfAborted();
    const said = options.log.quote();
    // Somebody else can take the port between our look and PostgreSQL's.
    if (attempt < BIND_ATTEMPTS && said.includes('could not create any TCP/IP sockets')) continue;
    throw notStarted(options, said);
  }
}

function spawnPostgres({ data, binaries, user, settings, log }: LaunchOptions, port: number): ChildProcess {
  const pairs = Object.entries({ ...SETTINGS, ...settings, port: String(port) });
  const stale = readPidFile(data)?.pid;
  const output = log.openForChild();
  try {
    const child = spawn(
      join(binaries.folder, 'bin', 'postgres'),
      ['-D', data, ...pairs.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      {
        ...user,
        cwd: data,
        // A process group of its own: Ctrl-C in a terminal must not stop it before we have drained.
        detached: true,
        stdio: ['ignore', output, output],
        // We know that the pid in a stale postmaster.pid is another program's by now. PostgreSQL takes that
        // from this variable, and still refuses when shared memory shows that its predecessor lives.
        env: { LC_ALL: 'C', ...(stale && { PG_GRANDPARENT_PID: String(stale) }) },
      },
    );
    child.unref();
    return child;
  } finally {
    closeSync(output);
  }
}

/** Undefined when it ended, took too long or was no longer wanted; it is gone then. */
async function readyServer(
  child: ChildProcess,
  { data, signal }: LaunchOptions,
): Promise<ServerProcess | undefined> {
  let ended = child.pid === undefined;
  child.once('error', () => (ended = true)).once('exit', () => (ended = true));
  let file: PidFile | undefined;
  const ready = (): boolean => {
    file = readPidFile(data);
    return file?.pid === child.pid && file?.status === 'ready';
  };
  await until(() => ended || ready() || signal?.aborted === true, START_MS);
  const identity = child.pid !== undefined && !ended ? identityOf(child.pid) : undefined;
  if (child.pid === undefined || !identity) return undefined;
  const server = { pid: child.pid, identity, port: file?.port ?? 0 };
  if (ready() && !signal?.aborted) return server;
  await shutDown(server);
  return undefined;
}

function notStarted({ data, log }: LaunchOptions, said: string): EmbeddedPostgresError {
  if (said.includes('No space left') || isFull(data)) return diskFull(data);
  return new EmbeddedPostgresError(
    'start_failed',
    `PostgreSQL did not start in ${data}. Its last lines in ${log.file}: ${said || '(none)'}`,
  );
}
