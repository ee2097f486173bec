import { createHash, hash as digest, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits, safe in URLs and cookies (43 characters). */
export const randomToken = (): string => randomBytes(32).toString('base64url');

/**
 * SHA-256 of a random token: what we store of it. A slow hash is for passwords; 256 random bits cannot be guessed,
 * so a fast one gives nothing away.
 */
export const tokenHash = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Compares in constant time. */
export function sameBytes(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

const computed = Buffer.alloc(32);

/**
 * Whether `hash` is the `tokenHash` of this token, compared in constant time. For requests: a third of the time, as no
 * hash object and no buffer is made.
 */
export function isHashOf(hash: Buffer, token: string): boolean {
  computed.write(digest('sha256', token, 'binary'), 'latin1');
  return sameBytes(computed, hash);
}
