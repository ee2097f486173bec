import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { AmazonProxy } from './support/amazon-proxy.js';
import { API_KEY } from './support/app.js';
import { newApplication, randomSecret } from './support/applications.js';
import { until } from './support/encryption.js';
import { api, randomPartner } from './support/people.js';
import { Replicas } from './support/replicas.js';
import { APPLICATION } from './support/simulator.js';
import { TcpProxy } from './support/tcp-proxy.js';

/** Milliseconds within which a change of one replica must be seen by the others. */
const SEEN_WITHIN = 1000;

describe('What one replica changes', () => {
  let amazon: AmazonProxy;
  /** The second one listens for changes through `line`. */
  let replicas: Replicas;
  let line: TcpProxy;
  const other = newApplication();
  let otherId: string;
  /** The client secret of `other` that Amazon knows. */
  let secret = other.clientSecret;
  let tokens = 0;

  beforeAll(async () => {
    amazon = await AmazonProxy.start('http://127.0.0.1:9');
    amazon.intercept = ({ form }) =>
      form.get('client_id') === other.lwaClientId && form.get('client_secret') !== secret
        ? { status: 401, body: { error: 'invalid_client' } }
        : { status: 200, body: granted(form.get('refresh_token'), (tokens += 1)) };
    const { hostname: host, port } = new URL(process.env['REGRANT_TEST_SERVER'] ?? '');
    line = await TcpProxy.start({ host, port: Number(port) });
    replicas = await Replicas.start(2, { ...APPLICATION, ...amazon.settings }, ({ url }) => {
      const listenUrl = new URL(url);
      listenUrl.host = `127.0.0.1:${line.port}`;
      return { DATABASE_LISTEN_URL: listenUrl.href };
    });
    const { body } = await call<{ id: string }>('POST', '/applications', other);
    otherId = body.id;
  });
  afterAll(async () => {
    await replicas.stop();
    line.stop();
    amazon.stop();
  });

  /** A request to the first replica. */
  const call = <T = unknown>(method: string, path: string, body?: object) =>
    api<T>(replicas.url(0), method, `/api/v1${path}`, { body });
  const bring = (applicationId = APPLICATION.SPAPI_APPLICATION_ID) =>
    replicas.bring(randomPartner(), `Atzr|${randomPartner()}`, { applicationId });
  /** What the second replica answers. */
  const vended = async (id: string, key = API_KEY) => {
    const { status, body } = await replicas.vend(1, id, {}, key);
    return body.accessToken ?? body.code ?? String(status);
  };
  /** Sees to it that the second replica has the token in its memory. */
  async function warm(id: string, key = API_KEY): Promise<string> {
    const token = await vended(id, key);
    for (let round = 0; round < 3; round++) expect(await vended(id, key)).toBe(token);
    return token;
  }
  /** All that the second replica says from a second after now on, for another second. */
  async function afterwards(ask: () => Promise<string>): Promise<string[]> {
    const answers = new Set<string>();
    const changedAt = performance.now();
    while (performance.now() - changedAt < 2 * SEEN_WITHIN) {
      const askedAt = performance.now();
      const answer = await ask();
      if (askedAt - changedAt >= SEEN_WITHIN) answers.add(answer);
      await pause(20);
    }
    return [...answers];
  }

  const listeners = async (): Promise<number> => {
    const rows = await replicas.database.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'regrant-listener'`,
    );
    return rows.length;
  };

  const changes: Record<string, () => Promise<void>> = {
    'a disconnect': async () => {
      const id = await bring();
      await warm(id);
      expect((await call('DELETE', `/authorizations/${id}`)).status).toBe(204);
      expect(await afterwards(() => vended(id))).toEqual(['disconnected']);
    },
    'a re-authorization': async () => {
      const partner = randomPartner();
      const id = await replicas.bring(partner, 'Atzr|first', { applicationId: otherId });
      expect(await warm(id)).toContain('first');
      expect(await replicas.bring(partner, 'Atzr|second', { applicationId: otherId })).toBe(id);
      expect(await afterwards(() => vended(id))).toEqual([expect.stringContaining('second')]);
    },
    'a revoked API key': async () => {
      const id = await bring();
      const { body } = await call<{ id: string; clientId: string; clientSecret: string }>(
        'POST',
        '/api-keys',
        { name: 'Warehouse', scopes: ['tokens:vend'] },
      );
      const key = `${body.clientId}.${body.clientSecret}`;
      await warm(id, key);
      expect((await call('DELETE', `/api-keys/${body.id}`)).status).toBe(204);
      expect(await afterwards(() => vended(id, key))).toEqual(['unauthenticated']);
    },
    'a new client secret': async () => {
      const id = await bring(otherId);
      secret = randomSecret();
      // Refused for some seconds, so that the second replica means to wait for some more.
      const refusedAt = performance.now();
      while (performance.now() - refusedAt < 5000)
        expect(await vended(id)).toBe('application_credentials_rejected');
      await call('POST', `/applications/${otherId}/client-secrets`, { clientSecret: secret });
      expect(await afterwards(() => vended(id))).toEqual([expect.stringMatching(/^Atza/)]);
    },
  };

  it.each(Object.keys(changes))('is seen by another one within a second: %s', (change) =>
    changes[change]?.(),
  );

  describe('while the other one hears nothing, as its listening connection is cut,', () => {
    beforeAll(() => line.cut());

    it.each(Object.keys(changes))('is seen all the same: %s', (change) => changes[change]?.());

    it('and is heard again once the connection can be made', async () => {
      line.restore();
      await replicas.all[1]?.said('Changes of other replicas are heard again.');
      expect(await listeners()).toBe(2);
      await changes['a disconnect']?.();
    });
  });

  it('is heard again by a replica whose listening connection the database ends', async () => {
    await replicas.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'regrant-listener'`,
    );
    await changes['a disconnect']?.();
    await until(async () => (await listeners()) === 2);
  });
});

const granted = (refreshToken: string | null, number: number) => ({
  access_token: `Atza|${refreshToken?.slice(5)}-${number}`,
  token_type: 'bearer',
  expires_in: 3600,
  refresh_token: refreshToken,
});
