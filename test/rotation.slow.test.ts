import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Sealer } from '../src/crypto/sealer.js';
import { API_KEY, startTestApp, TestClock, type TestApp } from './support/app.js';
import { type BrowserClient } from './support/browser-client.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import {
  addAuthorizations,
  holdOff,
  holding,
  newKey,
  openAll,
  outcome,
  type RotationAnswer,
  startRotation,
  until,
  valuesByKey,
  waitingForRows,
} from './support/encryption.js';
import { freePort } from './support/ports.js';
import { api, randomPartner, signUp } from './support/people.js';
import { Regrant } from './support/regrant.js';
import { Simulator } from './support/simulator.js';

describe('A rotation by one of several replicas', () => {
  let simulator: Simulator;
  let database: TestDatabase;
  let settings: Record<string, string>;
  let apps: TestApp[];
  let regrant: Regrant | undefined;

  beforeAll(async () => {
    simulator = await Simulator.start();
  });
  afterAll(() => simulator.stop());
  beforeEach(async () => {
    database = await createDatabase();
    settings = { ...simulator.settings, ENCRYPTION_KEYS: `${newKey('k2')},${newKey('k1')}` };
    apps = [];
  });
  afterEach(async () => {
    regrant?.kill('SIGKILL');
    await Promise.all(apps.map((app) => app.stop()));
    await database.drop();
  });
  const replica = async (clock?: TestClock): Promise<TestApp> => {
    const app = await startTestApp(settings, { database, ...(clock && { clock }) });
    apps.push(app);
    return app;
  };
  const envelopesUnder = (dataKey: string) =>
    database.query(`SELECT id FROM authorizations WHERE split_part(sealed_refresh_token, '.', 2) = $1`, [
      dataKey,
    ]);
  const dataKeys = async () =>
    (await database.query<{ id: string }>('SELECT id FROM data_keys ORDER BY number')).map(({ id }) => id);

  it('disturbs nobody who renews and vends meanwhile on either of them', async () => {
    const [a, b] = [await replica(), await replica()];
    const idle = await addAuthorizations(a, 4000);
    const seller = await signUp(b.url);
    const partners = Array.from({ length: 4 }, randomPartner);
    const ids = await Promise.all(partners.map((partner) => connect(seller, partner)));
    const rotation = await startRotation(a);
    let running = true;
    let calls = 0;
    const busy = ids.map(async (id, index) => {
      for (let round = 0; running || round < 3; round++) {
        // A forced refresh opens the token; a renewal replaces it, sealed by a replica that may not know the new key yet.
        for (const app of [a, b]) {
          const { status } = await api(app.url, 'POST', `/api/v1/authorizations/${id}/access-token`, {
            body: { forceRefresh: true },
          });
          expect(status).toBe(200);
          calls++;
        }
        expect(await connect(seller, partners[index] ?? '')).toBe(id);
      }
    });
    expect(await outcome(a, rotation)).toMatchObject({ status: 'succeeded', failures: 0 });
    running = false;
    await Promise.all(busy);
    expect(calls).toBeGreaterThan(20);

    const tokens = await openAll(b);
    expect(tokens.size).toBe(4004);
    for (const [id, token] of idle) expect(tokens.get(id)).toBe(token);
    const [old = '', fresh = ''] = await dataKeys();
    expect(await envelopesUnder(old)).toEqual([]);
    expect(await envelopesUnder(fresh)).toHaveLength(4004);
  });

  it('does not make Amazon be asked twice for a token that is sealed anew during the call', async () => {
    const app = await replica();
    const seller = await signUp(app.url);
    const partner = randomPartner();
    const id = await connect(seller, partner);
    const token = (await openAll(app)).get(id) ?? '';
    await simulator.partner(partner, { scenario: 'slow', delayMs: 1500 });
    const vending = api(app.url, 'POST', `/api/v1/authorizations/${id}/access-token`);
    await until(async () => (await simulator.lwaCalls(partner))['refresh_token']);
    const place = { table: 'authorizations', column: 'sealed_refresh_token', rowId: id } as const;
    const anew = app.nest.get(Sealer, { strict: false }).seal(token, place);
    await database.query('UPDATE authorizations SET sealed_refresh_token = $1 WHERE id = $2', [anew, id]);
    expect((await vending).status).toBe(200);
    expect((await simulator.lwaCalls(partner))['refresh_token']).toBe(1);
    expect((await openAll(app)).get(id)).toBe(token);
  });

  it('goes on by another one after kill -9 in its middle, and loses nothing', async () => {
    const clock = new TestClock();
    const first = await replica();
    const tokens = await addAuthorizations(first, 3000);
    await first.stop();
    apps = [];
    const middle = [...tokens.keys()].sort()[1500] ?? '';
    regrant = await Regrant.start({
      ...settings,
      NODE_ENV: 'test',
      PORT: String(await freePort()),
      DATABASE_URL: database.url,
      BOOTSTRAP_API_KEY: API_KEY,
      RATE_LIMITS: 'off',
    });
    // Somebody holds a row in the middle, so the rotation certainly stands there when it is killed.
    const row = await holding(database, 'SELECT 1 FROM authorizations WHERE id = $1 FOR UPDATE', [middle]);
    const { id } = await startRotation(regrant);
    await until(async () => (await waitingForRows(database)) > 0);
    regrant.kill('SIGKILL');
    await regrant.ended();
    await row.commit();

    const [old = '', fresh = ''] = await dataKeys();
    await until(async () => (await waitingForRows(database)) === 0);
    const [before, after] = [(await envelopesUnder(old)).length, (await envelopesUnder(fresh)).length];
    expect(before + after).toBe(3000);
    expect(Math.min(before, after)).toBeGreaterThan(0);

    // While the dead one's lease lasts, nobody else begins; then the next start does.
    const early = await replica();
    expect((await status(early, id)).status).toBe('running');
    clock.advance(60);
    const late = await replica(clock);
    const done = await outcome(late, { id });
    expect(done).toMatchObject({ status: 'succeeded', failures: 0 });
    expect(done.done).toBe(done.total);
    expect(await openAll(late)).toEqual(tokens);
    expect(await envelopesUnder(old)).toEqual([]);
    expect(await dataKeys()).toEqual([old, fresh]);
    expect(await valuesByKey(late)).toEqual({ k1: 0, k2: 3001 });
  });

  it('is handed over at once by a replica that ends', async () => {
    const clock = new TestClock();
    const [a, b] = [await replica(clock), await replica(clock)];
    const tokens = await addAuthorizations(a, 2000);
    const rotation = await startRotation(a);
    holdOff(a);
    await a.stop();
    apps = [b];
    const [row] = await database.query<{ status: string; lease: Date }>(
      'SELECT status, lease_expires_at AS lease FROM encryption_rotations',
    );
    expect(row?.status).toBe('running');
    expect(row?.lease.getTime()).toBeLessThanOrEqual(clock.now().getTime());
    expect(await outcome(b, rotation)).toMatchObject({ status: 'succeeded', failures: 0 });
    expect(await openAll(b)).toEqual(tokens);
  });

  const status = async (app: TestApp, id: string): Promise<RotationAnswer> =>
    (await api<RotationAnswer>(app.url, 'GET', `/api/v1/encryption/rotations/${id}`)).body;

  /** Connects, or renews; answers the authorization's id. */
  async function connect(seller: BrowserClient, partner: string): Promise<string> {
    const { status, location } = await simulator.connect(seller, partner);
    expect(status).toBe(303);
    return location.split('/').pop() ?? '';
  }
});
