import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { KeyProvider, KeyProviderError, type WrappedKey } from './key-provider.js';

const PROVIDER = 'local';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The keys of `ENCRYPTION_KEYS`, held in this process: AES-256-GCM, the id of the data key as associated data. */
export class LocalKeyProvider extends KeyProvider {
  readonly keys;
  private readonly material: ReadonlyMap<string, Buffer>;

  constructor(keys: readonly { id: string; key: Buffer }[]) {
    super();
    this.keys = keys.map(({ id }) => ({ provider: PROVIDER, keyId: id }));
    // What wraps is derived: the key itself stays free for nothing else to be ever encrypted under it twice.
    this.material = new Map(keys.map(({ id, key }) => [id, wrappingKey(key)]));
  }

  wrap(dataKeyId: string, plaintext: Buffer): Promise<WrappedKey> {
    const { keyId } = this.current;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.materialOf(keyId), iv);
    cipher.setAAD(associatedData(keyId, dataKeyId));
    const wrapped = Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    return Promise.resolve({ provider: PROVIDER, keyId, wrapped });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a failure must reject, not throw
  async unwrap(dataKeyId: string, { keyId, wrapped }: WrappedKey): Promise<Buffer> {
    const key = this.materialOf(keyId);
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(associatedData(keyId, dataKeyId));
      decipher.setAuthTag(wrapped.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(wrapped.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new KeyProviderError(
        'refused',
        `The key "${keyId}" in ENCRYPTION_KEYS is not the "${keyId}" that wrapped data key ${dataKeyId}. Put the right key back under this id.`,
        { cause },
      );
    }
  }

  private materialOf(keyId: string): Buffer {
    const material = this.material.get(keyId);
    if (!material)
      throw new KeyProviderError('refused', `The key "${keyId}" is missing from ENCRYPTION_KEYS.`);
    return material;
  }
}

const wrappingKey = (key: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), 'regrant: wrapping of data keys', 32));

const associatedData = (keyId: string, dataKeyId: string): Buffer =>
  Buffer.from(JSON.stringify(['data key', keyId, dataKeyId]));
