import { readFile } from 'node:fs/promises';
import { KeyProvider, KeyProviderError, type WrappedKey } from './key-provider.js';

const PROVIDER = 'vault-transit';
const TIMEOUT_MS = 5_000;

export interface VaultSettings {
  /** `https://vault.example.com:8200` */
  address: string;
  token?: string | undefined;
  /** Read again for every call: Vault Agent renews it there. */
  tokenFile?: string | undefined;
  namespace?: string | undefined;
  /** Path that the transit engine is mounted at. */
  mount: string;
  keys: readonly string[];
}

/**
 * The transit engine of HashiCorp Vault or OpenBao, over its HTTP API. Data keys are made here and encrypted there:
 * transit's own `datakey` takes no associated data, so what it gives could be moved to another data key.
 */
export class VaultKeyProvider extends KeyProvider {
  readonly keys;

  constructor(private readonly settings: VaultSettings) {
    super();
    this.keys = settings.keys.map((keyId) => ({ provider: PROVIDER, keyId }));
  }

  async wrap(dataKeyId: string, plaintext: Buffer): Promise<WrappedKey> {
    const { keyId } = this.current;
    const body = { plaintext: plaintext.toString('base64'), ...binding(dataKeyId) };
    const { ciphertext } = await this.call('encrypt', keyId, body);
    return { provider: PROVIDER, keyId, wrapped: Buffer.from(ciphertext ?? '') };
  }

  async unwrap(dataKeyId: string, { keyId, wrapped }: WrappedKey): Promise<Buffer> {
    const body = { ciphertext: wrapped.toString(), ...binding(dataKeyId) };
    const { plaintext } = await this.call('decrypt', keyId, body);
    return Buffer.from(plaintext ?? '', 'base64');
  }

  private async call(
    verb: 'encrypt' | 'decrypt',
    keyId: string,
    body: object,
  ): Promise<{ ciphertext?: string; plaintext?: string }> {
    const { address, mount, namespace } = this.settings;
    const where = `Vault, ${verb} with transit key "${keyId}"`;
    const token = await this.token();
    const response = await fetch(`${address}/v1/${mount}/${verb}/${encodeURIComponent(keyId)}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-vault-request': 'true',
        'x-vault-token': token,
        ...(namespace && { 'x-vault-namespace': namespace }),
      },
      body: JSON.stringify(body),
      // The token and a key in clear go to the configured address and nowhere else.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new KeyProviderError('unavailable', `${where}: no answer from ${address}`, { cause });
    });
    const answer = (await response.json().catch(() => ({}))) as { data?: object; errors?: unknown[] };
    if (response.ok && answer.data) return answer.data;
    const reasons = (answer.errors ?? []).map(String).join('; ').trim();
    // 412: a standby that has not caught up yet; 429: a quota; 5xx: sealed, starting, no leader.
    const passing = response.ok || response.status >= 500 || [412, 429].includes(response.status);
    throw new KeyProviderError(
      passing ? 'unavailable' : 'refused',
      `${where}: HTTP ${response.status}${reasons && `: ${reasons}`}`,
    );
  }

  private async token(): Promise<string> {
    const { token, tokenFile } = this.settings;
    if (token || !tokenFile) return token ?? '';
    try {
      return (await readFile(tokenFile, 'utf8')).trim();
    } catch (cause) {
      throw new KeyProviderError('unavailable', 'The file that VAULT_TOKEN_FILE names cannot be read.', {
        cause,
      });
    }
  }
}

/** The id of the data key, both as associated data and, for derived keys, as context. */
function binding(dataKeyId: string): { associated_data: string; context: string } {
  const value = Buffer.from(`regrant:data-key:${dataKeyId}`).toString('base64');
  return { associated_data: value, context: value };
}
