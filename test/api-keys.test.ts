import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { ApiKeysService } from '../src/api-keys/api-keys.service.js';
import { Signals } from '../src/signals/signals.js';
import { API_KEY, startTestApp, type TestApp } from './support/app.js';
import { addKey } from './support/applications.js';
import { api } from './support/people.js';

const apart = (key: string): [clientId: string, secret: string] => key.split('.') as [string, string];
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Resolves once `holds`: an awaited condition, with the test's own time limit. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

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
