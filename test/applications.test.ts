import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ApplicationsService } from '../src/applications/applications.service.js';
import { createApp } from '../src/app.js';
import { parseConfig } from '../src/config/config.js';
import { createLogger } from '../src/common/logger.js';
import { API_KEY, startTestApp, type TestApp } from './support/app.js';
import {
  addApplication,
  addKey,
  type ApplicationAnswer,
  newApplication,
  randomSecret,
} from './support/applications.js';
import { createDatabase } from './support/database.js';
import { api, randomPartner, signUp } from './support/people.js';
import { APPLICATION, Simulator } from './support/simulator.js';

const DAY = 86_400_000;

describe('Applications', () => {
  let simulator: Simulator;
  let app: TestApp;

  beforeAll(async () => {
    simulator = await Simulator.start();
    app = await startTestApp(simulator.settings);
  });
  afterAll(async () => {
    await app.stop();
    await simulator.stop();
  });

  const call = <T = ApplicationAnswer>(method: string, path = '', body?: unknown, key = API_KEY) =>
    api<T>(app.url, method, `/api/v1/applications${path}`, { body, key });
  const create = async (change: object = {}) =>
    (await call('POST', '', { ...newApplication(), ...change })).body;
  const list = async (key = API_KEY) =>
    (await call<{ items: ApplicationAnswer[] }>('GET', '', undefined, key)).body.items;
  const seeded = async () =>
    (await list()).find(
      ({ applicationId }) => applicationId === APPLICATION.SPAPI_APPLICATION_ID,
    ) as ApplicationAnswer;
  const events = (id: string) =>
    app.database.query('SELECT type, actor, data FROM events WHERE application_id = $1 ORDER BY id', [id]);

  it('are added with a client secret, which is sealed and never comes back', async () => {
    const { clientSecret, ...fields } = newApplication();
    const { status, body } = await call('POST', '', { ...fields, clientSecret });
    expect(status).toBe(201);
    expect(body).toEqual({
      ...fields,
      id: expect.any(String),
      draft: false,
      listed: false,
      returnOrigins: [],
      clientSecrets: [
        {
          id: expect.any(String),
          createdAt: expect.any(String),
          expiresAt: expect.any(String),
          current: true,
        },
      ],
      usage: {
        selfAuthorizations: { used: 0, limit: 10 },
        sellerAuthorizations: { used: 0, limit: 25 },
      },
      warnings: [],
      credentialsRejectedAt: null,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    const life = Date.parse(body.clientSecrets[0]?.expiresAt ?? '') - app.clock.now().getTime();
    expect(Math.round(life / DAY)).toBe(180);
    expect((await call('GET', `/${body.id}`)).body).toEqual(body);
    const [stored] = await app.database.query(
      'SELECT sealed FROM application_client_secrets WHERE application_id = $1',
      [body.id],
    );
    expect(stored?.['sealed']).toMatch(/^s\d\./);
    expect(stored?.['sealed']).not.toContain(clientSecret);
    expect(JSON.stringify(await events(body.id))).not.toContain(clientSecret);
    expect(app.log()).not.toContain(clientSecret);
  });

  it('stand in one list, page by page, public and private, draft and published', async () => {
    const made = [await create({ type: 'private', draft: true }), await create({ listed: true })];
    const first = await call<{ items: { id: string }[]; nextCursor: string }>('GET', '?limit=1');
    const rest = await call<{ items: { id: string }[]; nextCursor: null }>(
      'GET',
      `?cursor=${first.body.nextCursor}`,
    );
    expect(rest.body.nextCursor).toBeNull();
    const all = [...first.body.items, ...rest.body.items];
    expect(all.slice(-2)).toEqual(made);
    expect(made[0]?.usage['sellerAuthorizations']).toEqual({ used: 0, limit: 0 });
    expect(made[1]?.usage['sellerAuthorizations']).toEqual({ used: 0, limit: null });
  });

  it('refuse a second one with the same Amazon application id, new or renamed', async () => {
    const first = await create();
    const again = await call('POST', '', { ...newApplication(), applicationId: first.applicationId });
    expect([again.status, again.body]).toMatchObject([409, { code: 'conflict' }]);
    const other = await create();
    const renamed = await call('PATCH', `/${other.id}`, { applicationId: first.applicationId });
    expect([renamed.status, renamed.body]).toMatchObject([409, { code: 'conflict' }]);
    expect((await call('GET', `/${other.id}`)).body.applicationId).toBe(other.applicationId);
  });

  it('change field by field, and the log says what was what before', async () => {
    const { id } = await create();
    const change = {
      name: 'Store',
      draft: true,
      lwaClientId: 'amzn1.application-oa2-client.b',
      returnOrigins: ['https://portal.example.com', 'http://localhost:8080'],
    };
    const { status, body } = await call('PATCH', `/${id}`, { ...change, type: 'public' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...change, type: 'public' });
    await call('PATCH', `/${id}`, { name: 'Store' });
    const actor = `api-key:${API_KEY.split('.')[0]}`;
    expect(await events(id)).toMatchObject([
      { type: 'application.created', actor },
      {
        type: 'application.changed',
        actor,
        data: {
          name: { from: 'Warehouse', to: 'Store' },
          draft: { from: false, to: true },
          returnOrigins: { from: [], to: change.returnOrigins },
        },
      },
    ]);
  });

  it.each([
    ['applicationId', 'amzn1.application-oa2-client.a'],
    ['applicationId', undefined],
    ['name', ' '],
    ['name', 'a\u0000b'],
    ['type', 'hybrid'],
    ['draft', 'yes'],
    ['draft', null],
    ['lwaClientId', 'amzn1.sp.solution.a'],
    ['lwaClientId', 'with space'],
    ['clientSecret', undefined],
    ['clientSecret', 'ü'],
    ['clientSecretExpiresAt', '2027-01-31'],
    ['clientSecretExpiresAt', '2027-02-31T00:00:00Z'],
    ['clientSecretExpiresAt', '2020-01-01T00:00:00Z'],
    ['returnOrigins', ['http://portal.example.com']],
    ['returnOrigins', ['https://portal.example.com/path']],
    ['returnOrigins', ['javascript:alert(1)']],
    ['returnOrigins', 'https://portal.example.com'],
    ['colour', 'red'],
  ])('refuse the field %s with the value %j, by its name', async (path, value) => {
    const answer = await call('POST', '', { ...newApplication(), [path]: value });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{ path }] });
  });

  it.each(['name', 'type', 'returnOrigins', 'lwaClientId'])(
    'refuse null for %s in a change',
    async (path) => {
      const answer = await call('PATCH', `/${(await create()).id}`, { [path]: null });
      expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ path }] }]);
    },
  );

  it('show to a limited key only what it is limited to, and let it add none', async () => {
    const mine = await create();
    const other = await create();
    const key = await addKey(app, { application_ids: [mine.id] });
    expect((await list(key)).map(({ id }) => id)).toEqual([mine.id]);
    expect(await list(await addKey(app, { application_ids: [randomUUID()] }))).toEqual([]);
    expect((await call('GET', `/${mine.id}`, undefined, key)).status).toBe(200);
    const attempts = [
      call('GET', `/${other.id}`, undefined, key),
      call('PATCH', `/${other.id}`, { name: 'Mine' }, key),
      call('DELETE', `/${other.id}`, undefined, key),
      call('POST', `/${other.id}/client-secrets`, { clientSecret: randomSecret() }, key),
      call('POST', '', newApplication(), key),
    ];
    for (const { status, body } of await Promise.all(attempts))
      expect([status, body]).toMatchObject([403, { code: 'forbidden' }]);
  });

  it.each([
    ['GET', '', 'tokens:vend'],
    ['POST', '', 'admin:read'],
    ['PATCH', '/x', 'admin:read'],
    ['DELETE', '/x', 'admin:read'],
    ['POST', '/x/client-secrets', 'admin:read'],
  ])('let %s%s pass only with a greater scope than %s', async (method, path, scope) => {
    const key = await addKey(app, { scopes: [scope] });
    const { status } = await call(method, path.replace('x', randomUUID()), undefined, key);
    expect(status).toBe(403);
  });

  it('are deleted with their secrets, and the log keeps their name', async () => {
    const { id, applicationId } = await create();
    expect((await call('DELETE', `/${id}`)).status).toBe(204);
    expect((await call('GET', `/${id}`)).status).toBe(404);
    expect((await call('DELETE', `/${id}`)).status).toBe(404);
    expect((await events(id)).at(-1)).toMatchObject({
      type: 'application.deleted',
      data: { applicationId, name: 'Warehouse', authorizations: 0 },
    });
    expect(
      await app.database.query('SELECT id FROM application_client_secrets WHERE application_id = $1', [id]),
    ).toEqual([]);
  });

  describe('whose client secret is rotated', () => {
    const rotate = (id: string, body: object) => call('POST', `/${id}/client-secrets`, body);

    it('have the new one as current, and those before for seven days at most', async () => {
      const { id } = await create();
      await rotate(id, { clientSecret: randomSecret() });
      app.clock.advance(86_400);
      const expiresAt = new Date(app.clock.now().getTime() + 90 * DAY).toISOString();
      const { status, body } = await rotate(id, { clientSecret: randomSecret(), expiresAt });
      expect(status).toBe(201);
      const days = body.clientSecrets.map((secret) =>
        Math.round((Date.parse(secret.expiresAt) - app.clock.now().getTime()) / DAY),
      );
      expect(days).toEqual([90, 7, 6]);
      expect(body.clientSecrets.map(({ current }) => current)).toEqual([true, false, false]);
      expect((await events(id)).map(({ type }) => String(type))).toEqual([
        'application.created',
        'application.secret_added',
        'application.secret_added',
      ]);
    });

    it('are not rotated twice when the same secret is sent again', async () => {
      const { id } = await create();
      const clientSecret = randomSecret();
      const first = await rotate(id, { clientSecret });
      const again = await rotate(id, { clientSecret });
      expect(again.body).toEqual(first.body);
      expect(again.body.clientSecrets).toHaveLength(2);
      expect(await events(id)).toHaveLength(2);
    });

    it('take another date for the current one', async () => {
      const { id } = await create();
      const clientSecret = randomSecret();
      await rotate(id, { clientSecret });
      const expiresAt = new Date(app.clock.now().getTime() + 30 * DAY).toISOString();
      const { body } = await rotate(id, { clientSecret, expiresAt });
      expect(body.clientSecrets.map((secret) => secret.expiresAt === expiresAt)).toEqual([true, false]);
      expect((await events(id)).at(-1)).toMatchObject({
        type: 'application.changed',
        data: { clientSecretExpiresAt: expiresAt },
      });
    });

    it('have every secret once when several programs rotate at the same moment', async () => {
      const { id } = await create();
      const clientSecret = randomSecret();
      const answers = await Promise.all(Array.from({ length: 5 }, () => rotate(id, { clientSecret })));
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
      expect((await call('GET', `/${id}`)).body.clientSecrets).toHaveLength(2);
    });

    it.each([
      ['in the past', { expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
      ['that is none', { clientSecret: '' }, 'clientSecret'],
    ])('refuse one %s', async (_what, change, path) => {
      const { id } = await create();
      const answer = await rotate(id, { clientSecret: randomSecret(), ...change });
      expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ path }] }]);
      expect((await call('GET', `/${id}`)).body.clientSecrets).toHaveLength(1);
    });

    it('keep what they have when Amazon was to be asked and refuses the new one, or is down', async () => {
      const application = await addApplication(app, simulator);
      const [good, bad] = [randomSecret(), randomSecret()];
      const { id, applicationId } = application;
      await simulator.application({ clientSecrets: [application.clientSecret, good] }, applicationId);
      const refused = await rotate(id, { clientSecret: bad, verify: true });
      expect([refused.status, refused.body]).toMatchObject([
        400,
        { errors: [{ path: 'clientSecret', message: expect.stringContaining('invalid_client') }] },
      ]);
      await simulator.application({ scenario: 'error500' }, applicationId);
      const down = await rotate(id, { clientSecret: good, verify: true });
      expect([down.status, down.body]).toMatchObject([503, { code: 'amazon_unavailable' }]);
      expect((await call('GET', `/${id}`)).body.clientSecrets).toHaveLength(1);
      await simulator.application({ scenario: 'normal' }, applicationId);
      expect((await rotate(id, { clientSecret: good, verify: true })).body.clientSecrets).toHaveLength(2);
    });
  });

  describe('that Amazon does not know by the newest secret', () => {
    let authorizationId: string;
    const old = APPLICATION.LWA_CLIENT_SECRET;

    beforeAll(async () => {
      const seller = await signUp(app.url);
      const { location } = await simulator.connect(seller, randomPartner());
      authorizationId = location.split('/').pop() ?? '';
    });
    const vend = () =>
      api(app.url, 'POST', `/api/v1/authorizations/${authorizationId}/access-token`, {
        body: { forceRefresh: true },
      });
    const refusals = () => simulator.lwaErrors('invalid_client');
    const warnings = () => app.log().split('\n').filter((line) => line.includes('newest client secret')); // prettier-ignore

    it('are served by the one before it, and the newest is tried again every minute', async () => {
      const { id } = await seeded();
      const newest = randomSecret();
      await call('POST', `/${id}/client-secrets`, { clientSecret: newest });
      const before = await refusals();
      for (let i = 0; i < 3; i++) expect((await vend()).status).toBe(200);
      expect((await refusals()) - before).toBe(1);
      expect(warnings()).toHaveLength(1);
      app.clock.advance(61);
      await vend();
      expect((await refusals()) - before).toBe(2);

      await simulator.application({ clientSecrets: [old, newest] });
      app.clock.advance(61);
      await vend();
      await simulator.application({ clientSecrets: [newest] });
      expect((await vend()).status).toBe(200);
      expect((await refusals()) - before).toBe(2);
      expect(warnings().join()).not.toContain('amzn1.oa2-cs');
    });

    it('use a newer one at once, also while an older one is in use', async () => {
      const { id } = await seeded();
      const current = randomSecret();
      await call('POST', `/${id}/client-secrets`, { clientSecret: randomSecret() });
      expect((await vend()).status).toBe(200);
      await call('POST', `/${id}/client-secrets`, { clientSecret: current });
      await simulator.application({ clientSecrets: [current] });
      const before = await refusals();
      expect((await vend()).status).toBe(200);
      expect((await refusals()) - before).toBe(0);
    });

    it('are refused as a whole once the older ones have expired, and no seller is blamed', async () => {
      const { id } = await seeded();
      await call('POST', `/${id}/client-secrets`, { clientSecret: randomSecret() });
      expect((await vend()).status).toBe(200);
      app.clock.advance(8 * 86_400);
      const answer = await vend();
      expect([answer.status, answer.body]).toMatchObject([503, { code: 'application_credentials_rejected' }]);
      const { body } = await api(app.url, 'GET', `/api/v1/authorizations/${authorizationId}`);
      expect(body).toMatchObject({ status: 'active' });
    });
  });

  describe('named by the environment', () => {
    const settings = (databaseUrl: string, change: Record<string, string> = {}) =>
      parseConfig({
        NODE_ENV: 'test',
        PORT: '0',
        DATABASE_URL: databaseUrl,
        ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
        ...APPLICATION,
        ...change,
      });
    const start = async (databaseUrl: string, change?: Record<string, string>) =>
      (await createApp(settings(databaseUrl, change), { logger: createLogger('silent') })).nest;

    it('are created once by replicas that start together, and rotated once when the secret there is new', async () => {
      const database = await createDatabase();
      const rotated = { LWA_CLIENT_SECRET: randomSecret() };
      const secretsAfter = async (change?: Record<string, string>) => {
        const replicas = await Promise.all([1, 2, 3].map(() => start(database.url, change)));
        const applications = await replicas[0]?.get(ApplicationsService).list();
        await Promise.all(replicas.map((replica) => replica.close()));
        expect(applications).toHaveLength(1);
        return database.query('SELECT sealed FROM application_client_secrets ORDER BY created_at DESC');
      };
      const first = await secretsAfter();
      expect(first).toHaveLength(1);
      const second = await secretsAfter(rotated);
      expect(second).toHaveLength(2);
      expect(second[1]).toEqual(first[0]);
      // A replica that comes back with the old environment does not turn the rotation back.
      expect(await secretsAfter()).toEqual(second);
      const types = await database.query('SELECT type, actor FROM events ORDER BY id');
      expect(types).toEqual([
        { type: 'application.created', actor: 'regrant' },
        { type: 'application.secret_added', actor: 'regrant' },
      ]);
      await database.drop();
    });
  });
});
