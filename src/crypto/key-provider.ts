import { randomBytes } from 'node:crypto';

/** A key that wraps data keys, by its provider and the name it has there: an id, an ARN, a transit key. */
export interface KeyName {
  provider: string;
  keyId: string;
}

/** A data key as it lies in the database. */
export interface WrappedKey extends KeyName {
  wrapped: Buffer;
}

/** Bytes of a data key: AES-256. */
export const DATA_KEY_BYTES = 32;

/**
 * Why a data key could not be wrapped or unwrapped. `unavailable`: trying again may help. `refused`: somebody must
 * change a key, a setting or a permission first. Messages name the key, never its material.
 */
export class KeyProviderError extends Error {
  override readonly name = 'KeyProviderError';

  constructor(
    readonly kind: 'unavailable' | 'refused',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Keeps the keys that wrap our data keys, and lets none of them out. The id of a data key is bound to what wraps it:
 * wrapped bytes that were moved to another data key do not unwrap.
 */
export abstract class KeyProvider {
  /** Every key that unwraps. The first one wraps. Never empty. */
  abstract readonly keys: readonly KeyName[];

  /** @throws KeyProviderError */
  abstract wrap(dataKeyId: string, plaintext: Buffer): Promise<WrappedKey>;

  /**
   * The data key in clear.
   * @throws KeyProviderError `refused` for another key, another data key id, or changed bytes
   */
  abstract unwrap(dataKeyId: string, key: WrappedKey): Promise<Buffer>;

  /**
   * A new data key, in clear and wrapped by the first key.
   * @throws KeyProviderError
   */
  async generate(dataKeyId: string): Promise<{ plaintext: Buffer; wrapped: WrappedKey }> {
    const plaintext = randomBytes(DATA_KEY_BYTES);
    return { plaintext, wrapped: await this.wrap(dataKeyId, plaintext) };
  }

  /** The key that wraps from now on. */
  get current(): KeyName {
    const [first] = this.keys;
    if (!first) throw new KeyProviderError('refused', 'No key is configured to wrap data keys with.');
    return first;
  }

  holds(name: KeyName): boolean {
    return this.keys.some(({ provider, keyId }) => provider === name.provider && keyId === name.keyId);
  }
}
