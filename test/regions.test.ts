import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RegionRecheck } from '../src/tokens/region-recheck.service.js';
import { AmazonProxy } from './support/amazon-proxy.js';
import { startTestApp, type TestApp } from './support/app.js';
import { type BrowserClient } from './support/browser-client.js';
import { api, randomPartner, signUp } from './support/people.js';
import { Simulator } from './support/simulator.js';

const GERMANY = 'A1PA6795UKMFR9';
const UNITED_STATES = 'ATVPDKIKX0DER';

describe('The region of a grant', () => {
  let simulator: Simulator;
  let amazon: AmazonProxy;
  let down = false;
  let app: TestApp;
  let seller: BrowserClient;
  let partner: string;

  beforeAll(async () => {
    simulator = await Simulator.start();
    amazon = await AmazonProxy.start(simulator.url);
    amazon.intercept = ({ path }) =>
      down && path.includes('/sellers/') ? { status: 503, body: {} } : undefined;
    app = await startTestApp({ ...simulator.settings, ...amazon.settings });
  });
  afterAll(async () => {
    await app.stop();
    amazon.stop();
    await simulator.stop();
  });
  beforeEach(async () => {
    down = false;
    seller = await signUp(app.url);
    partner = randomPartner();
  });

  const rows = () =>
    app.database.query('SELECT * FROM authorizations WHERE selling_partner_id = $1 ORDER BY region', [
      partner,
    ]);
  /** Connects from the page for `marketplaceId`, with an account that sells in `region`. */
  const connect = async (marketplaceId: string, region: string, fields = {}) => {
    await simulator.partner(partner, { region, ...fields });
    return simulator.connect(seller, partner, { marketplaceId });
  };
  const recheck = () => app.nest.get(RegionRecheck).run();

  it('is confirmed by Amazon, together with the marketplaces', async () => {
    await connect(GERMANY, 'EU', { marketplaceIds: ['A13V1IB3VIYZZH', GERMANY] });
    expect(await rows()).toMatchObject([
      {
        region: 'EU',
        marketplace_ids: [GERMANY, 'A13V1IB3VIYZZH'],
        region_verified_at: expect.any(Date),
        region_check_at: null,
      },
    ]);
  });

  it('is the one that Amazon says, not the one that the seller set out for', async () => {
    const answer = await connect(UNITED_STATES, 'EU');
    expect(await rows()).toMatchObject([{ region: 'EU', region_verified_at: expect.any(Date) }]);
    expect((await seller.get(answer.location)).body).toContain('Europe');
  });

  it('keeps grants of two regions apart', async () => {
    await connect(UNITED_STATES, 'NA');
    await connect(GERMANY, 'EU');
    expect(await rows()).toMatchObject([{ region: 'EU' }, { region: 'NA' }]);
  });

  it('does not replace another region’s grant by an account switched at Amazon', async () => {
    await connect(UNITED_STATES, 'NA');
    const [before] = await rows();
    await connect(UNITED_STATES, 'EU');
    expect(await rows()).toMatchObject([{ region: 'EU' }, { region: 'NA' }]);
    expect((await rows())[1]).toEqual(before);
  });

  it('must stay the same in a renewal: another one is explained, and nothing is replaced', async () => {
    const { location } = await connect(UNITED_STATES, 'NA');
    const before = await rows();
    const left = await seller.submit(location, 'Renew');
    await simulator.partner(partner, { region: 'EU' });
    const answer = await seller.get(await simulator.consent(left.location, partner));
    expect(answer.status).toBe(409);
    expect(answer.body).toContain('another region');
    expect(await rows()).toEqual(before);
  });

  it('of a vendor is the one of the marketplace: Amazon has no answer for vendors', async () => {
    const calls = () => amazon.calls.filter(({ path }) => path.includes('/sellers/')).length;
    const before = calls();
    await simulator.partner(partner, { region: 'EU', partnerType: 'vendor' });
    await simulator.connect(seller, partner, { marketplaceId: GERMANY, partnerType: 'vendor' });
    expect(await rows()).toMatchObject([{ region: 'EU', region_verified_at: null, region_check_at: null }]);
    expect(calls()).toBe(before);
  });

  it('that cannot be confirmed costs nothing: the grant is kept and checked again later', async () => {
    down = true;
    const answer = await connect(GERMANY, 'EU');
    expect(answer.status).toBe(303);
    expect(await rows()).toMatchObject([
      { status: 'active', region: 'EU', region_verified_at: null, region_check_at: expect.any(Date) },
    ]);
    expect((await seller.get(answer.location)).body).toContain('Amazon has not confirmed it yet');
    const shown = async () => {
      const path = `/api/v1/authorizations/${answer.location.split('/').at(-1)}`;
      return (await api(app.url, 'GET', path)).body['statusReason'];
    };
    expect(await shown()).toBe('region_unverified');
    await recheck();
    expect(await rows()).toMatchObject([{ region_verified_at: null }]);
    down = false;
    app.clock.advance(901);
    await recheck();
    expect(await rows()).toMatchObject([{ region_verified_at: expect.any(Date), region_check_at: null }]);
    expect(await shown()).toBeNull();
  });

  it('is corrected by the later check, and the connection keeps its id', async () => {
    down = true;
    await connect(GERMANY, 'FE');
    const [before] = await rows();
    down = false;
    app.clock.advance(901);
    await recheck();
    expect(await rows()).toMatchObject([
      { id: before?.['id'] as string, region: 'FE', region_check_at: null },
    ]);
  });

  it('is not confirmed by an empty list', async () => {
    await connect(GERMANY, 'EU', { scenario: 'wrongRegion' });
    expect(await rows()).toMatchObject([{ region: 'EU', region_verified_at: null, status: 'active' }]);
  });

  it('is asked for ever more rarely, and after a month no more', async () => {
    await connect(GERMANY, 'EU', { scenario: 'wrongRegion' });
    const due = async () => (await rows())[0]?.['region_check_at'] as Date | null;
    let checks = 0;
    for (let next = await due(); next; next = await due()) {
      app.clock.advance((next.getTime() - app.clock.now().getTime()) / 1000 + 1);
      await recheck();
      checks += 1;
    }
    expect(checks).toBeGreaterThan(3);
    expect(checks).toBeLessThan(20);
  });
});
