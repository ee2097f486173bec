import {
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  KMSClient,
  KMSServiceException,
} from '@aws-sdk/client-kms';
import { DATA_KEY_BYTES, KeyProvider, KeyProviderError, type WrappedKey } from './key-provider.js';

const PROVIDER = 'aws-kms';
/** What KMS answers when the same request may well succeed a moment later. */
const PASSING = new Set([
  'DependencyTimeoutException', 'KMSInternalException', 'KeyUnavailableException', 'LimitExceededException',
  'ThrottlingException',
]); // prettier-ignore

/**
 * AWS KMS. Keys are named by ARN: it says the region, and unlike an alias it never comes to mean another key.
 * Credentials come from where the AWS SDK always finds them (environment, profile, role of the container or machine).
 */
export class AwsKmsKeyProvider extends KeyProvider {
  readonly keys;
  private readonly clients = new Map<string, KMSClient>();

  constructor(private readonly settings: { keyIds: readonly string[]; endpoint?: string | undefined }) {
    super();
    this.keys = settings.keyIds.map((keyId) => ({ provider: PROVIDER, keyId }));
  }

  override async generate(dataKeyId: string): Promise<{ plaintext: Buffer; wrapped: WrappedKey }> {
    const { keyId } = this.current;
    const { Plaintext, CiphertextBlob } = await this.ask(keyId, 'GenerateDataKey', (client) =>
      client.send(
        new GenerateDataKeyCommand({
          KeyId: keyId,
          NumberOfBytes: DATA_KEY_BYTES,
          EncryptionContext: context(dataKeyId),
        }),
      ),
    );
    const wrapped = { provider: PROVIDER, keyId, wrapped: bytes(CiphertextBlob) };
    return { plaintext: bytes(Plaintext), wrapped };
  }

  async wrap(dataKeyId: string, plaintext: Buffer): Promise<WrappedKey> {
    const { keyId } = this.current;
    const { CiphertextBlob } = await this.ask(keyId, 'Encrypt', (client) =>
      client.send(
        new EncryptCommand({ KeyId: keyId, Plaintext: plaintext, EncryptionContext: context(dataKeyId) }),
      ),
    );
    return { provider: PROVIDER, keyId, wrapped: bytes(CiphertextBlob) };
  }

  async unwrap(dataKeyId: string, { keyId, wrapped }: WrappedKey): Promise<Buffer> {
    const { Plaintext } = await this.ask(keyId, 'Decrypt', (client) =>
      client.send(
        new DecryptCommand({
          KeyId: keyId,
          CiphertextBlob: wrapped,
          EncryptionContext: context(dataKeyId),
        }),
      ),
    );
    return bytes(Plaintext);
  }

  private async ask<T>(keyId: string, what: string, call: (client: KMSClient) => Promise<T>): Promise<T> {
    try {
      return await call(this.client(keyId));
    } catch (error) {
      throw meaning(error, `AWS KMS, ${what} with key ${keyId}`);
    }
  }

  private client(keyId: string): KMSClient {
    const region = keyId.split(':')[3] ?? '';
    const client =
      this.clients.get(region) ??
      new KMSClient({
        region,
        ...(this.settings.endpoint && { endpoint: this.settings.endpoint }),
        // Waiting longer is decided in one place for every provider: DataKeys.
        maxAttempts: 2,
        requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
      });
    this.clients.set(region, client);
    return client;
  }
}

/** Encryption context: KMS authenticates it, and shows it in CloudTrail. */
const context = (dataKeyId: string): Record<string, string> => ({ 'regrant:data-key': dataKeyId });

const bytes = (value: Uint8Array | undefined): Buffer => Buffer.from(value ?? []);

function meaning(error: unknown, where: string): KeyProviderError {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: '' };
  const answered = error instanceof KMSServiceException && error.$fault === 'client';
  const kind = answered && !PASSING.has(name) ? 'refused' : 'unavailable';
  return new KeyProviderError(kind, `${where}: ${[name, message].filter(Boolean).join(': ')}`, {
    cause: error,
  });
}
