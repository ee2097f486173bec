import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { mkdtemp, open, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Binaries } from './binaries.js';
import { EmbeddedPostgresError, diskFull, isErrno } from './errors.js';
import { makeFolder } from './folders.js';
import { type ServerUser, canEnter, giveTo } from './privileges.js';
import { type ServerLog } from './server-log.js';

/**
 * Answers the path of the data folder, whether it exists yet or not: `<directory>/postgres`, or where that
 * is a link to. `elsewhere` are folders for the data when `user` cannot get into `directory`.
 */
export async function placeData(
  directory: string,
  user: ServerUser,
  elsewhere: string[],
  log: (message: string) => void,
): Promise<string> {
  const link = join(realpathSync(directory), 'postgres');
  const existing = lstatSync(link, { throwIfNoEntry: false });
  if (existing?.isSymbolicLink()) return readlinkSync(link);
  if (canEnter(directory, user)) return link;
  if (existing) {
    throw new EmbeddedPostgresError(
      'not_writable',
      `PostgreSQL runs as user ${user.uid}, who can no longer get into ${directory}. ` +
        'Move the project where that user can, or set DATABASE_URL to a PostgreSQL elsewhere.',
    );
  }
  const place = await firstEnterable(elsewhere, user);
  const target = join(place, randomBytes(8).toString('hex'));
  try {
    // The link comes first: what is made next is then always found again.
    await symlink(target, link);
  } catch (error) {
    if (isErrno(error) && error.code === 'EEXIST') return readlinkSync(link);
    throw error;
  }
  log(`PostgreSQL does not run as root, and others cannot enter ${directory}: its data is in ${target}`);
  return target;
}

/** The data folder that `directory` has already; undefined when it has none. */
export function existingData(directory: string): string | undefined {
  try {
    return realpathSync(join(directory, 'postgres'));
  } catch {
    return undefined;
  }
}

async function firstEnterable(places: string[], user: ServerUser): Promise<string> {
  for (const place of places) {
    const made = await makeFolder(place).then(
      () => true,
      () => false,
    );
    if (made && canEnter(place, user)) return place;
  }
  throw new EmbeddedPostgresError(
    'not_writable',
    `PostgreSQL needs a folder that user ${user.uid} can get into; none of ${places.join(', ')} is one. ` +
      'Move the project out of the private folder, or set DATABASE_URL to a PostgreSQL elsewhere.',
  );
}

/** Answers the password kept in `directory`, making one for a new data folder. */
export async function passwordFor(directory: string, data: string): Promise<string> {
  const file = join(directory, 'postgres-password');
  const kept = statSync(file, { throwIfNoEntry: false }) && readFileSync(file, 'utf8').trim();
  if (kept) return kept;
  if (hasData(data)) {
    throw new EmbeddedPostgresError(
      'password_missing',
      `${data} holds a database, but its password in ${file} is gone. ` +
        'Put that file back, or delete both to begin anew.',
    );
  }
  const password = randomBytes(24).toString('base64url');
  await rm(file, { force: true });
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(password);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return password;
}

export function hasData(data: string): boolean {
  return statSync(join(data, 'PG_VERSION'), { throwIfNoEntry: false }) !== undefined;
}

/** Makes a new data folder; it bears its name only once it is whole. */
export async function initialise(
  data: string,
  binaries: Binaries,
  user: ServerUser,
  password: string,
  log: ServerLog,
  signal?: AbortSignal,
): Promise<void> {
  await removeUnfinished(data);
  const work = await mkdtemp(`${data}.unfinished-`);
  try {
    await writeFile(join(work, 'password'), password, { mode: 0o600 });
    await giveTo(user, work);
    await runInitdb(work, binaries, user, log, signal);
    await rename(join(work, 'data'), data);
  } catch (error) {
    if (error instanceof Error && error.message.includes('No space left')) throw diskFull(data, error);
    throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function runInitdb(
  work: string,
  binaries: Binaries,
  user: ServerUser,
  log: ServerLog,
  signal?: AbortSignal,
): Promise<void> {
  const where = ['-D', join(work, 'data'), '--pwfile', join(work, 'password'), '--no-instructions'];
  const who = ['--username=regrant', '--auth=scram-sha-256'];
  // The builtin provider knows Unicode the same way on every machine, which locales of the system do not.
  const text = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const initdb = promisify(execFile)(join(binaries.folder, 'bin', 'initdb'), [...where, ...who, ...text], {
    ...user,
    cwd: work,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
  // Not execFile's own option: that does not wait until initdb is gone.
  const breakOff = (): boolean => initdb.child.kill();
  signal?.addEventListener('abort', breakOff);
  try {
    await initdb;
  } catch (error) {
    signal?.throwIfAborted();
    const output = (error as { stderr?: string }).stderr?.trim() ?? '';
    log.append(output);
    const lines = output.split('\n');
    const telling = lines.filter((line) => /error|fatal/i.test(line));
    const said = (telling.length > 0 ? telling : lines).slice(-3).join(' | ');
    throw new EmbeddedPostgresError(
      'start_failed',
      `PostgreSQL could not make its data folder in ${dirname(work)}: ${said || String(error)}`,
      { cause: error },
    );
  } finally {
    signal?.removeEventListener('abort', breakOff);
  }
}

/** A start that was killed leaves its half-made folder. */
async function removeUnfinished(data: string): Promise<void> {
  for (const name of await readdir(dirname(data))) {
    if (!name.startsWith(`${basename(data)}.unfinished-`)) continue;
    // Its initdb may still be writing for a moment; then the next start finishes the removal.
    await rm(join(dirname(data), name), { recursive: true, force: true, maxRetries: 3 }).catch(
      () => undefined,
    );
  }
}
