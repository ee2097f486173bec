import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AmazonProxy } from './support/amazon-proxy.js';
import { startTestApp, TestClock, type TestApp } from './support/app.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { holding, newKey, openAll, until, waitingForRows } from './support/encryption.js';
import { api, randomPartner } from './support/people.js';
import { Simulator } from './support/simulator.js';

interface Vended {
  status: number;
  headers: Headers;
  body: { accessToken: string; code?: string };
}

describe('An access token of two replicas', () => {
  let simulator: Simulator;
  let amazon: AmazonProxy;
  let database: TestDatabase;
  let clock: TestClock;
  let apps: TestApp[];
  let id: string;

  beforeAll(async () => {
    simulator = await Simulator.start();
    amazon = await AmazonProxy.start(simulator.url);
    database = await createDatabase();
    clock = new TestClock();
    const settings = { ...simulator.settings, ...amazon.settings, ENCRYPTION_KEYS: newKey('test') };
    apps = [];
    while (apps.length < 2) apps.push(await startTestApp(settings, { database, clock }));
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.stop()));
    await database.drop();
    amazon.stop();
    await simulator.stop();
  });
  beforeEach(async () => {
    const sellingPartnerId = randomPartner();
    const refreshToken = await simulator.selfAuthorize(sellingPartnerId);
    const body = { sellingPartnerId, region: 'NA', refreshToken };
    id = (await api<{ id: string }>(apps[0]?.url ?? '', 'POST', '/api/v1/authorizations', { body })).body.id;
    amazon.calls.length = 0;
  });
  afterEach(() => {
    amazon.intercept = () => undefined;
  });

  const vend = (n: number, body: object = {}): Promise<Vended> =>
    api(apps[n % 2]?.url ?? '', 'POST', `/api/v1/authorizations/${id}/access-token`, { body });
  const refreshToken = async () => (await openAll(apps[0] as TestApp)).get(id);

  const outages: [string, AmazonProxy['intercept']][] = [
    ['breaks connections off', () => 'hang up'],
    ['answers 500', () => ({ status: 500, body: { error: 'server_error' } })],
    ['answers what nobody can read', () => ({ status: 200, body: { access_token: 7 } })],
  ];
  it.each(outages)(
    'is served as long as it lives while Amazon %s, which is not flooded',
    async (_what, down) => {
      const { accessToken } = (await vend(0)).body;
      amazon.intercept = down;
      amazon.calls.length = 0;
      for (let minute = 1; minute < 60; minute++) {
        clock.advance(60);
        const answers = await Promise.all([vend(0), vend(1), vend(minute, { forceRefresh: true })]);
        for (const { status, body } of answers)
          expect([status, body.accessToken]).toEqual([200, accessToken]);
      }
      // Once a minute at most, but for the first moments.
      expect(amazon.calls.length).toBeLessThan(70);

      clock.advance(60);
      amazon.calls.length = 0;
      const dry = await Promise.all(Array.from({ length: 100 }, (_, n) => vend(n)));
      for (const { status, headers, body } of dry) {
        expect([status, body.code]).toEqual([503, 'amazon_unavailable']);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect(amazon.calls.length).toBeLessThan(5);

      amazon.intercept = () => undefined;
      clock.advance(61);
      expect((await vend(1)).status).toBe(200);
    },
  );

  it('is handed out only after another refresh token, which came with it, is stored', async () => {
    amazon.intercept = () => answerWith('Atzr|another');
    // Somebody holds the row, so that storing takes a while.
    const held = await holding(database, 'SELECT 1 FROM authorizations WHERE id = $1 FOR NO KEY UPDATE', [
      id,
    ]);
    let answered = false;
    const vending = vend(0).finally(() => (answered = true));
    await until(async () => (await waitingForRows(database)) > 0);
    expect(amazon.calls).toHaveLength(1);
    expect(answered).toBe(false);
    await held.commit();
    expect((await vending).status).toBe(200);
    expect(await refreshToken()).toBe('Atzr|another');
  });

  it('is handed out also when the database does not take it, and what came with it is stored later', async () => {
    const before = await refreshToken();
    amazon.intercept = () => answerWith('Atzr|later');
    await database.query(
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$`,
    );
    await database.query(
      'CREATE TRIGGER full_disk BEFORE UPDATE ON authorizations FOR EACH ROW EXECUTE FUNCTION full_disk()',
    );
    const answers = await Promise.all([vend(0), vend(0), vend(0)]);
    for (const { status, body } of answers) expect([status, body.accessToken]).toEqual([200, 'Atza|proxy']);
    expect(await refreshToken()).toBe(before);
    expect((await vend(0)).body.accessToken).toBe('Atza|proxy');

    await database.query('DROP FUNCTION full_disk CASCADE');
    await until(async () => (await refreshToken()) === 'Atzr|later');
    expect((await vend(1)).body.accessToken).toBe('Atza|proxy');
    expect(amazon.calls).toHaveLength(1);
  });
});

const answerWith = (refreshToken: string) => ({
  status: 200,
  body: { access_token: 'Atza|proxy', token_type: 'bearer', expires_in: 3600, refresh_token: refreshToken },
});
