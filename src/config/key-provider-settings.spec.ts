import { describe, expect, it } from '@jest/globals';
import { ConfigError, parseConfig } from './config.js';

const arn = 'arn:aws:kms:eu-west-1:111122223333:key/0f8fad5b-d9cb-469f-a165-70867728950e';
const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://db/regrant',
  PUBLIC_URL: 'https://regrant.example.com',
  SMTP_URL: 'smtps://mail.example.com',
};
const vault = { VAULT_ADDR: 'https://vault.example.com:8200/', VAULT_TRANSIT_KEYS: 'new, old' };

function problems(settings: Record<string, string>): string[] {
  try {
    parseConfig({ ...production, ...settings });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ name, problem }) => `${name} ${problem}`);
  }
}

describe('Settings of the key provider', () => {
  it('ask for what the chosen provider needs, and for nothing else', () => {
    expect(problems({})).toEqual([
      'ENCRYPTION_KEYS is missing (required in production, or set KEY_PROVIDER)',
    ]);
    expect(problems({ KEY_PROVIDER: 'aws-kms' })).toEqual([
      'AWS_KMS_KEY_IDS is missing (KEY_PROVIDER is aws-kms)',
    ]);
    expect(problems({ KEY_PROVIDER: 'vault-transit' })).toEqual([
      'VAULT_ADDR is missing (KEY_PROVIDER is vault-transit)',
      'VAULT_TOKEN or VAULT_TOKEN_FILE must be set, one of the two',
      'VAULT_TRANSIT_KEYS is missing (KEY_PROVIDER is vault-transit)',
    ]);
    expect(problems({ KEY_PROVIDER: 'aws-kms', AWS_KMS_KEY_IDS: arn })).toEqual([]);
    expect(problems({ KEY_PROVIDER: 'vault-transit', ...vault, VAULT_TOKEN: 'hvs.x' })).toEqual([]);
  });

  it('of a provider that only unwraps must be whole as well', () => {
    const moving = { KEY_PROVIDER: 'aws-kms', AWS_KMS_KEY_IDS: arn, ...vault };
    expect(problems(moving)).toEqual(['VAULT_TOKEN or VAULT_TOKEN_FILE must be set, one of the two']);
    expect(problems({ ...moving, VAULT_TOKEN: 'hvs.x', VAULT_TOKEN_FILE: '/run/token' })).toHaveLength(1);
    expect(problems({ ...moving, VAULT_TOKEN_FILE: '/run/token' })).toEqual([]);
  });

  it.each([
    ['KEY_PROVIDER', 'gcp'],
    ['AWS_KMS_KEY_IDS', 'alias/regrant'],
    ['AWS_KMS_KEY_IDS', `${arn},${arn}`],
    ['AWS_KMS_ENDPOINT', 'http://kms.example.com'],
    ['VAULT_ADDR', 'http://vault.example.com:8200'],
    ['VAULT_ADDR', 'https://vault.example.com/v1'],
    ['VAULT_TRANSIT_KEYS', '../sys'],
    ['VAULT_TRANSIT_MOUNT', 'transit keys'],
    ['VAULT_TOKEN', 'two\nlines'],
    ['KEY_PROVIDER_WAIT_SECONDS', '9000'],
  ])('refuse %s=%j by its name, without its value', (name, value) => {
    const found = problems({ ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`, [name]: value });
    expect(found).toContainEqual(expect.stringMatching(new RegExp(`^${name} must `)));
    expect(found.join()).not.toContain(value);
  });

  it('are lists in their order, with addresses as they are called', () => {
    const { keyProvider } = parseConfig({
      ...production,
      KEY_PROVIDER: 'vault-transit',
      ...vault,
      VAULT_TOKEN: 'hvs.x',
    });
    expect(keyProvider).toMatchObject({
      provider: 'vault-transit',
      waitSeconds: 30,
      awsKms: undefined,
      vault: { address: 'https://vault.example.com:8200', mount: 'transit', keys: ['new', 'old'] },
    });
  });
});
