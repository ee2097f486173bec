/** Long enough for any of Amazon's addresses. */
const MAX_LENGTH = 1024;
const PATH = /^\/apps\/authorize\/confirm\/(amzn1\.[A-Za-z0-9._-]{1,200})$/;

export interface AmazonCallback {
  /** Absolute and safe to redirect to; with a relative one, only its path is known. */
  url: URL | undefined;
  path: string;
  /** Amazon's id of the application that is being authorized. */
  applicationId: string;
}

/**
 * Reads `amazon_callback_uri`, which anybody can write into a link: the browser would carry a fresh `state` there.
 * Amazon documents no rule, so ours is the narrowest that its own addresses pass: spelled exactly as a browser would
 * normalise it (which leaves no room for a second reading), one of the exact origins given, and the one path.
 * @param isOrigin whether an origin is Amazon's
 * @returns undefined for anything else
 */
export function readAmazonCallback(
  value: string,
  isOrigin: (origin: string) => boolean,
): AmazonCallback | undefined {
  if (value.length > MAX_LENGTH) return undefined;
  const [, relativeId] = PATH.exec(value) ?? [];
  if (relativeId) return { url: undefined, path: value, applicationId: relativeId };
  if (!URL.canParse(value)) return undefined;
  const url = new URL(value);
  if (url.href !== value || !isOrigin(url.origin)) return undefined;
  const [, applicationId] = PATH.exec(url.pathname) ?? [];
  // Same spelling and nothing but an origin and a path: no userinfo, query or fragment.
  if (!applicationId || url.origin + url.pathname !== value) return undefined;
  return { url, path: url.pathname, applicationId };
}
