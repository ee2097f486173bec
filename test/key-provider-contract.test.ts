import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsKmsKeyProvider } from '../src/crypto/aws-kms-key-provider.js';
import { type KeyProvider } from '../src/crypto/key-provider.js';
import { LocalKeyProvider } from '../src/crypto/local-key-provider.js';
import { VaultKeyProvider } from '../src/crypto/vault-key-provider.js';
import { KmsServer } from './support/kms-server.js';
import { VaultServer } from './support/vault-server.js';

interface Stage {
  /** Names of two keys that exist. */
  keys: [string, string];
  /** A provider that is configured with these keys. */
  with(...keys: string[]): KeyProvider;
  stop(): Promise<void>;
}

function local(): Promise<Stage> {
  const material: Record<string, Buffer> = { k1: randomBytes(32), k2: randomBytes(32) };
  return Promise.resolve({
    keys: ['k1', 'k2'],
    with: (...keys) => new LocalKeyProvider(keys.map((id) => ({ id, key: material[id] ?? randomBytes(32) }))),
    stop: () => Promise.resolve(),
  });
}

async function awsKms(): Promise<Stage> {
  const server = await KmsServer.start();
  return {
    // In two regions: a key is asked for where it lives.
    keys: [server.createKey('eu-west-1'), server.createKey('us-east-2')],
    with: (...keyIds) => new AwsKmsKeyProvider({ keyIds, endpoint: server.url }),
    stop: () => server.shut(),
  };
}

async function vault(): Promise<Stage> {
  const server = await VaultServer.start();
  return {
    keys: [server.createKey(), server.createKey()],
    with: (...keys) =>
      new VaultKeyProvider({ address: server.url, token: server.token, mount: 'transit', keys }),
    stop: () => server.shut(),
  };
}

const refused = { name: 'KeyProviderError', kind: 'refused' };
const unavailable = { name: 'KeyProviderError', kind: 'unavailable' };

describe.each([
  ['LocalKeyProvider', local],
  ['AwsKmsKeyProvider', awsKms],
  ['VaultKeyProvider', vault],
])('%s keeps the contract of KeyProvider: it', (_name, create) => {
  let stage: Stage;
  let one: string;
  let two: string;
  beforeAll(async () => {
    stage = await create();
    [one, two] = stage.keys;
  });
  afterAll(() => stage.stop());

  it('makes data keys of 256 bits, each another one, and unwraps them', async () => {
    const provider = stage.with(one);
    const [a, b] = [await provider.generate('dk_a'), await provider.generate('dk_b')];
    expect([a.plaintext.length, b.plaintext.length]).toEqual([32, 32]);
    expect(a.plaintext.equals(b.plaintext)).toBe(false);
    expect(a.wrapped.keyId).toBe(one);
    expect(await provider.unwrap('dk_a', a.wrapped)).toEqual(a.plaintext);
    expect(await stage.with(one).unwrap('dk_b', b.wrapped)).toEqual(b.plaintext);
  });

  it('wraps by its first key and unwraps by all of them', async () => {
    const dataKey = randomBytes(32);
    const old = await stage.with(one).wrap('dk', dataKey);
    const both = stage.with(two, one);
    expect(both.current).toEqual({ provider: old.provider, keyId: two });
    expect(await both.unwrap('dk', old)).toEqual(dataKey);
    const anew = await both.wrap('dk', dataKey);
    expect(anew.keyId).toBe(two);
    expect(await stage.with(two).unwrap('dk', anew)).toEqual(dataKey);
    expect([both.holds(old), stage.with(two).holds(old)]).toEqual([true, false]);
  });

  it('never wraps the same way twice, and shows nothing of the data key', async () => {
    const dataKey = randomBytes(32);
    const [a, b] = [await stage.with(one).wrap('dk', dataKey), await stage.with(one).wrap('dk', dataKey)];
    expect(a.wrapped.equals(b.wrapped)).toBe(false);
    expect(a.wrapped.includes(dataKey)).toBe(false);
  });

  it('refuses what was wrapped for another data key', async () => {
    const { wrapped } = await stage.with(one).generate('dk_a');
    await expect(stage.with(one).unwrap('dk_b', wrapped)).rejects.toMatchObject(refused);
  });

  it('refuses what another key wrapped', async () => {
    const { wrapped } = await stage.with(one).generate('dk');
    const relabelled = { ...wrapped, keyId: two };
    await expect(stage.with(two).unwrap('dk', relabelled)).rejects.toMatchObject(refused);
  });

  it('refuses wrapped bytes of which any was changed', async () => {
    const provider = stage.with(one);
    const { wrapped } = await provider.generate('dk');
    for (let index = 0; index < wrapped.wrapped.length; index++) {
      const changed = Buffer.from(wrapped.wrapped);
      changed[index] = (changed[index] ?? 0) ^ 1;
      await expect(provider.unwrap('dk', { ...wrapped, wrapped: changed })).rejects.toMatchObject(refused);
    }
    await expect(provider.unwrap('dk', { ...wrapped, wrapped: Buffer.alloc(0) })).rejects.toMatchObject(
      refused,
    );
  });

  it('says which key it lacks', async () => {
    const { wrapped } = await stage.with(one).generate('dk');
    const lost = { ...wrapped, keyId: one.slice(0, -1) + (one.endsWith('0') ? '1' : '0') };
    const failure = stage.with(two).unwrap('dk', lost);
    await expect(failure).rejects.toMatchObject({ ...refused, message: expect.stringContaining(lost.keyId) });
  });
});

