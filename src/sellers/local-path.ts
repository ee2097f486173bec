/** Where a seller lands who was not going anywhere in particular. */
export const HOME = '/connections';
/** Long enough for the log-in URI with all that Amazon appends to it. */
const MAX_LENGTH = 4096;
/** Printable ASCII without the backslash, which browsers read as a slash. */
const PATH = /^\/(?!\/)[!-[\]-~]*$/;

/**
 * `value` when it is a path on our own site that a redirect may lead to, else undefined. Whatever a browser could read
 * as another host, or strip while reading, is refused.
 */
export function localPath(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !PATH.test(value)) return undefined;
  const origin = 'https://regrant.invalid';
  return URL.canParse(value, origin) && new URL(value, origin).origin === origin ? value : undefined;
}

/** A page of ours that leads on to `path` when it is done, as long as that is a path of ours. */
export function leadingTo(page: string, path: unknown): string {
  const next = localPath(path);
  return next ? `${page}?next=${encodeURIComponent(next)}` : page;
}

/** Where to sign in first, coming back to `path` afterwards. */
export const loginPath = (path?: string): string => leadingTo('/login', path);
