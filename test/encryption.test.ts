import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSecretKey } from 'node:crypto';
import { DataKeys } from '../src/crypto/data-keys.service.js';
import { sealUnder } from '../src/crypto/envelope.js';
import { SEALED_COLUMNS } from '../src/crypto/sealed-columns.js';
import { Sealer } from '../src/crypto/sealer.js';
import { startTestApp, TestClock, type TestApp } from './support/app.js';
import { addKey } from './support/applications.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import {
  addAuthorizations,
  encryption,
  holdOff,
  holding,
  newKey,
  openAll,
  outcome,
  rotate,
  type RotationAnswer,
  startRotation,
  until,
  valuesByKey,
  waitingForRows,
} from './support/encryption.js';
import { KmsServer } from './support/kms-server.js';
import { api } from './support/people.js';
import { APPLICATION } from './support/simulator.js';
import { VaultServer } from './support/vault-server.js';

const place = { table: 'authorizations', column: 'sealed_refresh_token' } as const;

let database: TestDatabase;
let running: TestApp[];
const k1 = newKey('k1');
const k2 = newKey('k2');

/** A replica on the database of the test, with the application of the simulator. */
async function start(settings: Record<string, string>, clock = new TestClock()): Promise<TestApp> {
  const app = await startTestApp({ ...APPLICATION, ...settings }, { database, clock });
  running.push(app);
  return app;
}
const stop = async (app: TestApp): Promise<void> => {
  running.splice(running.indexOf(app), 1);
  await app.stop();
};

beforeEach(async () => {
  database = await createDatabase();
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((app) => app.stop()));
  await database.drop();
});

describe('Data keys', () => {
  it('are agreed on by replicas that start at once on an empty database', async () => {
    const apps = await Promise.all(Array.from({ length: 4 }, () => start({ ENCRYPTION_KEYS: k1 })));
    expect(await database.query('SELECT number FROM data_keys')).toEqual([{ number: 1 }]);
    const sealers = apps.map((app) => app.nest.get(Sealer, { strict: false }));
    for (const from of sealers)
      for (const to of sealers)
        expect(await to.open(from.seal('x', { ...place, rowId: '1' }), { ...place, rowId: '1' })).toBe('x');
  });

  it('made by one replica open on another at once', async () => {
    const [a, b] = [await start({ ENCRYPTION_KEYS: k1 }), await start({ ENCRYPTION_KEYS: k1 })];
    const fresh = await a.nest.get(DataKeys, { strict: false }).create();
    const sealed = a.nest.get(Sealer, { strict: false }).seal('x', { ...place, rowId: '1' });
    expect(sealed).toContain(`.${fresh.id}.`);
    expect(b.nest.get(DataKeys, { strict: false }).find(fresh.id)).toBeUndefined();
    const opened = Array.from({ length: 20 }, () =>
      b.nest.get(Sealer, { strict: false }).open(sealed, { ...place, rowId: '1' }),
    );
    expect(new Set(await Promise.all(opened))).toEqual(new Set(['x']));
    expect(b.nest.get(DataKeys, { strict: false }).current.id).toBe(fresh.id);
  });

  it('are replaced after 90 days, and the old one still opens', async () => {
    const first = await start({ ENCRYPTION_KEYS: k1 });
    const tokens = await addAuthorizations(first, 3);
    await stop(first);
    const later = new TestClock();
    later.advance(91 * 86_400);
    const app = await start({ ENCRYPTION_KEYS: k1 }, later);
    expect(await database.query('SELECT number FROM data_keys ORDER BY 1')).toEqual([
      { number: 1 },
      { number: 2 },
    ]);
    expect(await openAll(app)).toEqual(tokens);
  });

  it('are replaced after half of the seals that NIST allows under random IVs', async () => {
    const app = await start({ ENCRYPTION_KEYS: k1 });
    await database.query('UPDATE data_keys SET seals = $1', [2 ** 31 - 1]);
    app.nest.get(Sealer, { strict: false }).seal('x', { ...place, rowId: '1' });
    await until(async () => (await database.query('SELECT 1 FROM data_keys')).length === 2);
    expect(app.nest.get(DataKeys, { strict: false }).current.number).toBe(2);
  });

  it('cover every sealed column of the schema, each with its index', async () => {
    const columns = await database.query<{ name: string }>(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
       WHERE table_schema = 'public' AND column_name LIKE '%sealed%' ORDER BY 1`,
    );
    const known = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`).sort();
    expect(columns.map(({ name }) => name)).toEqual(known);
    for (const { table, column } of SEALED_COLUMNS) {
      const [index] = await database.query<{ definition: string }>(
        'SELECT indexdef AS definition FROM pg_indexes WHERE indexname = $1',
        [`${table}_${column}_key_idx`],
      );
      expect(index?.definition).toContain(`(split_part(${column}, '.'::text, 2), id)`);
    }
  });
});

