import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AmazonProxy } from './support/amazon-proxy.js';
import { startTestApp, type TestApp } from './support/app.js';
import { type ApplicationAnswer, newApplication, randomSecret } from './support/applications.js';
import { addAuthorizations, until } from './support/encryption.js';
import { api } from './support/people.js';
import { Replicas } from './support/replicas.js';
import { APPLICATION } from './support/simulator.js';

const EACH = 1000;
const AT_ONCE = 25;

describe('An application that Amazon does not know any more', () => {
  let amazon: AmazonProxy;
  let replicas: Replicas;
  let app: TestApp;
  const broken = newApplication();
  /** The client secret that Amazon knows; it takes any refresh token. */
  let secret = broken.clientSecret;

  beforeAll(async () => {
    amazon = await AmazonProxy.start('http://127.0.0.1:9');
    amazon.intercept = ({ form }) =>
      form.get('client_id') === broken.lwaClientId && form.get('client_secret') !== secret
        ? { status: 401, body: { error: 'invalid_client' } }
        : { status: 200, body: granted(form.get('refresh_token')) };
    replicas = await Replicas.start(2, { ...APPLICATION, ...amazon.settings });
    app = await startTestApp(replicas.settings, { database: replicas.database });
  });
  afterAll(async () => {
    await app.stop();
    await replicas.stop();
    amazon.stop();
  });

  const callsOf = (clientId: string) =>
    amazon.calls.filter(({ form }) => form.get('client_id') === clientId).length;
  /** Vends each once, over both replicas; how often each status came. */
  async function vendAll(ids: string[]): Promise<Record<string, number>> {
    const outcomes: Record<string, number> = {};
    const left = ids.map((id, n) => ({ id, n }));
    const caller = async () => {
      for (let next = left.pop(); next; next = left.pop()) {
        const { status, body } = await replicas.vend(next.n, next.id);
        const outcome = body.code ?? String(status);
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, caller));
    return outcomes;
  }

  it('disturbs no other one of 1,000 authorizations, flags none of its own, and recovers by itself', async () => {
    const created = await api<ApplicationAnswer>(replicas.url(0), 'POST', '/api/v1/applications', {
      body: broken,
    });
    const { id } = created.body;
    const theirs = [...(await addAuthorizations(app, EACH, broken.applicationId)).keys()];
    const others = [...(await addAuthorizations(app, EACH, APPLICATION.SPAPI_APPLICATION_ID)).keys()];
    const rejectedAt = async () =>
      (await api<ApplicationAnswer>(replicas.url(1), 'GET', `/api/v1/applications/${id}`)).body
        .credentialsRejectedAt;

    secret = randomSecret();
    const [undisturbed, refused] = await Promise.all([vendAll(others), vendAll(theirs)]);
    expect(undisturbed).toEqual({ '200': EACH });
    expect(refused).toEqual({ application_credentials_rejected: EACH });
    expect(callsOf(APPLICATION.LWA_CLIENT_ID)).toBe(EACH);
    // Those that were under way at the first refusal, and then one after 1, 2, 4, … seconds.
    expect(callsOf(broken.lwaClientId)).toBeLessThan(AT_ONCE + 10);
    expect(await rejectedAt()).toEqual(expect.any(String));
    const flagged = await replicas.database.query(`SELECT 1 FROM authorizations WHERE status <> 'active'`);
    expect(flagged).toEqual([]);

    // A new secret is tried at once.
    const path = `/api/v1/applications/${id}/client-secrets`;
    await api(replicas.url(0), 'POST', path, { body: { clientSecret: secret } });
    await until(async () => (await replicas.vend(1, theirs[0] ?? '')).status === 200);
    expect(await rejectedAt()).toBeNull();
    expect(await vendAll(theirs.slice(0, 100))).toEqual({ '200': 100 });

    // And when Amazon takes the old one again, nobody has to do anything.
    const taken = secret;
    secret = randomSecret();
    expect(await vendAll(theirs.slice(100, 150))).toEqual({ application_credentials_rejected: 50 });
    secret = taken;
    await until(async () => (await replicas.vend(0, theirs[100] ?? '')).status === 200);
    expect(await vendAll(theirs.slice(100, 200))).toEqual({ '200': 100 });
    expect(await rejectedAt()).toBeNull();
  }, 120_000);
});

const granted = (refreshToken: string | null) => ({
  access_token: `Atza|${refreshToken?.slice(5, 20)}`,
  token_type: 'bearer',
  expires_in: 3600,
  refresh_token: refreshToken,
});
