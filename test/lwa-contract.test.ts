import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseConfig } from '../src/config/config.js';
import { HttpLwaProvider } from '../src/lwa/http-lwa-provider.js';
import { type LwaClient, type LwaProvider } from '../src/lwa/lwa-provider.js';
import { FakeLwaProvider } from '../src/lwa/testing/fake-lwa-provider.js';
import { TestClock } from './support/app.js';
import { randomPartner } from './support/people.js';
import { APPLICATION, Simulator } from './support/simulator.js';

interface Stage {
  lwa: LwaProvider;
  consent(partner: string): Promise<string>;
  revoke(partner: string): Promise<void>;
  stop(): Promise<void>;
}

const client: LwaClient = {
  clientId: APPLICATION.LWA_CLIENT_ID,
  clientSecret: APPLICATION.LWA_CLIENT_SECRET,
};
const REDIRECT = 'http://localhost:3000/sp-api/auth';

async function real(): Promise<Stage> {
  const simulator = await Simulator.start();
  const control = async (path: string, body: object) =>
    (await fetch(`${simulator.url}/_simulator${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }).then((response) => response.json())) as { code: string };
  return {
    lwa: new HttpLwaProvider(parseConfig(simulator.settings), new TestClock()),
    consent: async (sellingPartnerId) =>
      (await control('/codes', { applicationId: APPLICATION.SPAPI_APPLICATION_ID, sellingPartnerId })).code,
    revoke: (partner) => simulator.partner(partner, { scenario: 'revoked' }),
    stop: () => simulator.stop(),
  };
}

function fake(): Promise<Stage> {
  const lwa = new FakeLwaProvider();
  lwa.addClient(client);
  return Promise.resolve({
    lwa,
    consent: (partner) => Promise.resolve(lwa.consent(client.clientId, partner)),
    revoke: (partner) => Promise.resolve(lwa.revoke(partner)),
    stop: () => Promise.resolve(),
  });
}

describe.each([
  ['HttpLwaProvider', real],
  ['FakeLwaProvider', fake],
])('%s keeps the contract of LwaProvider: it', (_name, create) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await create();
  });
  afterAll(() => stage.stop());
  const grant = async (partner = randomPartner()) =>
    stage.lwa.exchangeCode(client, await stage.consent(partner), REDIRECT);

  it('exchanges a code once, for tokens that live an hour', async () => {
    const code = await stage.consent(randomPartner());
    const tokens = await stage.lwa.exchangeCode(client, code, REDIRECT);
    expect(tokens).toEqual({
      accessToken: expect.stringMatching(/^Atza\|/),
      refreshToken: expect.stringMatching(/^Atzr\|/),
      expiresInSeconds: 3600,
    });
    await expect(stage.lwa.exchangeCode(client, code, REDIRECT)).rejects.toMatchObject({
      kind: 'grant',
      reason: 'invalid_grant',
    });
  });

  it('refreshes as often as asked, with a new access token and the same refresh token', async () => {
    const { refreshToken } = await grant();
    const [one, two] = [
      await stage.lwa.refresh(client, refreshToken),
      await stage.lwa.refresh(client, refreshToken),
    ];
    expect([one.refreshToken, two.refreshToken]).toEqual([refreshToken, refreshToken]);
    expect(one.accessToken).not.toBe(two.accessToken);
  });

  it('blames the grant when the seller revoked it or the token is unknown', async () => {
    const partner = randomPartner();
    const { refreshToken } = await grant(partner);
    await stage.revoke(partner);
    for (const token of [refreshToken, 'Atzr|unknown'])
      await expect(stage.lwa.refresh(client, token)).rejects.toMatchObject({
        kind: 'grant',
        reason: 'invalid_grant',
      });
  });

  it('blames the client when its secret is wrong, whatever it asks for', async () => {
    const wrong = { ...client, clientSecret: 'wrong' };
    const { refreshToken } = await grant();
    const refused = { kind: 'client', reason: 'invalid_client' };
    await expect(stage.lwa.refresh(wrong, refreshToken)).rejects.toMatchObject(refused);
    await expect(
      stage.lwa.clientCredentials(wrong, 'sellingpartnerapi::notifications'),
    ).rejects.toMatchObject(refused);
    await expect(
      stage.lwa.exchangeCode(wrong, await stage.consent(randomPartner()), REDIRECT),
    ).rejects.toMatchObject(refused);
  });

  it('gives the application a token of its own, for a scope that exists', async () => {
    const token = await stage.lwa.clientCredentials(client, 'sellingpartnerapi::notifications');
    expect(token).toEqual({ accessToken: expect.stringMatching(/^Atza\|/), expiresInSeconds: 3600 });
    await expect(stage.lwa.clientCredentials(client, 'everything')).rejects.toMatchObject({
      kind: 'client',
      reason: 'invalid_scope',
    });
  });
});
