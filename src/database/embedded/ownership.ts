import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './errors.js';
import { identityOf } from './processes.js';

const PATIENCE_MS = 90_000;

/**
 * Runs `action` while no other process (and no other call in this one) does so for the same `data`.
 *
 * Every contender puts down a file whose name says who it is, then looks for others. Names are never used
 * twice, so a dead contender's file can be removed without a race; and of two who come at once, at least the
 * later one sees the other. Whoever sees somebody alive steps back and tries again, unless `signal` says to give up.
 */
export async function exclusively<T>(
  data: string,
  action: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const prefix = `${basename(data)}.starting.`;
  const folder = dirname(data);
  const own = `${prefix}${process.pid}.${identityOf(process.pid)}.${randomBytes(6).toString('hex')}`;
  const deadline = Date.now() + PATIENCE_MS;
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (!(await someoneElse(folder, prefix, own))) {
        await writeFile(join(folder, own), '');
        if (!(await someoneElse(folder, prefix, own))) return await action();
        await rm(join(folder, own), { force: true });
      }
      if (Date.now() > deadline) throw busy(data);
      await sleep(15 + Math.random() * 45);
    }
  } finally {
    await rm(join(folder, own), { force: true });
  }
}

async function someoneElse(folder: string, prefix: string, own: string): Promise<boolean> {
  let found = false;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || name === own) continue;
    const [pid, identity] = name.slice(prefix.length).split('.');
    if (identityOf(Number(pid)) === identity) found = true;
    else await rm(join(folder, name), { force: true });
  }
  return found;
}

/** Notes that this process is the one to stop the server `serverPid`. */
export async function takeOwnership(data: string, serverPid: number): Promise<void> {
  const owner = { serverPid, ownerPid: process.pid, ownerIdentity: identityOf(process.pid) };
  await writeFile(`${data}.owner.new`, JSON.stringify(owner));
  await rename(`${data}.owner.new`, `${data}.owner`);
}

/** Whether the process that is to stop the server `serverPid` is alive. */
export function hasLiveOwner(data: string, serverPid: number): boolean {
  try {
    const owner = JSON.parse(readFileSync(`${data}.owner`, 'utf8')) as Record<string, unknown>;
    if (owner['serverPid'] !== serverPid || typeof owner['ownerPid'] !== 'number') return false;
    return identityOf(owner['ownerPid']) === owner['ownerIdentity'];
  } catch {
    return false;
  }
}

function busy(data: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'busy',
    `Another process has been starting the embedded PostgreSQL in ${data} for ${PATIENCE_MS / 1000} seconds. ` +
      'Stop that process and try again.',
  );
}
