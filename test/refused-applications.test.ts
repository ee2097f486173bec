import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AmazonProxy, type SeenCall } from './support/amazon-proxy.js';
import { startTestApp, type TestApp } from './support/app.js';
import { addApplication, type ApplicationAnswer, randomSecret } from './support/applications.js';
import { api, randomPartner } from './support/people.js';
import { Simulator } from './support/simulator.js';

interface Brought {
  id: string;
  refreshToken: string;
}

describe('When Login with Amazon refuses an application', () => {
  let simulator: Simulator;
  let amazon: AmazonProxy;
  let app: TestApp;
  /** A new one for each test. */
  let application: Awaited<ReturnType<typeof addApplication>>;

  beforeAll(async () => {
    simulator = await Simulator.start();
    amazon = await AmazonProxy.start(simulator.url);
    app = await startTestApp({ ...simulator.settings, ...amazon.settings });
  });
  afterAll(async () => {
    await app.stop();
    amazon.stop();
    await simulator.stop();
  });
  beforeEach(async () => {
    application = await addApplication(app, simulator);
  });
  afterEach(() => {
    amazon.intercept = () => undefined;
  });

  async function bring(count: number, verify = true): Promise<Brought[]> {
    const brought: Brought[] = [];
    while (brought.length < count) {
      const sellingPartnerId = randomPartner();
      const refreshToken = await simulator.selfAuthorize(sellingPartnerId, application.applicationId);
      const grant = { applicationId: application.id, sellingPartnerId, region: 'NA', refreshToken, verify };
      const { body } = await api<{ id: string }>(app.url, 'POST', '/api/v1/authorizations', { body: grant });
      brought.push({ id: body.id, refreshToken });
    }
    amazon.calls.length = 0;
    return brought;
  }
  /** Vends one after the other and answers what came of each: a status and a code. */
  async function vendEach(brought: Brought[], body: object = {}): Promise<string[]> {
    const outcomes: string[] = [];
    for (const { id } of brought) {
      const path = `/api/v1/authorizations/${id}/access-token`;
      const answer = await api<{ code?: string }>(app.url, 'POST', path, { body });
      if (answer.status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      outcomes.push(answer.body.code ?? String(answer.status));
    }
    return outcomes;
  }
  const refuse = (error: string, whom: (call: SeenCall) => boolean) => {
    amazon.intercept = (call) => (whom(call) ? { status: 400, body: { error } } : undefined);
  };
  const rejectedAt = async () =>
    (await api<ApplicationAnswer>(app.url, 'GET', `/api/v1/applications/${application.id}`)).body
      .credentialsRejectedAt;
  const eventsOf = async (type: string) =>
    app.database.query('SELECT 1 FROM events WHERE application_id = $1 AND type = $2', [
      application.id,
      type,
    ]);
  const flagged = () =>
    app.database.query(`SELECT 1 FROM authorizations WHERE application_id = $1 AND status <> 'active'`, [
      application.id,
    ]);
  const lwaCalls = () => amazon.calls.filter(({ path }) => path === '/auth/o2/token').length;
  const served = (count: number) => Array.from({ length: count }, () => '200');
  const refused = (count: number) => Array.from({ length: count }, () => 'application_credentials_rejected');

  it('some tokens that it refuses stop no other, though the application gets no grantless tokens either', async () => {
    const [good, ...bad] = await bring(4);
    const dead = new Set(bad.map(({ refreshToken }) => refreshToken));
    refuse(
      'unauthorized_client',
      ({ form }) =>
        dead.has(form.get('refresh_token') ?? '') || form.get('grant_type') === 'client_credentials',
    );
    for (let round = 0; round < 2; round++) {
      for (const one of bad) {
        expect(await vendEach([one])).toEqual(refused(1));
        expect(await vendEach([good as Brought], { forceRefresh: true })).toEqual(served(1));
      }
      app.clock.advance(3601);
    }
    expect(await eventsOf('application.credentials_rejected')).toEqual([]);
    expect(await flagged()).toEqual([]);
  });

  it('for tokens of another application, brought unseen, that is no word against this one', async () => {
    const mine = await bring(1);
    const foreign = await bring(6, false);
    const theirs = new Set(foreign.map(({ refreshToken }) => refreshToken));
    refuse('unauthorized_client', ({ form }) => theirs.has(form.get('refresh_token') ?? ''));
    expect(await vendEach(foreign)).toEqual(refused(6));
    expect(await eventsOf('application.credentials_rejected')).toEqual([]);
    expect(await vendEach(mine)).toEqual(served(1));
  });

  it('with unauthorized_client whoever asks, it is flagged after three, hardly asked any more, and recovers', async () => {
    const brought = await bring(16);
    refuse('unauthorized_client', ({ form }) => form.has('client_id', application.lwaClientId));
    expect(await vendEach(brought.slice(0, 3))).toEqual(refused(3));
    expect(await rejectedAt()).toEqual(expect.any(String));
    const rest = brought.slice(3).map((one) => vendEach([one]));
    expect((await Promise.all(rest)).flat()).toEqual(refused(13));
    // Three, and now and then one that looks whether it still is so.
    expect(lwaCalls()).toBeLessThan(10);
    expect(await eventsOf('application.credentials_rejected')).toHaveLength(1);
    expect(await flagged()).toEqual([]);

    amazon.intercept = () => undefined;
    app.clock.advance(61);
    expect(await vendEach(brought)).toEqual(served(16));
    expect(await rejectedAt()).toBeNull();
    expect(await eventsOf('application.credentials_accepted')).toHaveLength(1);
  });

  it('with unauthorized_client for the only authorization that there is, it is flagged at once', async () => {
    const brought = await bring(1);
    refuse('unauthorized_client', ({ form }) => form.has('client_id', application.lwaClientId));
    expect(await vendEach(brought)).toEqual(refused(1));
    expect(await rejectedAt()).toEqual(expect.any(String));
    expect(await flagged()).toEqual([]);
  });

  it('with unauthorized_client for the newest client secret only, the one before it serves', async () => {
    const brought = await bring(1);
    const clientSecret = randomSecret();
    const path = `/api/v1/applications/${application.id}/client-secrets`;
    await api(app.url, 'POST', path, { body: { clientSecret } });
    refuse('unauthorized_client', ({ form }) => form.get('client_secret') === clientSecret);
    expect(await vendEach(brought)).toEqual(served(1));
    expect(await rejectedAt()).toBeNull();
  });

  it('with invalid_client, the list of applications says since when, and a new secret ends it at once', async () => {
    const brought = await bring(3);
    expect(await rejectedAt()).toBeNull();
    await simulator.application({ scenario: 'secretExpired' }, application.applicationId);
    expect(await vendEach(brought)).toEqual(refused(3));
    expect(await rejectedAt()).toEqual(expect.any(String));
    expect(await flagged()).toEqual([]);

    const clientSecret = randomSecret();
    const change = { scenario: 'normal', clientSecrets: [clientSecret] };
    await simulator.application(change, application.applicationId);
    const path = `/api/v1/applications/${application.id}/client-secrets`;
    await api(app.url, 'POST', path, { body: { clientSecret } });
    expect(await vendEach(brought)).toEqual(served(3));
    expect(await rejectedAt()).toBeNull();
  });

  it('and it is deleted while Amazon looks at a token that is brought for it, the answer says that it is gone', async () => {
    const sellingPartnerId = randomPartner();
    const refreshToken = await simulator.selfAuthorize(sellingPartnerId, application.applicationId);
    let arrived = (): void => undefined;
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    amazon.intercept = () => void arrived();
    await simulator.partner(sellingPartnerId, { scenario: 'slow', delayMs: 1000 });
    const grant = { applicationId: application.id, sellingPartnerId, region: 'NA', refreshToken };
    const bringing = api(app.url, 'POST', '/api/v1/authorizations', { body: grant });
    await asked;
    expect((await api(app.url, 'DELETE', `/api/v1/applications/${application.id}`)).status).toBe(204);
    const { status, body } = await bringing;
    expect([status, body['code']]).toEqual([404, 'not_found']);
  });
});
