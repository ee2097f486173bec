import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { ApiKeysService } from '../src/api-keys/api-keys.service.js';
import { Signals } from '../src/signals/signals.js';
import { API_KEY, startTestApp, type TestApp } from './support/app.js';
import { LastUses } from '../src/api-keys/last-uses.service.js';
import { addKey, type ApplicationAnswer, newApplication } from './support/applications.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { newKey } from './support/encryption.js';
import { api } from './support/people.js';

const apart = (key: string): [clientId: string, secret: string] => key.split('.') as [string, string];
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Resolves once `holds`: an awaited condition, with the test's own time limit. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

interface Key {
  id: string;
  clientId: string;
  name: string;
  scopes: string[];
  applicationIds: string[] | null;
  status: string;
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
  lastUsedAt: string | null;
  oldSecretValidUntil: string | null;
  oldSecretLastUsedAt: string | null;
}
type IssuedKey = Key & { clientSecret: string; apiKey: string };

const PATH = '/api/v1/api-keys';
const DAY = 86_400;
/** For replicas that share a database. */
const SEALING = { ENCRYPTION_KEYS: newKey('test') };

const make = async (app: TestApp, fields: object = {}, key = API_KEY): Promise<IssuedKey> => {
  const body = { name: 'Order import', scopes: ['admin:read'], ...fields };
  return (await api<IssuedKey>(app.url, 'POST', PATH, { body, key })).body;
};
const rotate = async (app: TestApp, { id }: Key, body: object | undefined): Promise<IssuedKey> =>
  (await api<IssuedKey>(app.url, 'POST', `${PATH}/${id}/rotate`, { body })).body;
/** What a program is answered that reads with this key. */
const statusOf = async (app: TestApp, key: string): Promise<number> =>
  (await api(app.url, 'GET', '/api/v1/authorizations', { key })).status;

