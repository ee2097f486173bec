import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { API_KEY } from './support/app.js';
import { BrowserClient } from './support/browser-client.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { api, PASSWORD, randomPartner, signUp } from './support/people.js';
import { freePort } from './support/ports.js';
import { Regrant } from './support/regrant.js';
import { Simulator } from './support/simulator.js';

describe('The process', () => {
  let simulator: Simulator;
  let database: TestDatabase;
  let settings: Record<string, string>;
  let regrant: Regrant;

  beforeAll(async () => {
    simulator = await Simulator.start();
  });
  afterAll(() => simulator.stop());
  beforeEach(async () => {
    database = await createDatabase();
    settings = {
      ...simulator.settings,
      NODE_ENV: 'test',
      PORT: String(await freePort()),
      DATABASE_URL: database.url,
      ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
      BOOTSTRAP_API_KEY: API_KEY,
      RATE_LIMITS: 'off',
      LOG_LEVEL: 'trace',
    };
    regrant = await Regrant.start(settings);
  });
  afterEach(async () => {
    regrant.kill('SIGKILL');
    await regrant.ended();
    await database.drop();
  });

  it('finishes the requests in flight after SIGTERM, then ends with status 0', async () => {
    const seller = await signUp(regrant.url);
    const partner = randomPartner();
    const { location } = await simulator.connect(seller, partner);
    await simulator.partner(partner, { scenario: 'slow', delayMs: 1500 });
    const vending = api(
      regrant.url,
      'POST',
      `/api/v1/authorizations/${location.split('/').pop()}/access-token`,
    );
    while (!(await simulator.lwaCalls(partner))['refresh_token']) await fetch(`${regrant.url}/health/live`);
    const started = Date.now();
    regrant.kill('SIGTERM');
    expect((await vending).status).toBe(200);
    expect(await regrant.ended()).toBe(0);
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it('loses no connection that the seller was told of when it is killed with -9', async () => {
    const seller = await signUp(regrant.url);
    const told: string[] = [];
    const partners = Array.from({ length: 12 }, randomPartner);
    const connecting = Promise.allSettled(
      partners.map(async (partner) => {
        const left = await seller.submit('/connections/new', 'Continue to Amazon');
        const answer = await seller.get(await simulator.consent(left.location, partner));
        if (answer.status !== 303) return;
        told.push(partner);
        if (told.length === 3) regrant.kill('SIGKILL');
      }),
    );
    await connecting;
    await regrant.ended();
    regrant = await Regrant.start(settings);

    const page = await seller.get('/connections');
    expect(page.status).toBe(200);
    for (const partner of told) expect(page.body).toContain(partner);
    // Whoever was interrupted simply connects again.
    for (const partner of partners) expect((await simulator.connect(seller, partner)).status).toBe(303);
    const rows = await database.query('SELECT selling_partner_id FROM authorizations');
    expect(rows).toHaveLength(partners.length);
  });

  it('shows no stuck state when it is killed between the exchange and its end', async () => {
    const seller = await signUp(regrant.url);
    const partner = randomPartner();
    await simulator.partner(partner, { scenario: 'slow', delayMs: 20_000 });
    const left = await seller.submit('/connections/new', 'Continue to Amazon');
    const callback = await simulator.consent(left.location, partner);
    const lost = seller.get(callback).catch(() => 'cut off');
    while (!(await simulator.lwaCalls(partner))['authorization_code'])
      await fetch(`${regrant.url}/health/live`);
    regrant.kill('SIGKILL');
    expect(await lost).toBe('cut off');
    await simulator.partner(partner, { scenario: 'normal' });
    regrant = await Regrant.start(settings);
    // As it is two minutes later: nothing that began then can still be at work.
    await database.query(`UPDATE oauth_states SET used_at = used_at - interval '2 minutes'`);
    const answer = await seller.get(callback);
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('interrupted');
    expect((await simulator.connect(seller, partner)).status).toBe(303);
  });

  it('writes no token, code, state, key, password or address into its log or in clear into the database', async () => {
    const seller = await signUp(regrant.url);
    const partner = randomPartner();
    const left = await seller.submit('/connections/new', 'Continue to Amazon');
    const callback = await simulator.consent(left.location, partner);
    await seller.get(callback);
    const { location } = await seller.get(callback);
    await seller.get(`${callback}&spapi_oauth_code=again`);
    const path = `/api/v1/authorizations/${location.split('/').pop()}/access-token`;
    const { body } = await api<{ accessToken: string }>(regrant.url, 'POST', path);
    await simulator.partner(partner, { scenario: 'error500' });
    await api(regrant.url, 'POST', path, { body: { minimumSeconds: 3540, forceRefresh: true } });
    await simulator.partner(partner, { scenario: 'revoked' });
    await api(regrant.url, 'POST', path, { body: { forceRefresh: true } });
    const stranger = new BrowserClient(regrant.url);
    await stranger.submit('/login', 'Sign in', { email: seller.email, password: 'wrong-password-here' });
    const mails = await simulator.mailsTo(seller.email);
    const link = /token=([\w-]+)/.exec(mails.map(({ text }) => text).join('\n'))?.[1] ?? '';
    regrant.kill('SIGTERM');
    await regrant.ended();

    const query = new URL(callback).searchParams;
    const cookies = (await seller.jar.getCookies(regrant.url)).map(({ value }) => value);
    const stored = await database.query<{ dump: string }>(
      `SELECT query_to_xml('SELECT * FROM ' || quote_ident(tablename), true, false, '')::text AS dump
       FROM pg_tables WHERE schemaname = 'public'`,
    );
    const dump = stored.map(({ dump }) => dump).join('');
    expect(dump).toContain(partner);
    const secrets = [
      body.accessToken,
      query.get('spapi_oauth_code') ?? '',
      query.get('state') ?? '',
      link,
      PASSWORD,
      API_KEY.split('.')[1] ?? '',
      settings['LWA_CLIENT_SECRET'] ?? '',
      settings['ENCRYPTION_KEYS']?.split(':')[1] ?? '',
      'Atzr|',
      'Atza|',
      ...cookies,
    ];
    expect(secrets.every((secret) => secret.length > 4)).toBe(true);
    expect(regrant.log).toContain('"route":"/sp-api/auth"');
    for (const secret of [...secrets, seller.email, 'wrong-password-here'])
      expect(regrant.log).not.toContain(secret);
    for (const secret of secrets) expect(dump).not.toContain(secret);
  });

  it('names every bad setting at once, never a value, and does not start', async () => {
    const production = Regrant.spawn({
      NODE_ENV: 'production',
      PORT: 'secret-port',
      PUBLIC_URL: 'http://regrant.example.com',
      ENCRYPTION_KEYS: 'k:c2hvcnQ=',
      RATE_LIMITS: 'off',
      AMAZON_CONSENT_ORIGIN: 'http://localhost:1',
    });
    expect(await production.ended()).toBe(1);
    const named = [...production.log.matchAll(/^ {2}([A-Z_]+) /gm)].map(([, name]) => name);
    expect(named).toEqual([
      'AMAZON_CONSENT_ORIGIN', 'DATABASE_URL', 'ENCRYPTION_KEYS', 'PORT', 'PUBLIC_URL', 'RATE_LIMITS', 'SMTP_URL',
    ]); // prettier-ignore
    expect(production.log).not.toMatch(/secret-port|c2hvcnQ|regrant\.example/);
  });

  it('says in a sentence that its port is taken', async () => {
    const second = Regrant.spawn(settings);
    expect(await second.ended()).toBe(1);
    expect(second.log).toContain('the port is in use. Set PORT to another one.');
  });
});
