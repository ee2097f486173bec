import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgresError, isErrno } from './errors.js';
import { commandOf, identityOf, signal, until } from './processes.js';

const READY_MS = 30_000;
const FAST_SHUTDOWN_MS = 8_000;
const IMMEDIATE_SHUTDOWN_MS = 6_000;

/** One postmaster. `identity` tells it from a later process with the same pid. */
export interface ServerProcess {
  pid: number;
  identity: string;
  port: number;
}

/** What `postmaster.pid` in a data folder says. */
export interface PidFile {
  pid: number;
  port: number;
  status: string;
}

/** Answers the live server of a data folder, once it is ready; undefined when there is none or it is going. */
export async function runningServer(data: string, signal?: AbortSignal): Promise<ServerProcess | undefined> {
  let found: ServerProcess | undefined;
  const settled = await until(() => {
    const file = readPidFile(data);
    const identity = file && identityIfServer(file.pid, data);
    found = identity && file.status === 'ready' ? { pid: file.pid, identity, port: file.port } : undefined;
    return found !== undefined || identity === undefined || signal?.aborted === true;
  }, READY_MS);
  signal?.throwIfAborted();
  if (settled) return found;
  throw new EmbeddedPostgresError(
    'start_failed',
    `A PostgreSQL is running in ${data} but has not been ready for ${READY_MS / 1000} seconds. ` +
      'Stop it and try again.',
  );
}

/** Fast shutdown: open transactions are rolled back, data is written. Resolves once the server is gone. */
export async function shutDown(server: ServerProcess): Promise<void> {
  const gone = (): boolean => identityOf(server.pid) !== server.identity;
  if (gone()) return;
  signal(server.pid, 'SIGINT');
  if (await until(gone, FAST_SHUTDOWN_MS)) return;
  signal(server.pid, 'SIGQUIT');
  await until(gone, IMMEDIATE_SHUTDOWN_MS);
}

export function readPidFile(data: string): PidFile | undefined {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), status: lines[7]?.trim() ?? '' };
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The identity of `pid` when it is a postmaster of `data`, rather than another program that got its pid. */
function identityIfServer(pid: number, data: string): string | undefined {
  const command = `${commandOf(pid)} `;
  return command.includes('postgres') && command.includes(` ${data} `) ? identityOf(pid) : undefined;
}
