import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { JsonServer, type Reply } from './http-server.js';

interface TransitRequest {
  plaintext?: string;
  ciphertext?: string;
  associated_data?: string;
  context?: string;
}

const failed = (status: number, ...errors: string[]): Reply => ({ status, body: { errors } });
const answered = (data: object): Reply => ({
  status: 200,
  body: { request_id: 'test', lease_id: '', renewable: false, lease_duration: 0, data, warnings: null },
});
const isBase64 = (value: string): boolean => Buffer.from(value, 'base64').toString('base64') === value;

/** The transit engine of Vault as its HTTP API shows it: AEAD keys (`aes256-gcm96`), encrypt and decrypt. */
export class VaultServer {
  token = `hvs.${randomBytes(12).toString('base64url')}`;
  sealed = false;
  /** Namespace that the engine lives in; '' is the root. */
  namespace = '';
  private readonly keys = new Map<string, Buffer>();
  private readonly server = new JsonServer((request, body) => this.answer(request, body));

  static async start(): Promise<VaultServer> {
    const vault = new VaultServer();
    await vault.server.open();
    return vault;
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

  createKey(name = `key-${randomBytes(4).toString('hex')}`): string {
    this.keys.set(name, randomBytes(32));
    return name;
  }

  private answer(request: IncomingMessage, body: string): Reply {
    if (this.sealed) return failed(503, 'Vault is sealed');
    if (request.headers['x-vault-token'] !== this.token) return failed(403, 'permission denied');
    const [, mount, verb, name] = /^\/v1\/([\w/]+)\/(\w+)\/([\w.-]+)$/.exec(request.url ?? '') ?? [];
    if (mount !== 'transit' || (request.headers['x-vault-namespace'] ?? '') !== this.namespace)
      return failed(404, `no handler for route "${mount}/${verb}/${name}". route entry not found.`);
    if (request.method !== 'POST') return failed(405, '1 error occurred:\n\t* unsupported operation\n\n');
    const key = this.keys.get(name ?? '');
    if (!key) return failed(400, 'encryption key not found');
    const input = JSON.parse(body) as TransitRequest;
    if (!isBase64(input.associated_data ?? '') || !isBase64(input.context ?? ''))
      return failed(400, 'failed to base64-decode associated_data');
    if (verb === 'encrypt') return this.encrypt(key, input);
    if (verb === 'decrypt') return this.decrypt(key, input);
    return failed(404, `unsupported path`);
  }

  private encrypt(key: Buffer, { plaintext = '', associated_data = '' }: TransitRequest): Reply {
    if (!isBase64(plaintext)) return failed(400, 'failed to base64-decode plaintext');
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    cipher.setAAD(Buffer.from(associated_data, 'base64'));
    const bytes = [iv, cipher.update(Buffer.from(plaintext, 'base64')), cipher.final(), cipher.getAuthTag()];
    return answered({ ciphertext: `vault:v1:${Buffer.concat(bytes).toString('base64')}`, key_version: 1 });
  }

  private decrypt(key: Buffer, { ciphertext = '', associated_data = '' }: TransitRequest): Reply {
    if (!ciphertext) return failed(400, 'missing ciphertext to decrypt');
    const [, payload] = /^vault:v1:(.+)$/.exec(ciphertext) ?? [];
    if (!payload) return failed(400, 'invalid ciphertext: no prefix');
    if (!isBase64(payload)) return failed(400, 'invalid ciphertext: could not decode base64');
    const bytes = Buffer.from(payload, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(Buffer.from(associated_data, 'base64'));
      decipher.setAuthTag(bytes.subarray(-16));
      const plaintext = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
      return answered({ plaintext: plaintext.toString('base64') });
    } catch {
      return failed(400, 'cipher: message authentication failed');
    }
  }
}
