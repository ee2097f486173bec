import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { IdleProbes } from '../src/tokens/idle-probes.service.js';
import { AmazonProxy } from './support/amazon-proxy.js';
import { startTestApp, TestClock, type TestApp } from './support/app.js';
import { addApplication } from './support/applications.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { newKey } from './support/encryption.js';
import { api, randomPartner } from './support/people.js';
import { APPLICATION, Simulator } from './support/simulator.js';

const HOUR = 3600;
const DAY = 24 * HOUR;

interface Shown {
  id: string;
  status: string;
  sellingPartnerId: string;
  lastVendedAt: string | null;
  lastCheckedAt: string | null;
}

describe('An authorization that no program asks for', () => {
  let simulator: Simulator;
  let amazon: AmazonProxy;
  let database: TestDatabase;
  let clock: TestClock;
  let app: TestApp;
  let settings: Record<string, string>;

  beforeAll(async () => {
    simulator = await Simulator.start();
    amazon = await AmazonProxy.start(simulator.url);
    settings = { ...simulator.settings, ...amazon.settings, ENCRYPTION_KEYS: newKey('test') };
    database = await createDatabase();
    clock = new TestClock();
    app = await startTestApp(settings, { database, clock });
  });
  afterAll(async () => {
    await app.stop();
    await database.drop();
    amazon.stop();
    await simulator.stop();
  });
  beforeEach(() => {
    amazon.calls.length = 0;
  });
  afterEach(async () => {
    amazon.intercept = () => undefined;
    await database.query('DELETE FROM authorizations');
  });

  const probe = (replica = app) => replica.nest.get(IdleProbes).run();
  const shown = async (id: string) => (await api<Shown>(app.url, 'GET', `/api/v1/authorizations/${id}`)).body;
  const events = async (id: string) =>
    (await database.query('SELECT type FROM events WHERE authorization_id = $1 ORDER BY id', [id])).map(
      ({ type }) => type as string,
    );
  /** Brings one in as an operator does, after one exchange; Amazon knows it. */
  async function bring(applicationId = APPLICATION.SPAPI_APPLICATION_ID): Promise<Shown> {
    const sellingPartnerId = randomPartner();
    const refreshToken = await simulator.selfAuthorize(sellingPartnerId, applicationId);
    const body = { applicationId, sellingPartnerId, region: 'NA', refreshToken };
    return (await api<Shown>(app.url, 'POST', '/api/v1/authorizations', { body })).body;
  }
  const bringSome = async (count: number, applicationId?: string) => {
    const brought: Shown[] = [];
    while (brought.length < count) brought.push(await bring(applicationId));
    return brought;
  };
  /** Lets the time pass in steps as short as the replica's own, or nearly so. */
  async function letPass(seconds: number, step = 2 * HOUR): Promise<void> {
    for (let passed = 0; passed < seconds; passed += step) {
      clock.advance(step);
      await probe();
    }
  }
  const refreshes = () => amazon.calls.filter(({ form }) => form.get('grant_type') === 'refresh_token');

  it('is found revoked within a week, and those that are not are asked about once and vended to nobody', async () => {
    const [revoked, ...alive] = await bringSome(6);
    await simulator.partner(revoked?.sellingPartnerId ?? '', { scenario: 'revoked' });
    await letPass(7.1 * DAY);
    expect(await shown(revoked?.id ?? '')).toMatchObject({ status: 'reauthorization_required' });
    expect(await events(revoked?.id ?? '')).toEqual([
      'authorization.created',
      'authorization.reauthorization_required',
    ]);
    for (const { id, lastCheckedAt } of alive) {
      const now = await shown(id);
      expect(now).toMatchObject({ status: 'active', lastVendedAt: null });
      expect(Date.parse(now.lastCheckedAt ?? '') - Date.parse(lastCheckedAt ?? '')).toBeGreaterThan(
        3.9 * DAY * 1000,
      );
      expect((await simulator.lwaCalls(now.sellingPartnerId))['refresh_token']).toBe(2);
    }
  });

  it('recovers by itself within a day or so after Amazon takes its verdict back', async () => {
    const { id, sellingPartnerId } = await bring();
    await simulator.partner(sellingPartnerId, { scenario: 'revoked' });
    const path = `/api/v1/authorizations/${id}/access-token`;
    expect((await api(app.url, 'POST', path)).status).toBe(409);
    const asked = refreshes().length;
    await letPass(3 * DAY);
    expect(refreshes().length - asked).toBeGreaterThanOrEqual(2);
    expect(refreshes().length - asked).toBeLessThanOrEqual(3);
    await simulator.partner(sellingPartnerId, { scenario: 'normal' });
    await letPass(1.2 * DAY);
    expect(await shown(id)).toMatchObject({ status: 'active', lastVendedAt: null });
    expect((await events(id)).at(-1)).toBe('authorization.recovered');
  });

  it('is left alone while programs ask for it, and once it is disconnected', async () => {
    const [used, gone] = await bringSome(2);
    await api(app.url, 'DELETE', `/api/v1/authorizations/${gone?.id}`);
    amazon.calls.length = 0;
    for (let day = 0; day < 10; day++) {
      const path = `/api/v1/authorizations/${used?.id}/access-token`;
      expect((await api(app.url, 'POST', path)).status).toBe(200);
      await letPass(DAY, 6 * HOUR);
    }
    expect(refreshes()).toHaveLength(10);
  });

  it('is probed within a day when it was brought unseen', async () => {
    const body = {
      sellingPartnerId: randomPartner(),
      region: 'NA',
      refreshToken: 'Atzr|nobody',
      verify: false,
    };
    const { id } = (await api<Shown>(app.url, 'POST', '/api/v1/authorizations', { body })).body;
    await letPass(DAY);
    expect(await shown(id)).toMatchObject({ status: 'reauthorization_required' });
  });

  it('is not probed by two replicas at once', async () => {
    const other = await startTestApp(settings, { database, clock });
    const brought = await bringSome(12);
    amazon.calls.length = 0;
    clock.advance(7 * DAY);
    await Promise.all([probe(), probe(other), probe(), probe(other)]);
    await other.stop();
    expect(refreshes()).toHaveLength(brought.length);
    for (const { sellingPartnerId } of brought)
      expect((await simulator.lwaCalls(sellingPartnerId))['refresh_token']).toBe(2);
  });

  it('comes back at another hour than those that were stored with it', async () => {
    await bring();
    await database.query(
      `INSERT INTO authorizations SELECT (json_populate_record(a, json_build_object('id', gen_random_uuid(),
         'selling_partner_id', 'A' || n, 'probe_at', a.last_checked_at))).*
       FROM authorizations a, generate_series(1, 2000) AS n`,
    );
    await probe();
    const [most] = await database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM authorizations
       GROUP BY date_trunc('hour', probe_at) ORDER BY 1 DESC LIMIT 1`,
    );
    // 2001 over 72 hours: 28 in each, more or less.
    expect(most?.count).toBeLessThan(60);
    expect(refreshes()).toHaveLength(1);
  });

  it('costs a bounded number of calls while Amazon is down, and is probed afterwards', async () => {
    const brought = await bringSome(12);
    clock.advance(7 * DAY);
    amazon.calls.length = 0;
    amazon.intercept = () => ({ status: 500, body: {} });
    await probe();
    expect(amazon.calls).toHaveLength(3);
    amazon.intercept = () => undefined;
    await letPass(2 * HOUR);
    for (const { id, lastCheckedAt } of brought)
      expect((await shown(id)).lastCheckedAt).not.toBe(lastCheckedAt);
  });

  it('is probed also while Amazon refuses another application, which it hardly is asked about', async () => {
    const broken = await addApplication(app, simulator);
    const theirs = await bringSome(8, broken.applicationId);
    const ours = await bringSome(8);
    await simulator.application({ scenario: 'secretExpired' }, broken.applicationId);
    clock.advance(7 * DAY);
    amazon.calls.length = 0;
    await probe();
    for (const { id, lastCheckedAt } of ours) expect((await shown(id)).lastCheckedAt).not.toBe(lastCheckedAt);
    for (const { id } of theirs) expect(await shown(id)).toMatchObject({ status: 'active' });
    expect(amazon.calls.filter(({ form }) => form.get('client_id') === broken.lwaClientId)).toHaveLength(1);

    await simulator.application({ scenario: 'normal' }, broken.applicationId);
    await letPass(1.5 * DAY);
    for (const { id, lastCheckedAt } of theirs)
      expect((await shown(id)).lastCheckedAt).not.toBe(lastCheckedAt);
  });
});
