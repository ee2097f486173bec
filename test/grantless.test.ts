import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { AmazonProxy } from './support/amazon-proxy.js';
import { API_KEY, startTestApp, type TestApp } from './support/app.js';
import { addApplication, addKey } from './support/applications.js';
import { api } from './support/people.js';
import { Simulator } from './support/simulator.js';

const NOTIFICATIONS = 'sellingpartnerapi::notifications';
const ROTATION = 'sellingpartnerapi::client_credential:rotation';

interface Token {
  accessToken: string;
  expiresIn: number;
  scope: string;
  code?: string;
  detail?: string;
  errors?: { path: string; message: string }[];
}

describe('Grantless tokens', () => {
  let simulator: Simulator;
  let amazon: AmazonProxy;
  let app: TestApp;
  /** A new application for each test. */
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
    amazon.calls.length = 0;
  });
  afterEach(() => {
    amazon.intercept = () => undefined;
  });

  const vend = (scope: unknown = NOTIFICATIONS, key = API_KEY, id = application.id) =>
    api<Token>(app.url, 'POST', `/api/v1/applications/${id}/grantless-token`, { body: { scope }, key });
  const asked = () => amazon.calls.map(({ form }) => [form.get('grant_type'), form.get('scope')]);
  const scripted = (scenario: string) => simulator.application({ scenario }, application.applicationId);

  it('are tokens of the application, with their life and scope, for those who may vend', async () => {
    const { status, headers, body } = await vend();
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      accessToken: expect.stringMatching(/^Atza\|/),
      tokenType: 'bearer',
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      expiresIn: expect.any(Number),
      applicationId: application.id,
      scope: NOTIFICATIONS,
    });
    expect(body.expiresIn).toBeGreaterThan(3590);
    expect(asked()).toEqual([['client_credentials', NOTIFICATIONS]]);
    expect(app.log()).not.toContain(body.accessToken);
  });

  it('are accepted by Amazon for the operation of their scope, and for no other', async () => {
    const rotate = async (scope: string) => {
      const { accessToken } = (await vend(scope)).body;
      const url = `${simulator.url}/na/applications/2023-11-30/clientSecret`;
      return (await fetch(url, { method: 'POST', headers: { 'x-amz-access-token': accessToken } })).status;
    };
    expect(await rotate(NOTIFICATIONS)).toBe(403);
    await simulator.application({ enrolledForRotation: true }, application.applicationId);
    expect(await rotate(ROTATION)).toBe(204);
  });

  it('cost one call of Amazon for 50 callers at the same moment, and none for those who come after', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => vend()));
    expect(new Set(answers.map(({ body }) => body.accessToken)).size).toBe(1);
    expect((await vend()).body.accessToken).toBe(answers[0]?.body.accessToken);
    expect(asked()).toHaveLength(1);
  });

  it('are the same for the same scopes in another order, and others for other scopes and applications', async () => {
    const both = await vend(`${NOTIFICATIONS} ${ROTATION}`);
    const turned = await vend(`${ROTATION} ${NOTIFICATIONS} ${ROTATION}`);
    expect(turned.body.accessToken).toBe(both.body.accessToken);
    expect(turned.body.scope).toBe(`${ROTATION} ${NOTIFICATIONS}`);
    expect((await vend()).body.accessToken).not.toBe(both.body.accessToken);
    const other = await addApplication(app, simulator);
    const elsewhere = await vend(NOTIFICATIONS, API_KEY, other.id);
    expect(elsewhere.body.accessToken).not.toBe((await vend()).body.accessToken);
  });

  it('are replaced a minute before they end', async () => {
    const first = await vend();
    app.clock.advance(3530);
    expect((await vend()).body.accessToken).toBe(first.body.accessToken);
    app.clock.advance(15);
    expect((await vend()).body.accessToken).not.toBe(first.body.accessToken);
    expect(asked()).toHaveLength(2);
  });

  it.each([
    ['client secret', '/client-secrets', 'POST', 'clientSecrets', 'clientSecret'],
    ['client id', '', 'PATCH', 'clientId', 'lwaClientId'],
  ])('are forgotten when the %s of the application changes', async (_what, path, method, at, field) => {
    const first = await vend();
    const value = `amzn1.new.${randomUUID()}`;
    await simulator.application({ [at]: at === 'clientId' ? value : [value] }, application.applicationId);
    const { status } = await api(app.url, method, `/api/v1/applications/${application.id}${path}`, {
      body: { [field]: value },
    });
    expect(status).toBeLessThan(300);
    const second = await vend();
    expect(second.status).toBe(200);
    expect(second.body.accessToken).not.toBe(first.body.accessToken);
  });

  it.each(['', 'notifications', `${NOTIFICATIONS}  ${ROTATION}`, `${NOTIFICATIONS}\n`, ['a'], undefined])(
    'are refused for %j, which is no scope, without asking Amazon',
    async (scope) => {
      const { status, body } = await vend(scope ?? null);
      expect([status, body.code, body.errors]).toEqual([
        400,
        'invalid_request',
        [{ path: 'scope', message: expect.stringContaining('must be a name such as') }],
      ]);
      expect(asked()).toEqual([]);
    },
  );

  it('are refused as Amazon refuses a scope that it does not know, or that is not for this application', async () => {
    const unknown = await vend('sellingpartnerapi::everything');
    expect([unknown.status, unknown.body]).toMatchObject([
      400,
      {
        code: 'invalid_request',
        errors: [{ path: 'scope', message: expect.stringContaining('invalid_scope') }],
      },
    ]);
    amazon.intercept = ({ form }) =>
      form.get('scope') === ROTATION ? { status: 400, body: { error: 'unauthorized_client' } } : undefined;
    const forbidden = await vend(ROTATION);
    expect([forbidden.status, forbidden.body]).toMatchObject([
      403,
      { code: 'forbidden', detail: expect.stringContaining('roles at Amazon') },
    ]);
    expect((await vend()).status).toBe(200);
  });

  it('are not given while Amazon refuses the application, and the operator is told', async () => {
    await scripted('secretExpired');
    const { status, headers, body } = await vend();
    expect([status, body.code]).toEqual([503, 'application_credentials_rejected']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it.each(['throttled', 'error500', 'garbage'])(
    'are served while they live when Amazon is %s, and then the caller is told when to come back',
    async (scenario) => {
      const first = await vend();
      await scripted(scenario);
      app.clock.advance(3570);
      const living = await vend();
      expect([living.status, living.body.accessToken]).toEqual([200, first.body.accessToken]);
      app.clock.advance(31);
      const { status, headers, body } = await vend();
      expect([status, body.code]).toEqual([503, 'amazon_unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    },
  );

  it('cost Amazon a few calls however many ask while it is down, and are given soon after', async () => {
    amazon.intercept = () => ({ status: 500, body: {} });
    for (let i = 0; i < 30; i++) {
      const { status, headers, body } = await vend();
      expect([status, body.code]).toEqual([503, 'amazon_unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      app.clock.advance(1);
    }
    // It is left alone for at least half as long as it has been failing.
    expect(asked().length).toBeGreaterThan(2);
    expect(asked().length).toBeLessThan(15);
    amazon.intercept = () => undefined;
    app.clock.advance(31);
    expect((await vend()).status).toBe(200);
  });

  it('wait as long as Amazon says when it throttles', async () => {
    amazon.intercept = () => ({ status: 429, body: {}, headers: { 'retry-after': '20' } });
    await vend();
    amazon.intercept = () => undefined;
    app.clock.advance(15);
    const { status, headers } = await vend();
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
    app.clock.advance(5);
    expect((await vend()).status).toBe(200);
  });

  it('are given to no key that lacks the scope or is limited to other applications', async () => {
    const reader = await addKey(app, { scopes: ['admin:read'] });
    const stranger = await addKey(app, { application_ids: [randomUUID()] });
    const owner = await addKey(app, { application_ids: [application.id], scopes: ['tokens:vend'] });
    await vend();
    expect((await vend(NOTIFICATIONS, reader)).body.code).toBe('forbidden');
    expect((await vend(NOTIFICATIONS, stranger)).body.code).toBe('forbidden');
    expect((await vend(NOTIFICATIONS, owner)).status).toBe(200);
  });

  it('are not given for an application that never was, or is deleted', async () => {
    expect((await vend(NOTIFICATIONS, API_KEY, randomUUID())).body.code).toBe('not_found');
    await vend();
    await api(app.url, 'DELETE', `/api/v1/applications/${application.id}`);
    expect((await vend()).body.code).toBe('not_found');
  });

  describe('by the LWA-compatible endpoint', () => {
    const token = async (fields: Record<string, string>, key = API_KEY) => {
      const [clientId = '', clientSecret = ''] = key.split('.');
      const credentials = { client_id: clientId, client_secret: clientSecret };
      const body = new URLSearchParams({ grant_type: 'client_credentials', ...credentials, ...fields });
      const response = await fetch(`${app.url}/auth/o2/token`, { method: 'POST', body });
      return { status: response.status, headers: response.headers, body: await response.json() };
    };
    const limitedKey = () => addKey(app, { application_ids: [application.id] });

    it('come as Amazon would send them, for the one application of the key', async () => {
      const { status, headers, body } = await token({ scope: NOTIFICATIONS }, await limitedKey());
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(body).toEqual({
        access_token: (await vend()).body.accessToken,
        token_type: 'bearer',
        expires_in: expect.any(Number),
      });
    });

    it('need a key that is limited to one application when there are several', async () => {
      const { status, body } = await token({ scope: NOTIFICATIONS });
      expect([status, body]).toEqual([
        400,
        { error: 'unauthorized_client', error_description: expect.stringContaining('limited to one') },
      ]);
    });

    it.each([
      ['no scope', {}, 400, 'invalid_request'],
      ['a scope of another shape', { scope: 'profile' }, 400, 'invalid_scope'],
      ['a scope that Amazon does not know', { scope: 'sellingpartnerapi::all' }, 400, 'invalid_scope'],
      ['a wrong secret', { scope: NOTIFICATIONS, client_secret: 'x'.repeat(40) }, 401, 'invalid_client'],
    ])('are refused with %s in the words of LWA', async (_what, fields, status, error) => {
      const answer = await token(fields, await limitedKey());
      expect([answer.status, answer.body]).toEqual([
        status,
        { error, error_description: expect.any(String) },
      ]);
    });

    it('are temporarily unavailable while Amazon is', async () => {
      await scripted('error500');
      const { status, headers, body } = await token({ scope: NOTIFICATIONS }, await limitedKey());
      expect([status, body]).toMatchObject([503, { error: 'temporarily_unavailable' }]);
      expect(headers.get('retry-after')).not.toBeNull();
    });
  });
});
