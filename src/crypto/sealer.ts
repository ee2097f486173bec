import { Injectable } from '@nestjs/common';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { RegrantConfig } from '../config/config.js';

/** Where a sealed value stands. A ciphertext moved to another row, column or table does not open there. */
export interface SealContext {
  table: string;
  column: string;
  rowId: string;
}

/** A value that does not open: an unknown key, a moved row, or tampering. Says which key, never what was inside. */
export class SealError extends Error {}

const VERSION = 's1';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals short secrets for the database: AES-256-GCM (NIST SP 800-38D) under the first of `ENCRYPTION_KEYS`, with a fresh
 * 96-bit IV and the place of the value as associated data. Envelope: `s1.<key id>.<base64url of iv, ciphertext, tag>`.
 */
@Injectable()
export class Sealer {
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly current: { id: string; key: Buffer };

  constructor(config: RegrantConfig) {
    const [first] = config.encryptionKeys;
    if (!first) throw new SealError('ENCRYPTION_KEYS is empty');
    this.current = first;
    this.keys = new Map(config.encryptionKeys.map(({ id, key }) => [id, key]));
  }

  seal(plaintext: string, context: SealContext): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.current.key, iv);
    cipher.setAAD(associatedData(this.current.id, context));
    const sealed = Buffer.concat([iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${VERSION}.${this.current.id}.${sealed.toString('base64url')}`;
  }

  /** @throws SealError when the value was not sealed by one of our keys for exactly this place */
  open(sealed: string, context: SealContext): string {
    const [version, keyId = '', payload = '', ...rest] = sealed.split('.');
    if (version !== VERSION || rest.length) throw new SealError('the sealed value has an unknown form');
    const key = this.keys.get(keyId);
    if (!key)
      throw new SealError(`the value is sealed under key "${keyId}", which is not in ENCRYPTION_KEYS`);
    const bytes = Buffer.from(payload, 'base64url');
    if (bytes.length < IV_BYTES + TAG_BYTES) throw new SealError('the sealed value is cut short');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(associatedData(keyId, context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return (
        decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch (cause) {
      throw new SealError(`the value does not open under key "${keyId}": wrong key, wrong row or changed`, {
        cause,
      });
    }
  }
}

function associatedData(keyId: string, { table, column, rowId }: SealContext): Buffer {
  return Buffer.from(JSON.stringify([VERSION, keyId, table, column, rowId]));
}
