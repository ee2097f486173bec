import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { type SealedPlace } from './sealed-columns.js';

/** A value that does not open: an unknown key, a moved row, or tampering. Says which key, never what was inside. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/** What seals: its id stands in the envelope. */
export interface SealingKey {
  readonly id: string;
  readonly key: KeyObject;
}

const VERSION = 's1';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const FORM = /^s1\.([\w-]{1,64})\.([\w-]+)$/;

/**
 * Seals a short secret: AES-256-GCM (NIST SP 800-38D) with a fresh random 96-bit IV and the place of the value as
 * associated data. Envelope: `s1.<id of the data key>.<base64url of iv, ciphertext, tag>`.
 */
export function sealUnder({ id, key }: SealingKey, plaintext: string, place: SealedPlace): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(associatedData(id, place));
  const sealed = Buffer.concat([iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${id}.${sealed.toString('base64url')}`;
}

/** @throws SealError when the value was not sealed by this key for exactly this place */
export function openUnder({ id, key }: SealingKey, sealed: string, place: SealedPlace): string {
  const { keyId, bytes } = parse(sealed);
  if (keyId !== id) throw new SealError(`the value is sealed under key "${keyId}", not "${id}"`);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(associatedData(id, place));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw new SealError(`the value does not open under key "${id}": wrong key, wrong row or changed`, {
      cause,
    });
  }
}

/**
 * The id of the data key that a value is sealed under.
 * @throws SealError when it is no envelope
 */
export const keyIdOf = (sealed: string): string => parse(sealed).keyId;

function parse(sealed: string): { keyId: string; bytes: Buffer } {
  const [, keyId, payload] = FORM.exec(sealed) ?? [];
  if (!keyId || !payload) throw new SealError('the sealed value has an unknown form');
  const bytes = Buffer.from(payload, 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES) throw new SealError('the sealed value is cut short');
  return { keyId, bytes };
}

function associatedData(keyId: string, { table, column, rowId }: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([VERSION, keyId, table, column, rowId]));
}