describe('AwsKmsKeyProvider', () => {
  let server: KmsServer;
  let arn: string;
  let provider: KeyProvider;
  beforeAll(async () => {
    server = await KmsServer.start();
    arn = server.createKey();
    provider = new AwsKmsKeyProvider({ keyIds: [arn], endpoint: server.url });
  });
  afterAll(() => server.shut());

  it('lets KMS make the data key', async () => {
    server.calls.length = 0;
    const { wrapped } = await provider.generate('dk');
    await provider.wrap('dk', await provider.unwrap('dk', wrapped));
    expect(server.calls).toEqual(['GenerateDataKey', 'Decrypt', 'Encrypt']);
  });

  it.each(['AccessDeniedException', 'KMSInvalidStateException', 'DisabledException'])(
    'passes on what somebody must see to: %s',
    async (type) => {
      server.failures.push({ type });
      const message = expect.stringMatching(`GenerateDataKey with key ${arn}: ${type}`);
      await expect(provider.generate('dk')).rejects.toMatchObject({ ...refused, message });
    },
  );

  it.each([
    { type: 'ThrottlingException', status: 400 },
    { type: 'KMSInternalException', status: 500 },
    { type: 'KeyUnavailableException', status: 500 },
    { type: 'DependencyTimeoutException', status: 503 },
  ])('calls it unavailable when KMS says $type to each attempt', async (failure) => {
    server.failures.push(failure, failure);
    await expect(provider.generate('dk')).rejects.toMatchObject(unavailable);
    expect((await provider.generate('dk')).plaintext).toHaveLength(32);
  });

  it('calls it unavailable when nothing answers', async () => {
    await server.shut();
    await expect(provider.generate('dk')).rejects.toMatchObject(unavailable);
    await server.open();
    expect((await provider.generate('dk')).plaintext).toHaveLength(32);
  });
});

describe('VaultKeyProvider', () => {
  let server: VaultServer;
  let folder: string;
  let key: string;
  const provider = (change: object = {}) =>
    new VaultKeyProvider({
      address: server.url,
      token: server.token,
      mount: 'transit',
      keys: [key],
      ...change,
    });
  beforeAll(async () => {
    server = await VaultServer.start();
    key = server.createKey('orders.eu');
    folder = mkdtempSync(join(tmpdir(), 'regrant-vault-'));
  });
  afterAll(async () => {
    await server.shut();
    rmSync(folder, { recursive: true });
  });

  it("refuses with Vault's reason, and never shows the token", async () => {
    const failure = await provider({ token: 'hvs.not-the-token' })
      .generate('dk')
      .catch((error: Error) => error);
    expect(failure).toMatchObject({
      ...refused,
      message: 'Vault, encrypt with transit key "orders.eu": HTTP 403: permission denied',
    });
    await expect(provider({ mount: 'elsewhere' }).generate('dk')).rejects.toMatchObject(refused);
    expect(JSON.stringify(failure)).not.toContain('hvs.');
  });

  it('calls a sealed Vault unavailable, and one that does not answer', async () => {
    server.sealed = true;
    const message = expect.stringContaining('HTTP 503: Vault is sealed');
    await expect(provider().generate('dk')).rejects.toMatchObject({ ...unavailable, message });
    server.sealed = false;
    await server.shut();
    await expect(provider().generate('dk')).rejects.toMatchObject(unavailable);
    await server.open();
    expect((await provider().generate('dk')).plaintext).toHaveLength(32);
  });

  it('reads the token file again for each call', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, `${server.token}\n`);
    const byFile = provider({ token: undefined, tokenFile });
    await byFile.generate('dk');
    server.token = 'hvs.renewed';
    await expect(byFile.generate('dk')).rejects.toMatchObject(refused);
    writeFileSync(tokenFile, server.token);
    expect((await byFile.generate('dk')).plaintext).toHaveLength(32);
    rmSync(tokenFile);
    await expect(byFile.generate('dk')).rejects.toMatchObject(unavailable);
  });

  it('asks in its namespace', async () => {
    server.namespace = 'team/a';
    expect((await provider({ namespace: 'team/a' }).generate('dk')).plaintext).toHaveLength(32);
    await expect(provider().generate('dk')).rejects.toMatchObject(refused);
    server.namespace = '';
  });
});
