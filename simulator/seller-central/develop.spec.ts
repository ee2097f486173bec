import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { APPLICATION, startSimulator, type TestSimulator } from '../testing.js';

const SELLER = 'A2SIMULATEDDE1';
const { applicationId } = APPLICATION;

describe('the console of the developer', () => {
  let simulator: TestSimulator;
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(() => simulator.close());

  const post = async (path: string, fields: Record<string, string> = {}) => {
    const body = new URLSearchParams({
      application_id: applicationId,
      selling_partner_id: SELLER,
      action: 'confirm',
      ...fields,
    });
    const response = await fetch(simulator.url + path, { method: 'POST', body, redirect: 'manual' });
    return { status: response.status, page: await response.text() };
  };
  const authorize = async (fields: Record<string, string> = {}) => {
    const { page } = await post('/apps/develop', fields);
    return /<code>(Atzr\|[^<]*)</.exec(page)?.[1] ?? '';
  };
  const refresh = async (token: string) =>
    (await simulator.token({ grant_type: 'refresh_token', refresh_token: token })).status;
  const script = (body: unknown) => simulator.json('PUT', `/_simulator/applications/${applicationId}`, body);
  const selfAuthorize = (sellingPartnerId: string) =>
    simulator.json('POST', '/_simulator/self-authorizations', { applicationId, sellingPartnerId });

  it('shows a refresh token once, and the earlier ones stay valid', async () => {
    const [first, second] = [await authorize(), await authorize()];
    expect(first).not.toBe(second);
    expect([await refresh(first), await refresh(second)]).toEqual([200, 200]);
    const { body } = await simulator.json<string>('GET', '/apps/develop');
    expect(body).toContain('Authorized accounts');
    expect(body).not.toContain('Atzr|');
  });

  it('authorizes for a private application and a draft alike', async () => {
    await script({ type: 'private', draft: true, loginUri: null });
    expect(await refresh(await authorize())).toBe(200);
  });

  it('revokes what it has authorized, and nothing else', async () => {
    const oauth = await simulator.refreshToken(SELLER);
    const self = await authorize();
    expect((await post('/apps/develop/revoke')).status).toBe(303);
    expect([await refresh(self), await refresh(oauth)]).toEqual([400, 200]);
    expect((await post('/apps/develop/revoke', { selling_partner_id: 'A2SIMULATEDUS1' })).status).toBe(400);
  });

  it('asks again without an account, and refuses an application that does not exist', async () => {
    expect((await post('/apps/develop', { selling_partner_id: '' })).status).toBe(400);
    expect((await post('/apps/develop', { application_id: 'none' })).page).toContain('MD1000');
    expect((await post('/apps/develop', { selling_partner_id: 'A2SECONDARY001' })).page).toContain(
      'SPDC8143',
    );
  });

  it('stops at the limit of self-authorizations, by page and by the control API', async () => {
    await script({ selfAuthorizationLimit: 1 });
    const { status, body } = await selfAuthorize(SELLER);
    expect([status, await refresh(String(body['refreshToken']))]).toEqual([200, 200]);
    expect((await selfAuthorize(SELLER)).status).toBe(200);
    expect((await post('/apps/develop', { selling_partner_id: 'A2SIMULATEDUS1' })).page).toContain(
      'CONSENT_LIMIT_REACHED',
    );
    expect(await selfAuthorize('A2SIMULATEDUS1')).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('CONSENT_LIMIT_REACHED') },
    });
    await post('/apps/develop/revoke');
    expect((await selfAuthorize('A2SIMULATEDUS1')).status).toBe(200);
  });

  it('knows no limit for grants that the control API makes out of nowhere', async () => {
    await script({ selfAuthorizationLimit: 0 });
    const grant = { applicationId, sellingPartnerId: SELLER, kind: 'self' };
    const { body } = await simulator.json('POST', '/_simulator/grants', grant);
    expect(await refresh(String(body['refreshToken']))).toBe(200);
    expect((await simulator.json<string>('GET', '/apps/develop')).body).toContain('Authorized accounts');
  });
});