describe('A start', () => {
  it('refuses a wrong key by its id, and shows nothing of any key', async () => {
    const wrong = newKey('k1');
    await stop(await start({ ENCRYPTION_KEYS: k1 }));
    const failure: unknown = await start({ ENCRYPTION_KEYS: wrong }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: expect.stringMatching(
        /^The key "k1" in ENCRYPTION_KEYS is not the "k1" that wrapped data key dk_/,
      ),
    });
    for (const secret of [k1, wrong].map((key) => key.split(':')[1] ?? ''))
      expect(String((failure as Error).stack)).not.toContain(secret);
  });

  it('refuses to drop a key that still seals, with the counts, and accepts it after a rotation', async () => {
    const first = await start({ ENCRYPTION_KEYS: k1 });
    const tokens = await addAuthorizations(first, 700);
    await stop(first);
    await expect(start({ ENCRYPTION_KEYS: k2 })).rejects.toThrow(
      '1 key that the database still needs is not configured: "k1" (local) wraps 1 data key, which seals 701 values.',
    );

    const both = await start({ ENCRYPTION_KEYS: `${k2},${k1}` });
    expect(await valuesByKey(both)).toEqual({ k2: 0, k1: 701 });
    expect(await rotate(both)).toMatchObject({
      status: 'succeeded',
      total: 701,
      done: 701,
      failures: 0,
      reason: null,
    });
    expect(await encryption(both)).toMatchObject({
      provider: 'local',
      keys: [
        { id: 'k2', current: true, values: 701, dataKeys: [{ values: 0 }, { values: 701, current: true }] },
        { id: 'k1', current: false, values: 0, dataKeys: [] },
      ],
      rotation: null,
    });
    await stop(both);

    await expect(start({ ENCRYPTION_KEYS: k1 })).rejects.toThrow(
      '"k2" (local) wraps 2 data keys, which seal 701 values',
    );
    expect(await openAll(await start({ ENCRYPTION_KEYS: k2 }))).toEqual(tokens);
  });

  it('takes over what was sealed directly under a key, before there were data keys', async () => {
    const first = await start({ ENCRYPTION_KEYS: k1 });
    const tokens = await addAuthorizations(first, 3);
    await stop(first);
    const key = createSecretKey(k1.split(':')[1] ?? '', 'base64');
    for (const [rowId, token] of tokens)
      await database.query('UPDATE authorizations SET sealed_refresh_token = $1 WHERE id = $2', [
        sealUnder({ id: 'k1', key }, token, { ...place, rowId }),
        rowId,
      ]);
    await database.query('TRUNCATE data_keys, encryption_rotations');
    await database.query('DELETE FROM application_client_secrets');

    await expect(start({ ENCRYPTION_KEYS: k2 })).rejects.toThrow(
      'sealed under the key "k1", which is not configured',
    );
    await expect(start({ ENCRYPTION_KEYS: newKey('k1') })).rejects.toThrow(
      'The key "k1" in ENCRYPTION_KEYS does not open',
    );
    const apps = await Promise.all([1, 2, 3].map(() => start({ ENCRYPTION_KEYS: `${k2},${k1}` })));
    for (const app of apps) expect(await openAll(app)).toEqual(tokens);
    const [app] = apps as [TestApp];
    expect((await rotate(app)).status).toBe('succeeded');
    expect(await valuesByKey(app)).toEqual({ k1: 0, k2: expect.any(Number) });
  });
});

