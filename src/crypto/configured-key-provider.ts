import { type KeyProviderName, type RegrantConfig } from '../config/config.js';
import { KeyProvider, KeyProviderError, type WrappedKey } from './key-provider.js';
import { LocalKeyProvider } from './local-key-provider.js';
import { VaultKeyProvider } from './vault-key-provider.js';

/**
 * All providers that have settings: the one of `KEY_PROVIDER` wraps, the others still unwrap. So a move from one
 * provider to another is a rotation like any other.
 */
class ConfiguredKeyProvider extends KeyProvider {
  readonly keys;

  constructor(private readonly providers: readonly [KeyProvider, ...KeyProvider[]]) {
    super();
    this.keys = providers.flatMap((provider) => provider.keys);
  }

  override generate(dataKeyId: string): ReturnType<KeyProvider['generate']> {
    return this.providers[0].generate(dataKeyId);
  }

  wrap(dataKeyId: string, plaintext: Buffer): Promise<WrappedKey> {
    return this.providers[0].wrap(dataKeyId, plaintext);
  }

  async unwrap(dataKeyId: string, key: WrappedKey): Promise<Buffer> {
    const holder = this.providers.find((provider) => provider.holds(key));
    if (!holder)
      throw new KeyProviderError('refused', `The key "${key.keyId}" (${key.provider}) is not configured.`);
    return holder.unwrap(dataKeyId, key);
  }
}

/** @throws KeyProviderError when the provider of `KEY_PROVIDER` has no key */
export async function configuredKeyProvider(config: RegrantConfig): Promise<KeyProvider> {
  const { provider, awsKms, vault } = config.keyProvider;
  const made: Partial<Record<KeyProviderName, KeyProvider>> = {};
  if (config.encryptionKeys.length) made.local = new LocalKeyProvider(config.encryptionKeys);
  if (vault) made['vault-transit'] = new VaultKeyProvider(vault);
  if (awsKms) {
    // Loaded only where it is used: the SDK is larger than the rest of the service.
    const { AwsKmsKeyProvider } = await import('./aws-kms-key-provider.js');
    made['aws-kms'] = new AwsKmsKeyProvider(awsKms);
  }
  const first = made[provider];
  if (!first) throw new KeyProviderError('refused', `The key provider ${provider} has no settings.`);
  const others = Object.values(made).filter((other) => other !== first);
  return new ConfiguredKeyProvider([first, ...others]);
}
