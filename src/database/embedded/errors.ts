import { statSync } from 'node:fs';
import { dirname } from 'node:path';

export type EmbeddedPostgresErrorCode =
  | 'unsupported_platform'
  | 'no_unprivileged_user'
  | 'other_user'
  | 'not_writable'
  | 'disk_full'
  | 'version_mismatch'
  | 'password_missing'
  | 'not_ours'
  | 'busy'
  | 'start_failed';

/** Says in whole sentences what is wrong and what to do. `code` is stable; `cause` keeps the original. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(
    readonly code: EmbeddedPostgresErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function diskFull(folder: string, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'disk_full',
    `No space is left for the embedded PostgreSQL in ${folder}. ` +
      'Free some (about 150 MB), or set DATABASE_URL to a PostgreSQL elsewhere.',
    { cause },
  );
}

const NO_SPACE = ['ENOSPC', 'EDQUOT'];
const NO_PERMISSION = ['EACCES', 'EPERM'];
const NO_PLACE = ['EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT'];

/** Turns what the file system answered into a sentence about `folder`; passes everything else through. */
export function explain(error: unknown, folder: string): unknown {
  if (!isErrno(error)) return error;
  const { code = '', path = folder } = error;
  if (NO_SPACE.includes(code)) return diskFull(path.startsWith(folder) ? folder : dirname(path), error);
  if (NO_PERMISSION.includes(code)) return otherUser(path, folder, error) ?? notWritable(path, folder, error);
  return NO_PLACE.includes(code) ? notWritable(path, folder, error) : error;
}

/** By shape: under Jest, errors of Node's own modules are not instances of this realm's Error. */
export function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'code' in error && 'syscall' in error;
}

function notWritable(path: string, folder: string, cause: NodeJS.ErrnoException): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'not_writable',
    `The embedded PostgreSQL cannot keep its data in ${folder}: ${cause.code} at ${path}. ` +
      'Make that a folder this user can write to, or set DATABASE_URL to a PostgreSQL elsewhere.',
    { cause },
  );
}

function otherUser(path: string, folder: string, cause: Error): EmbeddedPostgresError | undefined {
  const uid = process.getuid?.();
  const owner = ownerOf(path);
  if (uid === undefined || uid === 0 || owner === undefined || owner === uid) return undefined;
  return new EmbeddedPostgresError(
    'other_user',
    `${path} belongs to ${owner === 0 ? 'root' : `user ${owner}`}, and this process runs as user ${uid}. ` +
      `Run as the user who started Regrant here first, or have that user delete ${folder} to begin anew.`,
    { cause },
  );
}

/** Owner of `path`, or of its nearest ancestor that can be seen. */
function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return dirname(path) === path ? undefined : ownerOf(dirname(path));
  }
}