describe('API keys', () => {
  let app: TestApp;
  let applications: string[];

  beforeAll(async () => {
    app = await startTestApp();
    applications = [];
    for (let count = 0; count < 2; count++) {
      const body = newApplication();
      applications.push(
        (await api<ApplicationAnswer>(app.url, 'POST', '/api/v1/applications', { body })).body.id,
      );
    }
  });
  afterAll(() => app.stop());

  const refusal = async (
    method: string,
    path: string,
    { body, key }: { body?: object; key?: string } = {},
  ) => {
    const answer = await api<{ code: string; errors?: { path: string }[] }>(app.url, method, path, {
      body,
      key,
    });
    return [answer.status, answer.body.code, ...(answer.body.errors ?? []).map((error) => error.path)];
  };
  const events = async ({ id }: Key) =>
    app.database.query<{ type: string; actor: string; data: object }>(
      `SELECT type, actor, data FROM events WHERE data->>'apiKeyId' = $1 ORDER BY id`,
      [id],
    );

  it('are made with a secret that is shown once and works at once', async () => {
    const { status, body, headers } = await api<IssuedKey>(app.url, 'POST', PATH, {
      body: { name: 'Order import', scopes: ['admin:read'] },
    });
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
    const { clientSecret, apiKey, ...key } = body;
    expect(key).toEqual({
      ...{ id: expect.any(String), clientId: expect.stringMatching(/^rgk_\w{16,}$/), name: 'Order import' },
      ...{ scopes: ['admin:read'], applicationIds: null, status: 'active', createdAt: expect.any(String) },
      ...{ expiresAt: null, revokedAt: null, lastUsedAt: null },
      ...{ oldSecretValidUntil: null, oldSecretLastUsedAt: null },
    });
    expect(Buffer.from(clientSecret, 'base64url').length).toBeGreaterThanOrEqual(32);
    expect(apiKey).toBe(`${key.clientId}.${clientSecret}`);
    expect(await statusOf(app, apiKey)).toBe(200);
    expect((await api(app.url, 'GET', `${PATH}/${key.id}`)).body).toEqual(key);
    const [stored] = await app.database.query('SELECT api_keys::text AS row FROM api_keys WHERE id = $1', [
      key.id,
    ]);
    expect(stored?.['row']).not.toContain(clientSecret);
    expect(app.log()).not.toContain(clientSecret);
  });

  it('are listed page by page, whatever became of them, and never with a secret', async () => {
    const made = [await make(app), await make(app)];
    const listed: Key[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { body: { items: Key[]; nextCursor: string | null } } = await api(
        app.url,
        'GET',
        `${PATH}?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      listed.push(...page.body.items);
      cursor = page.body.nextCursor;
    }
    expect(listed.map(({ id }) => id)).toEqual([...new Set(listed.map(({ id }) => id))]);
    expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining(made.map(({ id }) => id)));
    expect(JSON.stringify(listed)).not.toMatch(/secret"|hash/i);
  });

  it('are limited by scope, by application and by time', async () => {
    const [mine, other] = applications;
    const expiresAt = app.clock.inSeconds(3600).toISOString();
    const { apiKey } = await make(app, { applicationIds: [mine], expiresAt });
    const read = async (path: string) =>
      (await api(app.url, 'GET', `/api/v1${path}`, { key: apiKey })).status;
    expect(await read(`/applications/${mine}`)).toBe(200);
    expect(await read(`/applications/${other}`)).toBe(403);
    expect(await refusal('POST', PATH, { body: {}, key: apiKey })).toEqual([403, 'forbidden']);
    app.clock.advance(3600);
    expect(await read('/applications')).toBe(401);
  });

  it('are refused with the path of what is wrong', async () => {
    const good = { name: 'Order import', scopes: ['admin:read'] };
    const bad = (change: object) => refusal('POST', PATH, { body: { ...good, ...change } });
    const refused = (path: string) => [400, 'invalid_request', path];
    expect(await bad({ name: ' ' })).toEqual(refused('name'));
    expect(await bad({ scopes: [] })).toEqual(refused('scopes'));
    expect(await bad({ scopes: ['admin'] })).toEqual(refused('scopes'));
    expect(await bad({ applicationIds: [] })).toEqual(refused('applicationIds'));
    expect(await bad({ applicationIds: [applications[0], randomUUID()] })).toEqual(refused('applicationIds'));
    expect(await bad({ expiresAt: app.clock.inSeconds(-1).toISOString() })).toEqual(refused('expiresAt'));
    expect(await bad({ clientId: 'rgk_chosen0123456789' })).toEqual(refused('clientId'));
    expect(await refusal('POST', `${PATH}/${randomUUID()}/rotate`)).toEqual([404, 'not_found']);
    const { id } = await make(app);
    for (const overlapSeconds of [-1, 30 * DAY + 1, 1.5, null])
      expect(await refusal('POST', `${PATH}/${id}/rotate`, { body: { overlapSeconds } })).toEqual(
        refused('overlapSeconds'),
      );
  });

  describe('when rotated', () => {
    it('take the secret until then for a day, or as long as is said, and keep the client id', async () => {
      const before = await make(app);
      const after = await rotate(app, before, undefined);
      expect(after.clientId).toBe(before.clientId);
      expect(new Date(after.oldSecretValidUntil ?? 0).getTime()).toBeCloseTo(
        app.clock.inSeconds(DAY).getTime(),
        -5,
      );
      expect([await statusOf(app, before.apiKey), await statusOf(app, after.apiKey)]).toEqual([200, 200]);
      app.clock.advance(DAY + 1);
      expect([await statusOf(app, before.apiKey), await statusOf(app, after.apiKey)]).toEqual([401, 200]);
      const now = await rotate(app, before, { overlapSeconds: 0 });
      expect(now.oldSecretValidUntil).toBeNull();
      expect([await statusOf(app, after.apiKey), await statusOf(app, now.apiKey)]).toEqual([401, 200]);
    });

    it('still take the secret that programs use when the answer was lost and they are rotated again', async () => {
      const first = await make(app);
      const lost = await rotate(app, first, { overlapSeconds: 60 });
      const second = await rotate(app, first, { overlapSeconds: 3600 });
      for (const { apiKey } of [first, lost, second]) expect(await statusOf(app, apiKey)).toBe(200);
      app.clock.advance(61);
      expect(await statusOf(app, first.apiKey)).toBe(401);
      expect(await statusOf(app, lost.apiKey)).toBe(200);
    });

    it('end every secret until then with an overlap of 0', async () => {
      const first = await make(app);
      const second = await rotate(app, first, { overlapSeconds: 3600 });
      const third = await rotate(app, first, { overlapSeconds: 0 });
      const answers = await Promise.all([first, second, third].map(({ apiKey }) => statusOf(app, apiKey)));
      expect(answers).toEqual([401, 401, 200]);
    });

    it('do not gather secrets without end', async () => {
      const key = await make(app);
      const path = `${PATH}/${key.id}/rotate`;
      for (let count = 0; count < 10; count++) await rotate(app, key, { overlapSeconds: 3600 });
      expect(await refusal('POST', path, { body: { overlapSeconds: 3600 } })).toEqual([409, 'conflict']);
      expect(await statusOf(app, key.apiKey)).toBe(200);
      expect(await refusal('POST', path, { body: { overlapSeconds: 0 } })).toEqual([200, undefined]);
    });
  });

  it('are revoked at once and for good, again without harm, and stay in the list', async () => {
    const key = await make(app);
    await rotate(app, key, { overlapSeconds: 3600 });
    for (let count = 0; count < 2; count++)
      expect((await api(app.url, 'DELETE', `${PATH}/${key.id}`)).status).toBe(204);
    expect(await statusOf(app, key.apiKey)).toBe(401);
    const { body } = await api<Key>(app.url, 'GET', `${PATH}/${key.id}`);
    expect(body).toMatchObject({
      status: 'revoked',
      revokedAt: expect.any(String),
      oldSecretValidUntil: null,
    });
    expect(await refusal('POST', `${PATH}/${key.id}/rotate`)).toEqual([409, 'conflict']);
    expect(await refusal('PATCH', `${PATH}/${key.id}`, { body: { name: 'x' } })).toEqual([409, 'conflict']);
  });

  it('leave in the log who did what to which', async () => {
    const key = await make(app);
    await rotate(app, key, { overlapSeconds: 60 });
    await api(app.url, 'PATCH', `${PATH}/${key.id}`, { body: { name: 'Orders', scopes: ['admin:read'] } });
    for (let count = 0; count < 2; count++) await api(app.url, 'DELETE', `${PATH}/${key.id}`);
    const { id: apiKeyId, clientId } = key;
    expect(await events(key)).toEqual(
      [
        ['created', { name: 'Order import', scopes: ['admin:read'], applicationIds: null, expiresAt: null }],
        ['rotated', { overlapSeconds: 60 }],
        ['changed', { name: { from: 'Order import', to: 'Orders' } }],
        ['revoked', {}],
      ].map(([what, data]) => ({
        type: `api_key.${what as string}`,
        actor: `api-key:${apart(API_KEY)[0]}`,
        data: { apiKeyId, clientId, ...(data as object) },
      })),
    );
  });

  describe('never give more than they have themselves', () => {
    const ADMIN = ['admin:read', 'admin:write'];

    it('not by a scope, by an application or by time', async () => {
      const [mine, other] = applications;
      const expiresAt = app.clock.inSeconds(3600).toISOString();
      const limited = await make(app, { scopes: ADMIN, applicationIds: [mine], expiresAt });
      const good = { name: 'Child', scopes: ADMIN, applicationIds: [mine], expiresAt };
      const attempt = async (change: object) =>
        (await refusal('POST', PATH, { body: { ...good, ...change }, key: limited.apiKey }))[0];
      expect(await attempt({})).toBe(201);
      expect(await attempt({ scopes: ['tokens:vend'] })).toBe(403);
      expect(await attempt({ applicationIds: null })).toBe(403);
      expect(await attempt({ applicationIds: undefined })).toBe(403);
      expect(await attempt({ applicationIds: [mine, other] })).toBe(403);
      expect(await attempt({ expiresAt: null })).toBe(403);
      expect(await attempt({ expiresAt: app.clock.inSeconds(7200).toISOString() })).toBe(403);
    });

    it('not by changing themselves or rotating a greater one, which they may revoke all the same', async () => {
      const admin = await make(app, { scopes: ADMIN });
      const greater = await make(app, { scopes: ['tokens:vend'] });
      const as = { key: admin.apiKey };
      const widened = { ...as, body: { scopes: [...ADMIN, 'tokens:vend'] } };
      expect(await refusal('PATCH', `${PATH}/${admin.id}`, widened)).toEqual([403, 'forbidden']);
      expect(await refusal('POST', `${PATH}/${greater.id}/rotate`, as)).toEqual([403, 'forbidden']);
      expect((await api(app.url, 'DELETE', `${PATH}/${greater.id}`, as)).status).toBe(204);
      expect(await refusal('POST', `${PATH}/${admin.id}/rotate`, as)).toEqual([200, undefined]);
    });

    it('and do not see the keys of other applications', async () => {
      const [mine, other] = applications;
      const limited = await make(app, { scopes: ADMIN, applicationIds: [mine] });
      const as = { key: limited.apiKey };
      const foreign = await make(app, { applicationIds: [mine, other] });
      const { body } = await api<{ items: Key[] }>(app.url, 'GET', `${PATH}?limit=200`, as);
      expect(body.items.map(({ id }) => id)).toContain(limited.id);
      expect(body.items.filter(({ applicationIds }) => String(applicationIds) !== mine)).toEqual([]);
      for (const id of [foreign.id, (await make(app)).id]) {
        expect(await refusal('GET', `${PATH}/${id}`, as)).toEqual([404, 'not_found']);
        expect(await refusal('DELETE', `${PATH}/${id}`, as)).toEqual([404, 'not_found']);
        expect(await refusal('POST', `${PATH}/${id}/rotate`, as)).toEqual([404, 'not_found']);
      }
    });
  });

  it('keep when they were used last, by which secret, without writing at every request', async () => {
    const key = await make(app);
    const uses = app.nest.get(LastUses);
    const lastUse = async () => (await api<Key>(app.url, 'GET', `${PATH}/${key.id}`)).body;
    await uses.write();
    const versions = async () => app.database.query('SELECT xmin FROM api_keys WHERE id = $1', [key.id]);
    const unused = await versions();
    for (let count = 0; count < 5; count++) await statusOf(app, key.apiKey);
    expect(await versions()).toEqual(unused);
    const lastMoment = app.clock.now().getTime();
    await uses.write();
    const { lastUsedAt, oldSecretLastUsedAt } = await lastUse();
    expect(Math.abs(new Date(lastUsedAt ?? 0).getTime() - lastMoment)).toBeLessThan(5000);
    expect(oldSecretLastUsedAt).toBeNull();
    await rotate(app, key, { overlapSeconds: 3600 });
    await statusOf(app, key.apiKey);
    await uses.write();
    expect((await lastUse()).oldSecretLastUsedAt).toEqual(expect.any(String));
  });

  it('lose no use and fail no request when it cannot be written for a while', async () => {
    const key = await make(app);
    const uses = app.nest.get(LastUses);
    await app.database.query('ALTER TABLE api_keys RENAME COLUMN last_used_at TO gone');
    uses.note(key.id, app.clock.now(), 'old');
    await uses.write();
    await app.database.query('ALTER TABLE api_keys RENAME COLUMN gone TO last_used_at');
    expect(app.log()).toContain('The last uses of API keys could not be written');
    await uses.write();
    expect((await api<Key>(app.url, 'GET', `${PATH}/${key.id}`)).body).toMatchObject({
      lastUsedAt: expect.any(String),
      oldSecretLastUsedAt: expect.any(String),
    });
  });
});

describe('The last API key that may administer everything', () => {
  let app: TestApp;
  let bootstrap: Key;

  beforeAll(async () => {
    app = await startTestApp();
    const { body } = await api<{ items: [Key] }>(app.url, 'GET', PATH);
    bootstrap = body.items[0];
  });
  afterAll(() => app.stop());

  const end = async (key: Key) => (await api(app.url, 'DELETE', `${PATH}/${key.id}`)).status;
  const limit = async (key: Key, body: object) =>
    (await api(app.url, 'PATCH', `${PATH}/${key.id}`, { body })).status;

  it('is neither revoked nor limited, until another one is there', async () => {
    await make(app, { scopes: ['admin:read', 'tokens:vend'] });
    const expired = await make(app, {
      scopes: ['admin:write'],
      expiresAt: app.clock.inSeconds(60).toISOString(),
    });
    app.clock.advance(61);
    expect(await end(bootstrap)).toBe(409);
    expect(await limit(bootstrap, { scopes: ['admin:read'] })).toBe(409);
    expect(await limit(bootstrap, { name: 'Mine' })).toBe(200);
    expect(await end(expired)).toBe(204);
  });

  it('is one of two that are revoked at the same moment', async () => {
    const [one, other] = [
      await make(app, { scopes: ['admin:write'] }),
      await make(app, { scopes: ['admin:write'] }),
    ];
    const answers = await Promise.all([bootstrap, one, other].map(end));
    expect(answers.sort()).toEqual([204, 204, 409]);
  });
});

describe('BOOTSTRAP_API_KEY', () => {
  const NEXT_KEY = 'rgk_next0123456789abcdef.next-secret-0123456789-0123456789-0123456';
  let database: TestDatabase;

  beforeAll(async () => (database = await createDatabase()));
  afterAll(() => database.drop());

  const startedWith = async (key: string) => {
    const app = await startTestApp({ ...SEALING, BOOTSTRAP_API_KEY: key }, { database });
    const { status } = await api(app.url, 'GET', PATH, { key });
    await app.stop();
    return status;
  };

  it('is made while nobody may administer, and never again once it was revoked', async () => {
    expect(await startedWith(API_KEY)).toBe(200);
    expect(await startedWith(NEXT_KEY)).toBe(401);
    await database.query('UPDATE api_keys SET revoked_at = now()');
    expect(await startedWith(API_KEY)).toBe(401);
    expect(await startedWith(NEXT_KEY)).toBe(200);
  });

  it('leaves its last use behind when the process ends', async () => {
    const [row] = await database.query('SELECT last_used_at FROM api_keys WHERE client_id = $1', [
      apart(NEXT_KEY)[0],
    ]);
    expect(row?.['last_used_at']).toBeInstanceOf(Date);
  });
});

describe('A change of an API key', () => {
  let database: TestDatabase;
  let one: TestApp;
  let other: TestApp;

  beforeAll(async () => {
    database = await createDatabase();
    [one, other] = [await startTestApp(SEALING, { database }), await startTestApp(SEALING, { database })];
  });
  afterAll(async () => {
    await Promise.all([one.stop(), other.stop()]);
    await database.drop();
  });

  const cutListeners = () =>
    database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'regrant-listener' AND datname = current_database()`);
  /** Milliseconds until the other replica answers with this status. */
  const taken = async (key: string, status: number): Promise<number> => {
    const since = performance.now();
    await until(async () => (await statusOf(other, key)) === status);
    return performance.now() - since;
  };
  const changes: [what: string, change: (key: Key) => Promise<unknown>, status: number][] = [
    ['revoked', ({ id }) => api(one.url, 'DELETE', `${PATH}/${id}`), 401],
    ['rotated without overlap', (key) => rotate(one, key, { overlapSeconds: 0 }), 401],
    [
      'narrowed',
      ({ id }) => api(one.url, 'PATCH', `${PATH}/${id}`, { body: { scopes: ['tokens:vend'] } }),
      403,
    ],
  ];

  it.each(changes)('is gone by on another replica within a second: %s', async (_what, change, status) => {
    const key = await make(one);
    await until(() => other.nest.get(Signals).current);
    expect(await statusOf(other, key.apiKey)).toBe(200);
    await change(key);
    expect(await taken(key.apiKey, status)).toBeLessThan(1000);
  });

  it.each(changes)(
    'is gone by within a second also while its signals are lost: %s',
    async (_what, change, status) => {
      const key = await make(one);
      await until(() => other.nest.get(Signals).current);
      expect(await statusOf(other, key.apiKey)).toBe(200);
      await cutListeners();
      await change(key);
      expect(await taken(key.apiKey, status)).toBeLessThan(1000);
    },
  );

  it('lets a new secret in on every replica at once, while the old one is remembered', async () => {
    const key = await make(one);
    expect(await statusOf(other, key.apiKey)).toBe(200);
    const { apiKey } = await rotate(one, key, { overlapSeconds: 60 });
    expect(await statusOf(other, apiKey)).toBe(200);
    expect(await statusOf(other, key.apiKey)).toBe(200);
  });
});

describe('What a process remembers of API keys', () => {
  let app: TestApp;
  let keys: ApiKeysService;

  beforeAll(async () => {
    app = await startTestApp();
    keys = app.nest.get(ApiKeysService);
    await until(() => app.nest.get(Signals).current);
  });
  afterAll(() => app.stop());

  /** A key that was used once. */
  const used = async (change: Record<string, unknown> = {}): Promise<[clientId: string, secret: string]> => {
    const [clientId, secret] = apart(await addKey(app, change));
    await keys.authenticate(clientId, secret);
    return [clientId, secret];
  };

  it('lets a key in without asking the database, and a wrong secret never', async () => {
    const [clientId, secret] = await used();
    expect(keys.known(clientId, secret)).toMatchObject({ clientId });
    expect(keys.known(clientId, `${secret}x`)).toBeUndefined();
    expect(keys.known('rgk_nobody0123456789', secret)).toBeUndefined();
  });

  it('ends with the key: when it expires, and when an old secret does', async () => {
    const inAnHour = app.clock.inSeconds(3600).toISOString();
    const old = { hash: hashOf('the-secret-before'), validUntil: inAnHour };
    const [expiring, secret] = await used({ expires_at: inAnHour });
    const [rotated] = await used({ old_secrets: [old] });
    expect(keys.known(expiring, secret)).toBeDefined();
    expect(keys.known(rotated, 'the-secret-before')).toBeDefined();
    app.clock.advance(3601);
    expect(keys.known(expiring, secret)).toBeUndefined();
    expect(keys.known(rotated, 'the-secret-before')).toBeUndefined();
    expect(keys.known(rotated, secret)).toBeDefined();
    await expect(keys.authenticate(rotated, 'the-secret-before')).rejects.toMatchObject({ status: 401 });
  });

  it('is not believed while changes of other replicas are not heard', async () => {
    const [clientId, secret] = await used();
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'regrant-listener' AND datname = current_database()`;
    await app.database.query(cut);
    await until(() => !app.nest.get(Signals).current);
    expect(keys.known(clientId, secret)).toBeUndefined();
    expect((await api(app.url, 'GET', '/api/v1/applications', { key: API_KEY })).status).toBe(200);
    await until(() => app.nest.get(Signals).current);
    expect(keys.known(clientId, secret)).toBeUndefined();
  });

  it('is forgotten with a signal, also by who was reading the key meanwhile', async () => {
    const [clientId, secret] = await used();
    await app.database.query('SELECT pg_notify($1, $2)', ['regrant', `api-key ${clientId}`]);
    await until(() => !keys.known(clientId, secret));
    const reading = keys.authenticate(clientId, secret);
    keys.forget(clientId);
    await reading;
    expect(keys.known(clientId, secret)).toBeUndefined();
  });
});