describe('A rotation', () => {
  it('is one at a time, is told in the event log, and belongs to keys of all applications', async () => {
    const app = await start({ ENCRYPTION_KEYS: k1 });
    await addAuthorizations(app, 10);
    const post = (key?: string) =>
      api<RotationAnswer>(app.url, 'POST', '/api/v1/encryption/rotations', key ? { key } : {});
    const answers = await Promise.all([post(), post(), post()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 202]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const [first] = answers.map(({ body }) => body) as [RotationAnswer];
    expect((await encryption(app)).rotation).toMatchObject({
      id: first.id,
      status: 'running',
      finishedAt: null,
    });
    expect((await outcome(app, first)).status).toBe('succeeded');
    const events = await database.query(
      `SELECT type, data FROM events WHERE type LIKE 'encryption.%' ORDER BY id`,
    );
    expect(events).toEqual([
      { type: 'encryption.rotation_started', data: { rotationId: first.id } },
      {
        type: 'encryption.rotation_finished',
        data: { rotationId: first.id, status: 'succeeded', done: 11, failures: 0 },
      },
    ]);
    const [{ id: applicationId }] = (await database.query('SELECT id FROM applications')) as [{ id: string }];
    expect((await post(await addKey(app, { application_ids: [applicationId] }))).status).toBe(403);
    const unknown = '/api/v1/encryption/rotations/00000000-0000-4000-8000-000000000000';
    expect((await api(app.url, 'GET', unknown)).status).toBe(404);
  });

  it('never overwrites a token that is renewed while it holds the old one', async () => {
    const app = await start({ ENCRYPTION_KEYS: k1 });
    const tokens = await addAuthorizations(app, 20);
    const [renewed] = tokens.keys() as unknown as [string];
    const sealed = app.nest.get(Sealer, { strict: false }).seal('Atzr|renewed', { ...place, rowId: renewed });
    const renewal = await holding(
      database,
      'UPDATE authorizations SET sealed_refresh_token = $1 WHERE id = $2',
      [sealed, renewed],
    );
    const rotation = await startRotation(app);
    // The rotation has read the old token by now and waits for the row.
    await until(async () => (await waitingForRows(database)) > 0);
    await renewal.commit();

    expect(await outcome(app, rotation)).toMatchObject({ status: 'succeeded', failures: 0 });
    expect(await openAll(app)).toEqual(new Map([...tokens, [renewed, 'Atzr|renewed']]));
    const current = app.nest.get(DataKeys, { strict: false }).current.id;
    const rows = await database.query<{ key: string }>(
      `SELECT DISTINCT split_part(sealed_refresh_token, '.', 2) AS key FROM authorizations`,
    );
    expect(rows).toEqual([{ key: current }]);
  });

  it('finds what a replica that had not met the fresh data key yet sealed after the first sweep', async () => {
    const app = await start({ ENCRYPTION_KEYS: k1 });
    const tokens = await addAuthorizations(app, 5);
    const [late] = tokens.keys() as unknown as [string];
    const old = app.nest.get(DataKeys, { strict: false }).current;
    const rotation = await startRotation(app);
    holdOff(app);
    await until(async () => {
      const { rotation: seen } = await encryption(app);
      return seen?.done === 6;
    });
    const sealed = sealUnder(old, 'Atzr|late', { ...place, rowId: late });
    await database.query('UPDATE authorizations SET sealed_refresh_token = $1 WHERE id = $2', [sealed, late]);
    expect(await outcome(app, rotation)).toMatchObject({ status: 'succeeded', total: 7, done: 7 });
    const left = `SELECT 1 FROM authorizations WHERE split_part(sealed_refresh_token, '.', 2) = $1`;
    expect(await database.query(left, [old.id])).toEqual([]);
    expect(await openAll(app)).toEqual(new Map([...tokens, [late, 'Atzr|late']]));
  });

  it('leaves a value that does not open as it is, fails, and keeps the old key needed', async () => {
    const first = await start({ ENCRYPTION_KEYS: k1 });
    const tokens = await addAuthorizations(first, 600);
    const [broken] = [...tokens.keys()].sort() as [string];
    await stop(first);
    await database.query(
      `UPDATE authorizations SET sealed_refresh_token = left(sealed_refresh_token, -8) || 'AAAAAAAA' WHERE id = $1`,
      [broken],
    );
    const app = await start({ ENCRYPTION_KEYS: `${k2},${k1}` });
    expect(await rotate(app)).toMatchObject({
      status: 'failed',
      done: 600,
      failures: 1,
      reason: expect.stringContaining('do not open'),
    });
    expect(app.log()).toContain(`A sealed value in authorizations ${broken} does not open`);
    expect(await valuesByKey(app)).toEqual({ k2: 600, k1: 1 });

    await api(app.url, 'DELETE', `/api/v1/authorizations/${broken}`);
    expect((await rotate(app)).status).toBe('succeeded');
    expect(await valuesByKey(app)).toEqual({ k2: 600, k1: 0 });
  });
});

describe('Key providers', () => {
  let kms: KmsServer;
  let vault: VaultServer;
  beforeEach(async () => {
    [kms, vault] = await Promise.all([KmsServer.start(), VaultServer.start()]);
  });
  afterEach(() => Promise.all([kms.shut(), vault.shut()]));

  it('are changed by a rotation: from local keys to KMS, to Vault, and back', async () => {
    const local = { ENCRYPTION_KEYS: k1 };
    const arn = kms.createKey();
    const awsKms = { AWS_KMS_KEY_IDS: arn, AWS_KMS_ENDPOINT: kms.url };
    const transit = {
      VAULT_ADDR: vault.url,
      VAULT_TOKEN: vault.token,
      VAULT_TRANSIT_KEYS: vault.createKey('regrant'),
    };
    const first = await start(local);
    const tokens = await addAuthorizations(first, 50);
    await stop(first);
    const moves = [
      { from: local, to: { KEY_PROVIDER: 'aws-kms', ...awsKms, ENCRYPTION_KEYS: '' }, key: arn },
      {
        from: awsKms,
        to: { KEY_PROVIDER: 'vault-transit', ...transit, ENCRYPTION_KEYS: '' },
        key: 'regrant',
      },
      { from: transit, to: { KEY_PROVIDER: 'local', ...local }, key: 'k1' },
    ];
    for (const { from, to, key } of moves) {
      await expect(start(to)).rejects.toThrow(/wraps \d data keys?, which seals? 51 values/);
      const both = await start({ ...to, ...from });
      expect((await rotate(both)).status).toBe('succeeded');
      await stop(both);
      const moved = await start(to);
      expect(await valuesByKey(moved)).toEqual({ [key]: 51 });
      expect(await openAll(moved)).toEqual(tokens);
      await stop(moved);
    }
  });

  it('that do not answer stop the start, after a bounded time and with a reason', async () => {
    const settings = {
      KEY_PROVIDER: 'vault-transit',
      ENCRYPTION_KEYS: '',
      VAULT_ADDR: vault.url,
      VAULT_TOKEN: vault.token,
      VAULT_TRANSIT_KEYS: vault.createKey('regrant'),
      KEY_PROVIDER_WAIT_SECONDS: '1',
    };
    vault.sealed = true;
    await expect(start(settings)).rejects.toThrow('transit key "regrant": HTTP 503: Vault is sealed');
    await vault.shut();
    await expect(start(settings)).rejects.toThrow(`no answer from ${vault.url}`);

    vault.sealed = false;
    const starting = start({ ...settings, KEY_PROVIDER_WAIT_SECONDS: '30' });
    await vault.open();
    expect((await encryption(await starting)).keys).toMatchObject([{ id: 'regrant', values: 1 }]);
  });

  it('that are down hold up nothing whose data key is in memory', async () => {
    const arn = kms.createKey();
    const settings = {
      KEY_PROVIDER: 'aws-kms',
      ENCRYPTION_KEYS: '',
      AWS_KMS_KEY_IDS: arn,
      AWS_KMS_ENDPOINT: kms.url,
    };
    const [a, b] = [await start(settings), await start(settings)];
    const tokens = await addAuthorizations(a, 3);
    await a.nest.get(DataKeys, { strict: false }).create();
    const fresh = a.nest.get(Sealer, { strict: false }).seal('x', { ...place, rowId: '1' });
    await kms.shut();
    expect(await openAll(b)).toEqual(tokens);
    const unknown = b.nest.get(Sealer, { strict: false }).open(fresh, { ...place, rowId: '1' });
    await expect(unknown).rejects.toMatchObject({ code: 'internal', status: 503, retryAfterSeconds: 5 });
    await kms.open();
    expect(await b.nest.get(Sealer, { strict: false }).open(fresh, { ...place, rowId: '1' })).toBe('x');
  });

  it('that refuse a rotation end it with their reason', async () => {
    const settings = { AWS_KMS_KEY_IDS: kms.createKey(), AWS_KMS_ENDPOINT: kms.url };
    const app = await start({ KEY_PROVIDER: 'aws-kms', ...settings });
    kms.failures.push({ type: 'AccessDeniedException' });
    expect(await rotate(app)).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('AccessDeniedException'),
    });
    expect((await rotate(app)).status).toBe('succeeded');
  });
});
