import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { API_KEY, startTestApp, type TestApp } from './support/app.js';
import { addApplication, addKey, type ApplicationAnswer } from './support/applications.js';
import { api, randomPartner, signUp } from './support/people.js';
import { APPLICATION, Simulator } from './support/simulator.js';

interface Authorization {
  id: string;
  applicationId: string;
  sellerId: string | null;
  authorizedAt: string;
  status: string;
  renewal: { status: string; dueAt: string | null };
}

describe('A refresh token that an operator brings', () => {
  let simulator: Simulator;
  let app: TestApp;
  let partner: string;
  let grant: { applicationId: string; sellingPartnerId: string; region: string; refreshToken: string };

  beforeAll(async () => {
    simulator = await Simulator.start();
    app = await startTestApp(simulator.settings);
  });
  afterAll(async () => {
    await app.stop();
    await simulator.stop();
  });
  beforeEach(async () => {
    partner = randomPartner();
    grant = {
      applicationId: APPLICATION.SPAPI_APPLICATION_ID,
      sellingPartnerId: partner,
      region: 'NA',
      refreshToken: await simulator.selfAuthorize(partner),
    };
  });

  const bring = (body: object, key = API_KEY) =>
    api<Authorization>(app.url, 'POST', '/api/v1/authorizations', { body, key });
  const patch = (id: string, body: object, key = API_KEY) =>
    api<Authorization>(app.url, 'PATCH', `/api/v1/authorizations/${id}`, { body, key });
  const read = async (id: string) =>
    (await api<Authorization>(app.url, 'GET', `/api/v1/authorizations/${id}`)).body;
  const vend = (id: string) =>
    api<{ accessToken: string; code?: string }>(app.url, 'POST', `/api/v1/authorizations/${id}/access-token`);
  const stored = async () =>
    (
      await app.database.query<{ count: number }>(
        'SELECT count(*)::integer AS count FROM authorizations WHERE selling_partner_id = $1',
        [partner],
      )
    )[0]?.count;
  const events = async (id: string) =>
    app.database.query<{ type: string; actor: string; data: Record<string, unknown> }>(
      'SELECT type, actor, data FROM events WHERE authorization_id = $1 ORDER BY id',
      [id],
    );
  const eventTypes = async (id: string) =>
    (await events(id)).map(({ type }) => type.replace('authorization.', ''));
  const fromNow = (seconds: number) => new Date(app.clock.now().getTime() + seconds * 1000).toISOString();
  const newSeller = async () => {
    const { email } = await signUp(app.url);
    const [row] = await app.database.query('SELECT id FROM sellers WHERE email = $1', [email]);
    return String(row?.['id']);
  };

  it('becomes an authorization after one exchange, without a due date, and vends', async () => {
    const { status, body } = await bring({ ...grant, contactEmail: 'ops@example.com' });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      sellingPartnerId: partner,
      sellerId: null,
      contactEmail: 'ops@example.com',
      region: 'NA',
      partnerType: 'seller',
      marketplaceIds: expect.arrayContaining(['ATVPDKIKX0DER']),
      workflow: 'self',
      status: 'active',
      renewal: { status: 'not_applicable', dueAt: null },
      lastVendedAt: null,
    });
    expect(await read(body.id)).toEqual(body);
    expect(await simulator.lwaCalls(partner)).toMatchObject({ refresh_token: 1 });
    expect((await vend(body.id)).body.accessToken).toMatch(/^Atza\|/);
    expect(await events(body.id)).toMatchObject([
      { type: 'authorization.created', actor: `api-key:${API_KEY.split('.')[0]}` },
    ]);
    const rows = await app.database.query('SELECT a::text AS row FROM authorizations a');
    expect(JSON.stringify([rows, await events(body.id)])).not.toContain(grant.refreshToken);
    expect(app.log()).not.toContain(grant.refreshToken);
    expect(app.log()).not.toContain('ops@example.com');
  });

  it('keeps the day that it was authorized on, and with another workflow gets a due date from it', async () => {
    const authorizedAt = fromNow(-100 * 86_400);
    const { body } = await bring({ ...grant, authorizedAt, workflow: 'appstore', partnerType: 'vendor' });
    expect(body).toMatchObject({ authorizedAt, workflow: 'appstore', partnerType: 'vendor' });
    expect(body.renewal).toMatchObject({ status: 'current', dueAt: daysAfter(authorizedAt, 365) });
  });

  it('is for the region of its marketplace', async () => {
    await simulator.partner(partner, { region: 'FE', marketplaceIds: ['A1VC38T7YXB528'] });
    const rest = { ...grant, region: undefined };
    const { status, body } = await bring({ ...rest, marketplaceId: 'A1VC38T7YXB528' });
    expect([status, body]).toMatchObject([201, { region: 'FE', marketplaceIds: ['A1VC38T7YXB528'] }]);
    const again = await bring({ ...rest, marketplaceId: 'A1VC38T7YXB528', region: 'FE' });
    expect([again.status, again.body]).toMatchObject([200, { id: body.id }]);
  });

  it('is stored as said when Amazon does not tell the region', async () => {
    await simulator.partner(partner, { scenario: 'wrongRegion' });
    const { status, body } = await bring({ ...grant, marketplaceId: 'ATVPDKIKX0DER' });
    expect([status, body]).toMatchObject([201, { region: 'NA', marketplaceIds: ['ATVPDKIKX0DER'] }]);
  });

  describe('sent again', () => {
    it('changes nothing, whoever sends it how often at the same moment', async () => {
      const answers = await Promise.all(Array.from({ length: 5 }, () => bring(grant)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
      const [first] = answers;
      app.clock.advance(3600);
      const { status, body } = await bring(grant);
      expect(status).toBe(200);
      expect([body.id, body.authorizedAt]).toEqual([first?.body.id, first?.body.authorizedAt]);
      expect(await stored()).toBe(1);
      expect(await eventTypes(body.id)).toEqual(['created']);
    });

    it('with more about it changes that, and the log says what, but no mail address', async () => {
      const { body } = await bring(grant);
      const authorizedAt = fromNow(-86_400);
      const sellerId = await newSeller();
      const change = { authorizedAt, sellerId, contactEmail: 'desk@example.com', workflow: 'website' };
      expect((await bring({ ...grant, ...change })).body).toMatchObject({
        ...change,
        id: body.id,
        renewal: { dueAt: daysAfter(authorizedAt, 365) },
      });
      await bring({ ...grant, contactEmail: 'desk@example.com' });
      expect(await read(body.id)).toMatchObject(change);
      const log = await events(body.id);
      expect(log.map(({ type }) => type)).toEqual(['authorization.created', 'authorization.changed']);
      expect(log[1]?.data).toMatchObject({ sellerId: { from: null, to: sellerId }, contactEmail: 'changed' });
    });

    it('brings a lapsed one back when Amazon takes it, and not unseen', async () => {
      const { body } = await bring(grant);
      await simulator.partner(partner, { scenario: 'revoked' });
      await vend(body.id);
      expect((await bring({ ...grant, verify: false })).body.status).toBe('reauthorization_required');
      await simulator.partner(partner, { scenario: 'normal' });
      expect((await bring(grant)).body.status).toBe('active');
      expect(await eventTypes(body.id)).toEqual(['created', 'reauthorization_required', 'recovered']);
    });
  });

  describe('for an authorization that is there already', () => {
    it('replaces its token and keeps its id and its account; what is vended is new at once', async () => {
      const seller = await signUp(app.url);
      const { location } = await simulator.connect(seller, partner);
      const id = location.split('/').pop() ?? '';
      const before = await read(id);
      const vended = await vend(id);
      const { status, body } = await bring(grant);
      expect(status).toBe(200);
      expect(body).toMatchObject({ id, sellerId: before.sellerId, workflow: 'self', status: 'active' });
      expect(body.sellerId).not.toBeNull();
      expect((await vend(id)).body.accessToken).not.toBe(vended.body.accessToken);
      expect(await eventTypes(id)).toEqual(['created', 'renewed']);
      expect((await seller.get(`/connections/${id}`)).body).toContain('Connected again by an operator');
    });

    it('gives it to another account when one is named', async () => {
      const first = await newSeller();
      const second = await newSeller();
      const { body } = await bring({ ...grant, sellerId: first });
      expect(body.sellerId).toBe(first);
      const token = await simulator.selfAuthorize(partner);
      const moved = await bring({ ...grant, refreshToken: token, sellerId: second });
      expect(moved.body).toMatchObject({ id: body.id, sellerId: second });
    });

    it('makes a disconnected one active again', async () => {
      const { body } = await bring(grant);
      await api(app.url, 'DELETE', `/api/v1/authorizations/${body.id}`);
      expect((await vend(body.id)).status).toBe(410);
      const again = await bring(grant);
      expect([again.status, again.body]).toMatchObject([200, { id: body.id, status: 'active' }]);
      expect((await vend(body.id)).status).toBe(200);
      expect(await eventTypes(body.id)).toEqual(['created', 'disconnected', 'renewed']);
    });
  });

  describe('is refused, and nothing is stored,', () => {
    const expectRefusal = async (change: object, path: string, message?: string) => {
      const answer = await bring({ ...grant, ...change });
      expect([answer.status, answer.body]).toMatchObject([
        400,
        {
          code: 'invalid_request',
          errors: [{ path, message: message ? expect.stringContaining(message) : expect.any(String) }],
        },
      ]);
      expect(JSON.stringify(answer.body)).not.toContain(grant.refreshToken);
      expect(app.log()).not.toContain(grant.refreshToken);
      expect(await stored()).toBe(0);
    };

    it.each([
      ['applicationId', 'amzn1.sp.solution.unknown'],
      ['sellingPartnerId', ''],
      ['sellingPartnerId', undefined],
      ['region', 'MARS'],
      ['region', undefined],
      ['marketplaceId', 'A0'],
      ['partnerType', 'buyer'],
      ['refreshToken', undefined],
      ['refreshToken', 'with space'],
      ['refreshToken', 'Atzr|ü'],
      ['refreshToken', 'Atza|an-access-token'],
      ['workflow', 'magic'],
      ['authorizedAt', 'yesterday'],
      ['sellerId', 'me'],
      ['sellerId', null],
      ['contactEmail', 'nobody'],
      ['verify', 'no'],
      ['colour', 'red'],
    ])('with the field %s as %j, by its name', async (path, value) => {
      await expectRefusal({ [path]: value }, path);
      expect(await simulator.lwaCalls(partner)).toEqual({});
    });

    it('when it is longer than Amazon’s are', () =>
      expectRefusal({ refreshToken: `Atzr|${'x'.repeat(2044)}` }, 'refreshToken', '2048'));

    it('when region and marketplace do not agree', () =>
      expectRefusal({ region: 'EU', marketplaceId: 'A1VC38T7YXB528' }, 'region', 'FE'));

    it('when the account does not exist', () =>
      expectRefusal({ sellerId: randomUUID() }, 'sellerId', 'no seller account'));

    it('when it was authorized in the future; a clock that is a little fast is forgiven', async () => {
      await expectRefusal({ authorizedAt: fromNow(120) }, 'authorizedAt', 'future');
      expect((await bring({ ...grant, authorizedAt: fromNow(50) })).status).toBe(201);
    });

    it('when Amazon says that it is for another region', async () => {
      await simulator.partner(partner, { region: 'EU' });
      await expectRefusal({}, 'region', 'EU');
      await expectRefusal({ region: undefined, marketplaceId: 'ATVPDKIKX0DER' }, 'marketplaceId', 'EU');
      expect((await bring({ ...grant, region: 'EU' })).status).toBe(201);
    });

    it('when Amazon does not know the token', () =>
      expectRefusal({ refreshToken: 'Atzr|mistyped' }, 'refreshToken', 'invalid_grant'));

    it('when the seller has revoked it', async () => {
      await simulator.partner(partner, { scenario: 'revoked' });
      await expectRefusal({}, 'refreshToken', 'invalid_grant');
    });

    it('when it was given to another application', async () => {
      const { applicationId } = await addApplication(app, simulator);
      const foreign = await simulator.selfAuthorize(partner, applicationId);
      await expectRefusal({ refreshToken: foreign }, 'refreshToken', 'unauthorized_client');
    });

    it('when Amazon rejects the application, which says nothing about the token', async () => {
      const application = await addApplication(app, simulator);
      await simulator.application({ scenario: 'secretExpired' }, application.applicationId);
      const refreshToken = await simulator.selfAuthorize(partner, application.applicationId);
      const answer = await bring({ ...grant, applicationId: application.id, refreshToken });
      expect([answer.status, answer.body]).toMatchObject([503, { code: 'application_credentials_rejected' }]);
      expect(await stored()).toBe(0);
    });

    it.each(['throttled', 'error500', 'garbage'])('while Amazon is %s: try again later', async (scenario) => {
      await simulator.partner(partner, { scenario });
      const answer = await bring(grant);
      expect([answer.status, answer.body]).toMatchObject([503, { code: 'amazon_unavailable' }]);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await stored()).toBe(0);
    });
  });

  it('is stored unseen when nothing is to be verified', async () => {
    await simulator.partner(partner, { scenario: 'error500' });
    const { status, body } = await bring({ ...grant, verify: false });
    expect([status, body]).toMatchObject([201, { status: 'active', lastCheckedAt: null }]);
    expect(await simulator.lwaCalls(partner)).toEqual({});
  });

  describe('names its application', () => {
    it('by our id or by Amazon’s, and must when there are several', async () => {
      const { id, applicationId } = await addApplication(app, simulator);
      const own = { ...grant, refreshToken: await simulator.selfAuthorize(partner, applicationId) };
      const unnamed = await bring({ ...own, applicationId: undefined });
      expect([unnamed.status, unnamed.body]).toMatchObject([
        400,
        { errors: [{ path: 'applicationId', message: expect.stringContaining('several') }] },
      ]);
      const first = await bring({ ...own, applicationId: id });
      expect([first.status, first.body.applicationId]).toEqual([201, id]);
      const second = await bring({ ...own, applicationId });
      expect([second.status, second.body.id]).toEqual([200, first.body.id]);
    });

    it('not, when the key is limited to one; and no key reaches beyond its own', async () => {
      const { id, applicationId } = await addApplication(app, simulator);
      const unnamed = { ...grant, applicationId: undefined };
      const key = await addKey(app, { application_ids: [id] });
      const refreshToken = await simulator.selfAuthorize(partner, applicationId);
      const mine = await bring({ ...unnamed, refreshToken }, key);
      expect([mine.status, mine.body.applicationId]).toEqual([201, id]);
      expect((await bring(grant, key)).status).toBe(400);
      const { body: other } = await bring(grant);
      expect((await patch(other.id, { contactEmail: null }, key)).status).toBe(403);
    });

    it('and is refused to a key without admin:write', async () => {
      const key = await addKey(app, { scopes: ['admin:read', 'tokens:vend'] });
      expect((await bring(grant, key)).status).toBe(403);
      expect((await patch(randomUUID(), {}, key)).status).toBe(403);
    });
  });

  describe('and what is known about it later', () => {
    it('is changed field by field, emptied by null, and logged once per change', async () => {
      const { body } = await bring({ ...grant, workflow: 'website' });
      const sellerId = await newSeller();
      const renewalDueAt = fromNow(10 * 86_400);
      const changed = await patch(body.id, { renewalDueAt, sellerId, contactEmail: 'a@example.com' });
      expect([changed.status, changed.body]).toMatchObject([
        200,
        { sellerId, contactEmail: 'a@example.com', renewal: { status: 'due', dueAt: renewalDueAt } },
      ]);
      expect((await patch(body.id, { renewalDueAt })).body).toEqual(changed.body);
      const emptied = await patch(body.id, { renewalDueAt: null, sellerId: null, contactEmail: null });
      expect(emptied.body).toMatchObject({
        sellerId: null,
        contactEmail: null,
        renewal: { status: 'not_applicable', dueAt: null },
      });
      expect(await eventTypes(body.id)).toEqual(['created', 'changed', 'changed']);
      expect(JSON.stringify(await events(body.id))).not.toContain('@example.com');
      expect((await vend(body.id)).status).toBe(200);
    });

    it.each([
      ['renewalDueAt', 'soon'],
      ['sellerId', 'me'],
      ['sellerId', '00000000-0000-4000-8000-000000000000'],
      ['contactEmail', 'nobody'],
      ['status', 'active'],
    ])('is refused with the field %s as %j', async (path, value) => {
      const { body } = await bring(grant);
      const answer = await patch(body.id, { [path]: value });
      expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ path }] }]);
      expect(await read(body.id)).toEqual(body);
    });

    it('belongs to an authorization that exists', async () => {
      expect((await patch(randomUUID(), { contactEmail: null })).status).toBe(404);
    });
  });

  describe('counts towards what Amazon allows to its application,', () => {
    const look = async (id: string) =>
      (await api<ApplicationAnswer>(app.url, 'GET', `/api/v1/applications/${id}`)).body;
    const bringTo = async (applicationId: string, change: object = {}) =>
      (await bring({ ...grant, applicationId, sellingPartnerId: randomPartner(), verify: false, ...change }))
        .body.id;

    it('which warns from eight self-authorizations of ten on, and refuses none', async () => {
      const { id } = await addApplication(app, simulator);
      for (let i = 0; i < 7; i++) await bringTo(id);
      expect((await look(id)).warnings).toEqual([]);
      await bringTo(id);
      const nearly = await look(id);
      expect(nearly.usage['selfAuthorizations']).toEqual({ used: 8, limit: 10 });
      expect(nearly.warnings).toEqual([expect.stringContaining('8 of the 10 self-authorizations')]);
      expect(app.log()).toContain(`Application ${id} (Warehouse): 8 of the 10`);
      for (let i = 0; i < 3; i++) await bringTo(id);
      expect((await look(id)).usage['selfAuthorizations']).toEqual({ used: 11, limit: 10 });
    });

    it('disconnected or not, sellers by OAuth apart from vendors', async () => {
      const { id } = await addApplication(app, simulator);
      const other = await addApplication(app, simulator, { listed: true });
      const gone = await bringTo(id, { workflow: 'website' });
      await api(app.url, 'DELETE', `/api/v1/authorizations/${gone}`);
      await bringTo(id, { workflow: 'appstore' });
      await bringTo(id, { workflow: 'website', partnerType: 'vendor' });
      await bringTo(id);
      await bringTo(other.id, { workflow: 'website' });
      expect((await look(id)).usage).toEqual({
        selfAuthorizations: { used: 1, limit: 10 },
        sellerAuthorizations: { used: 2, limit: 25 },
      });
      expect((await look(other.id)).usage['sellerAuthorizations']).toEqual({ used: 1, limit: null });
    });
  });

  it('keeps its application from being deleted until it is disconnected, and then goes with it', async () => {
    const { id } = await addApplication(app, simulator);
    const { body } = await bring({ ...grant, applicationId: id, verify: false });
    const remove = () => api(app.url, 'DELETE', `/api/v1/applications/${id}`);
    const refused = await remove();
    expect([refused.status, refused.body]).toMatchObject([409, { code: 'conflict' }]);
    await api(app.url, 'DELETE', `/api/v1/authorizations/${body.id}`);
    expect((await remove()).status).toBe(204);
    expect((await api(app.url, 'GET', `/api/v1/authorizations/${body.id}`)).status).toBe(404);
    const [event] = await app.database.query(
      `SELECT data FROM events WHERE application_id = $1 AND type = 'application.deleted'`,
      [id],
    );
    expect(event?.['data']).toMatchObject({ authorizations: 1 });
  });
});

