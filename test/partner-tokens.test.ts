import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { AuthorizationRegions } from '../src/tokens/authorization-regions.service.js';
import { AuthorizationsService } from '../src/tokens/authorizations.service.js';
import { API_KEY, startTestApp, type TestApp } from './support/app.js';
import { addApplication, addKey } from './support/applications.js';
import { api, randomPartner } from './support/people.js';
import { Simulator } from './support/simulator.js';

interface Token {
  accessToken: string;
  authorizationId: string;
  code?: string;
  errors?: { path: string; message: string }[];
}

const GERMANY = 'A1PA6795UKMFR9';

describe('An access token by the selling partner', () => {
  let simulator: Simulator;
  let app: TestApp;
  /** Besides the one that the settings name. */
  let second: Awaited<ReturnType<typeof addApplication>>;
  let partner: string;

  beforeAll(async () => {
    simulator = await Simulator.start();
    app = await startTestApp(simulator.settings);
  });
  afterAll(async () => {
    await app.stop();
    await simulator.stop();
  });
  beforeEach(() => {
    partner = randomPartner();
  });

  /** An authorization of the partner, which nobody has tried yet. */
  const authorize = async (region = 'NA', application?: { id: string; applicationId: string }) => {
    const refreshToken = await simulator.selfAuthorize(partner, application?.applicationId);
    const { sellingPartnerId, applicationId } = { sellingPartnerId: partner, applicationId: application?.id };
    const body = { sellingPartnerId, applicationId, region, refreshToken, verify: false };
    return (await api<{ id: string }>(app.url, 'POST', '/api/v1/authorizations', { body })).body.id;
  };
  const vend = (fields: object = {}, key = API_KEY) =>
    api<Token>(app.url, 'POST', '/api/v1/access-tokens', {
      body: { sellingPartnerId: partner, region: 'NA', ...fields },
      key,
    });
  /** Status and code, and the fields that are wrong. */
  const refusal = async (fields: object = {}, key = API_KEY) => {
    const { status, body } = await vend(fields, key);
    return [status, body.code, ...(body.errors ?? []).map(({ path }) => path)];
  };
  const invalid = (path: string) => [400, 'invalid_request', path];
  const NOT_THERE = [404, 'not_found'];

  it('is answered as by the id of the authorization, of the region or a marketplace in it', async () => {
    const [na, eu] = [await authorize('NA'), await authorize('EU')];
    const byId = await api<Token>(app.url, 'POST', `/api/v1/authorizations/${na}/access-token`);
    const { status, headers, body } = await vend();
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toEqual({ ...byId.body, expiresIn: expect.any(Number) });
    const other = await vend({ region: undefined, marketplaceId: GERMANY });
    expect(other.body).toMatchObject({ authorizationId: eu, region: 'EU', endpoint: `${simulator.url}/eu` });
    expect((await vend({ region: 'EU', marketplaceId: GERMANY })).body).toEqual(other.body);
  });

  it('is refreshed for those who need it longer, or insist', async () => {
    await authorize();
    const { body } = await vend({ minimumSeconds: 3000 });
    expect((await vend({ minimumSeconds: 3000 })).body.accessToken).toBe(body.accessToken);
    expect((await vend({ forceRefresh: true })).body.accessToken).not.toBe(body.accessToken);
    expect(await refusal({ minimumSeconds: 0 })).toEqual(invalid('minimumSeconds'));
  });

  it('needs a region or a marketplace that exists, and both must agree', async () => {
    await authorize();
    expect(await refusal({ region: undefined })).toEqual(invalid('region'));
    expect(await refusal({ region: 'US' })).toEqual(invalid('region'));
    expect(await refusal({ region: 'NA', marketplaceId: GERMANY })).toEqual(invalid('region'));
    expect(await refusal({ region: undefined, marketplaceId: 'GERMANY' })).toEqual(invalid('marketplaceId'));
    expect(await refusal({ sellingPartnerId: undefined })).toEqual(invalid('sellingPartnerId'));
    expect(await refusal({ refreshToken: 'x' })).toEqual(invalid('refreshToken'));
  });

  it('is not there for a partner or a region that never connected', async () => {
    await authorize();
    expect(await refusal({ region: 'FE' })).toEqual(NOT_THERE);
    expect(await refusal({ sellingPartnerId: randomPartner() })).toEqual(NOT_THERE);
  });

  it('is refused with 410 when it was disconnected, and with 409 when Amazon took it back', async () => {
    const id = await authorize();
    await vend();
    await api(app.url, 'DELETE', `/api/v1/authorizations/${id}`);
    expect(await refusal()).toEqual([410, 'disconnected']);
    partner = randomPartner();
    await authorize();
    await simulator.partner(partner, { scenario: 'revoked' });
    expect(await refusal()).toEqual([409, 'reauthorization_required']);
  });

  it('asks the database for nothing while it is in memory', async () => {
    const id = await authorize();
    await vend();
    const blocker = new pg.Client(app.database.url);
    await blocker.connect();
    try {
      await blocker.query('BEGIN');
      await blocker.query('LOCK TABLE authorizations, applications, access_tokens, api_keys');
      expect((await vend()).body.authorizationId).toBe(id);
    } finally {
      await blocker.end();
    }
  });

  it('is of the authorization that has that region now, after a grant has moved to another one', async () => {
    const moved = await authorize('EU');
    expect((await vend({ region: 'EU' })).body.authorizationId).toBe(moved);
    const row = await app.nest.get(AuthorizationsService).byId(moved);
    await app.nest.get(AuthorizationRegions).movedTo(row, 'NA', []);
    const come = await authorize('EU');
    const until = performance.now() + 1000;
    let found = moved;
    while (found !== come && performance.now() < until)
      found = (await vend({ region: 'EU' })).body.authorizationId;
    expect(found).toBe(come);
    expect((await vend()).body.authorizationId).toBe(moved);
  });

  describe('with several applications', () => {
    let first: { id: string; applicationId: string };
    /** A partner whose token was had while there was one application. */
    let early: string;

    beforeAll(async () => {
      early = partner = randomPartner();
      await authorize();
      expect((await vend()).status).toBe(200);
      const { body } = await api<{ items: [typeof first] }>(app.url, 'GET', '/api/v1/applications');
      first = body.items[0];
      second = await addApplication(app, simulator);
    });

    it('needs the application, by our id or by Amazon’s', async () => {
      const [one, other] = [await authorize('NA', first), await authorize('NA', second)];
      expect(await refusal()).toEqual(invalid('applicationId'));
      for (const applicationId of [first.id, first.id.toUpperCase(), first.applicationId])
        expect((await vend({ applicationId })).body.authorizationId).toBe(one);
      expect((await vend({ applicationId: second.id })).body.authorizationId).toBe(other);
    });

    it('asks for it from the moment that there are several, also of those who were answered before', async () => {
      const until = performance.now() + 1000;
      let answer = await refusal({ sellingPartnerId: early });
      while (answer[0] === 200 && performance.now() < until)
        answer = await refusal({ sellingPartnerId: early });
      expect(answer).toEqual(invalid('applicationId'));
      expect((await vend({ sellingPartnerId: early, applicationId: first.id })).status).toBe(200);
    });

    it('needs no name where the key may use one of them only', async () => {
      const id = await authorize('NA', first);
      const key = await addKey(app, { application_ids: [first.id] });
      expect((await vend({}, key)).body.authorizationId).toBe(id);
    });

    it('is not there for a key of other applications, whatever is named', async () => {
      await authorize('NA', first);
      expect((await vend({ applicationId: first.id })).status).toBe(200);
      const key = await addKey(app, { application_ids: [second.id] });
      for (const applicationId of [undefined, first.id, first.applicationId, second.id, randomUUID()])
        expect(await refusal({ applicationId }, key)).toEqual(NOT_THERE);
      const here = await vend({ applicationId: first.id }, key);
      const nowhere = await vend({ applicationId: first.id, sellingPartnerId: randomPartner() }, key);
      expect({ ...here.body, requestId: '' }).toEqual({ ...nowhere.body, requestId: '' });
    });

    it('is refused to a key without tokens:vend', async () => {
      const key = await addKey(app, { scopes: ['admin:read', 'admin:write'] });
      expect(await refusal({ applicationId: first.id }, key)).toEqual([403, 'forbidden']);
    });
  });
});
