import { spawnSync } from 'node:child_process';
import { lstatSync, readFileSync, statSync } from 'node:fs';
import { lchown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './errors.js';

/** Whom PostgreSQL runs as. Empty: as ourselves. */
export interface ServerUser {
  uid?: number;
  gid?: number;
}

/**
 * PostgreSQL refuses to run as root, so root lends it a user without privileges: the one who owns the
 * data already, or else `postgres` or `nobody`.
 */
export function serverUser(data: string): ServerUser {
  if (process.getuid?.() !== 0) return {};
  const owner = statSync(data, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const user = accountNamed('postgres') ?? accountNamed('nobody');
  if (user) return user;
  throw new EmbeddedPostgresError(
    'no_unprivileged_user',
    'PostgreSQL does not run as root, and /etc/passwd has neither a user "postgres" nor "nobody" to run it as. ' +
      'Add one, start Regrant as a normal user, or set DATABASE_URL.',
  );
}

function accountNamed(name: string): ServerUser | undefined {
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`));
  const [, , uid, gid] = entry?.split(':') ?? [];
  return Number(uid) > 0 ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

/** Whether `user` gets into `folder`. Asked of the kernel: modes alone miss ACLs, mounts and namespaces. */
export function canEnter(folder: string, user: ServerUser): boolean {
  if (user.uid === undefined) return true;
  const probe = spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...user, cwd: '/', stdio: 'ignore' });
  if (probe.error) throw cannotBecome(user, probe.error);
  return probe.status === 0;
}

/** Gives `path` and all below it to `user`. */
export async function giveTo(user: ServerUser, path: string): Promise<void> {
  if (user.uid === undefined || user.gid === undefined) return;
  await lchown(path, user.uid, user.gid);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of await readdir(path)) await giveTo(user, join(path, name));
}

/** Data that root has unpacked or copied belongs to root, and PostgreSQL could not use it. */
export async function ownIfRoots(user: ServerUser, data: string): Promise<void> {
  if (statSync(data).uid === 0) await giveTo(user, data);
}

function cannotBecome(user: ServerUser, cause: Error): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'no_unprivileged_user',
    `PostgreSQL does not run as root, and this root may not start a process as user ${user.uid}. ` +
      'Start Regrant as a normal user, or set DATABASE_URL.',
    { cause },
  );
}