describe('While Amazon is asked about a refresh token', () => {
  const asked: (string | null)[] = [];
  let answer: () => Promise<object>;
  let lwa: Server;
  let app: TestApp;

  beforeAll(async () => {
    lwa = createServer((request, response) => {
      void text(request).then(async (body) => {
        // Anything but LWA: no answer about the region.
        if (request.method !== 'POST') return response.writeHead(503).end();
        asked.push(new URLSearchParams(body).get('refresh_token'));
        const more = await answer();
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({ access_token: 'Atza|a', token_type: 'bearer', expires_in: 3600, ...more }),
        );
      });
    });
    await once(lwa.listen(0, '127.0.0.1'), 'listening');
    const { port } = lwa.address() as { port: number };
    const amazon = `http://127.0.0.1:${port}`;
    const spApi = { SPAPI_ENDPOINT_NA: amazon, SPAPI_ENDPOINT_EU: amazon, SPAPI_ENDPOINT_FE: amazon };
    app = await startTestApp({ ...APPLICATION, ...spApi, LWA_TOKEN_URL: `${amazon}/auth/o2/token` });
  });
  afterAll(async () => {
    await app.stop();
    lwa.close();
  });
  const bring = (refreshToken: string) =>
    api<Authorization>(app.url, 'POST', '/api/v1/authorizations', {
      body: { sellingPartnerId: randomPartner(), region: 'NA', refreshToken },
    });

  it('no database connection is held, however many are brought at once', async () => {
    const many = 15;
    let arrived = 0;
    let release: () => void = () => undefined;
    const released = new Promise<object>((resolve) => (release = () => resolve({})));
    const allArrived = new Promise<void>((resolve) => {
      answer = () => {
        if (++arrived === many) resolve();
        return released;
      };
    });
    const imports = Array.from({ length: many }, (_, i) => bring(`Atzr|${i}`));
    await allArrived;
    expect((await api(app.url, 'GET', '/api/v1/authorizations')).body).toMatchObject({ items: [] });
    release();
    expect((await Promise.all(imports)).map(({ status }) => status)).toEqual(Array(many).fill(201));
  });

  it('and it answers with another one, that one is kept', async () => {
    asked.length = 0;
    answer = () => Promise.resolve({ refresh_token: 'Atzr|newer' });
    const { body } = await bring('Atzr|older');
    await api(app.url, 'POST', `/api/v1/authorizations/${body.id}/access-token`);
    expect(asked).toEqual(['Atzr|older', 'Atzr|newer']);
  });
});

const daysAfter = (from: string, days: number) =>
  new Date(Date.parse(from) + days * 86_400_000).toISOString();
