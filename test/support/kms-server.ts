import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { JsonServer, type Reply } from './http-server.js';

/** Settings that the AWS SDK reads for itself. */
const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST',
  AWS_SECRET_ACCESS_KEY: 'test-secret-access-key',
};
const SIGNATURE =
  /^AWS4-HMAC-SHA256 Credential=AKIATESTTESTTESTTEST\/\d{8}\/([\w-]+)\/kms\/aws4_request, SignedHeaders=[\w;-]*host[\w;-]*, Signature=[\da-f]{64}$/;

interface KmsRequest {
  KeyId?: string;
  Plaintext?: string;
  CiphertextBlob?: string;
  NumberOfBytes?: number;
  EncryptionContext?: Record<string, string>;
}

class KmsFailure extends Error {
  constructor(
    readonly type: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

/** AWS KMS as its wire protocol shows it (AWS JSON 1.1): symmetric keys, Encrypt, Decrypt and GenerateDataKey. */
export class KmsServer {
  private readonly keys = new Map<string, Buffer>();
  private readonly server = new JsonServer((request, body) => this.answer(request, body));
  /** The next requests fail so, one each. */
  readonly failures: { type: string; status?: number }[] = [];
  /** Operations that were asked for, in order. */
  readonly calls: string[] = [];

  static async start(): Promise<KmsServer> {
    Object.assign(process.env, CREDENTIALS);
    const kms = new KmsServer();
    await kms.server.open();
    return kms;
  }

  get url(): string {
    return this.server.url;
  }
  shut(): Promise<void> {
    return this.server.shut();
  }
  open(): Promise<void> {
    return this.server.open();
  }

  /** A new key; answers its ARN. */
  createKey(region = 'eu-west-1'): string {
    const arn = `arn:aws:kms:${region}:111122223333:key/${randomUUID()}`;
    this.keys.set(arn, randomBytes(32));
    return arn;
  }

  private answer(request: IncomingMessage, body: string): Reply {
    const contentType = 'application/x-amz-json-1.1';
    try {
      return { status: 200, body: this.handle(request, JSON.parse(body) as KmsRequest), contentType };
    } catch (error) {
      if (!(error instanceof KmsFailure)) throw error;
      const { type, message, status } = error;
      return { status, body: { __type: type, message }, contentType };
    }
  }

  private handle(request: IncomingMessage, input: KmsRequest): object {
    const [, region] = SIGNATURE.exec(request.headers.authorization ?? '') ?? [];
    if (request.method !== 'POST' || request.headers['content-type'] !== 'application/x-amz-json-1.1')
      throw new KmsFailure('UnknownOperationException', '');
    if (!region) throw new KmsFailure('MissingAuthenticationTokenException', 'Missing Authentication Token');
    const operation = String(request.headers['x-amz-target']);
    this.calls.push(operation.replace('TrentService.', ''));
    const failure = this.failures.shift();
    if (failure) throw new KmsFailure(failure.type, `${failure.type} as the test wishes`, failure.status);
    const { KeyId, EncryptionContext: context = {} } = input;
    switch (operation) {
      case 'TrentService.GenerateDataKey': {
        const plaintext = randomBytes(input.NumberOfBytes ?? 0);
        const blob = this.encrypt(KeyId, region, plaintext, context);
        return { KeyId, Plaintext: plaintext.toString('base64'), CiphertextBlob: blob };
      }
      case 'TrentService.Encrypt': {
        const plaintext = Buffer.from(input.Plaintext ?? '', 'base64');
        return {
          KeyId,
          CiphertextBlob: this.encrypt(KeyId, region, plaintext, context),
          EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        };
      }
      case 'TrentService.Decrypt': {
        const plaintext = this.decrypt(
          KeyId,
          region,
          Buffer.from(input.CiphertextBlob ?? '', 'base64'),
          context,
        );
        return { KeyId, Plaintext: plaintext.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
      }
      default:
        throw new KmsFailure('UnknownOperationException', '');
    }
  }

  private encrypt(arn: string | undefined, region: string, plaintext: Buffer, context: object): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key(arn, region), iv);
    cipher.setAAD(canonical(context));
    const sealed = [iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat([Buffer.from(`${arn}\n`), ...sealed]).toString('base64');
  }

  private decrypt(arn: string | undefined, region: string, blob: Buffer, context: object): Buffer {
    const key = this.key(arn, region);
    const end = blob.indexOf('\n');
    const madeBy = blob.subarray(0, end).toString();
    if (end < 0 || !this.keys.has(madeBy)) throw new KmsFailure('InvalidCiphertextException', '');
    if (madeBy !== arn)
      throw new KmsFailure(
        'IncorrectKeyException',
        'The key ID in the request does not identify a CMK that can perform this operation.',
      );
    const bytes = blob.subarray(end + 1);
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(canonical(context));
      decipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    } catch {
      throw new KmsFailure('InvalidCiphertextException', '');
    }
  }

  /** Keys live in one region. */
  private key(arn: string | undefined, region: string): Buffer {
    const key = this.keys.get(arn ?? '');
    if (!key || arn?.split(':')[3] !== region)
      throw new KmsFailure('NotFoundException', `Key '${arn}' does not exist`);
    return key;
  }
}

const canonical = (context: object): Buffer => Buffer.from(JSON.stringify(Object.entries(context).sort()));
