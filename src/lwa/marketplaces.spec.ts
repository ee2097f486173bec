import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../config/config.js';
import { Marketplaces } from './marketplaces.js';

const make = (settings: Record<string, string> = {}) => new Marketplaces(parseConfig(settings));
const parameters = {
  applicationId: 'amzn1.sp.solution.x',
  state: 's-1',
  redirectUri: 'https://regrant.example/sp-api/auth',
  draft: false,
};
const QUERY =
  '/apps/authorize/consent?application_id=amzn1.sp.solution.x&state=s-1&redirect_uri=https%3A%2F%2Fregrant.example%2Fsp-api%2Fauth';

/** As Amazon's documents have it: code, marketplace id, region, Seller Central, Vendor Central. */
const TABLE = `
CA A2EUQ1WTGCTBG2 NA sellercentral.amazon.ca vendorcentral.amazon.ca
US ATVPDKIKX0DER NA sellercentral.amazon.com vendorcentral.amazon.com
MX A1AM78C64UM0Y8 NA sellercentral.amazon.com.mx vendorcentral.amazon.com.mx
BR A2Q3Y263D00KWC NA sellercentral.amazon.com.br vendorcentral.amazon.com.br
IE A28R8C7NBKEWEA EU sellercentral.amazon.ie vendorcentral.amazon.ie
ES A1RKKUPIHCS9HS EU sellercentral-europe.amazon.com vendorcentral.amazon.es
UK A1F83G8C2ARO7P EU sellercentral-europe.amazon.com vendorcentral.amazon.co.uk
FR A13V1IB3VIYZZH EU sellercentral-europe.amazon.com vendorcentral.amazon.fr
BE AMEN7PMS3EDWL EU sellercentral.amazon.com.be vendorcentral.amazon.com.be
NL A1805IZSGTT6HS EU sellercentral.amazon.nl vendorcentral.amazon.nl
DE A1PA6795UKMFR9 EU sellercentral-europe.amazon.com vendorcentral.amazon.de
IT APJ6JRA9NG5V4 EU sellercentral-europe.amazon.com vendorcentral.amazon.it
SE A2NODRKZP88ZB9 EU sellercentral.amazon.se vendorcentral.amazon.se
ZA AE08WJ6YKNBMC EU sellercentral.amazon.co.za vendorcentral.amazon.co.za
PL A1C3SOZRARQ6R3 EU sellercentral.amazon.pl vendorcentral.amazon.pl
EG ARBP9OOSHTCHU EU sellercentral.amazon.eg vendorcentral.amazon.me
TR A33AVAJ2PDY3EV EU sellercentral.amazon.com.tr vendorcentral.amazon.com.tr
SA A17E79C6D8DWNP EU sellercentral.amazon.sa vendorcentral.amazon.me
AE A2VIGQ35RCS4UG EU sellercentral.amazon.ae vendorcentral.amazon.me
IN A21TJRUUN4KGV EU sellercentral.amazon.in www.vendorcentral.in
SG A19VAU5U5O7RUS FE sellercentral.amazon.sg vendorcentral.amazon.com.sg
AU A39IBJ37TRP1C6 FE sellercentral.amazon.com.au vendorcentral.amazon.com.au
JP A1VC38T7YXB528 FE sellercentral.amazon.co.jp vendorcentral.amazon.co.jp
`;
const rows = TABLE.trim()
  .split('\n')
  .map((line) => line.split(' ') as [string, string, string, string, string]);

describe('Marketplaces', () => {
  it.each(rows)(
    'sends a seller or vendor of %s to the right consent page',
    (code, id, region, seller, vendor) => {
      const marketplaces = make();
      const marketplace = marketplaces.byCountry(code);
      expect(marketplace).toMatchObject({ id, region });
      if (!marketplace) return;
      expect(marketplaces.consentUrl(marketplace, 'seller', parameters)).toBe(`https://${seller}${QUERY}`);
      expect(marketplaces.consentUrl(marketplace, 'vendor', parameters)).toBe(`https://${vendor}${QUERY}`);
      expect(marketplaces.endpoint(marketplace.region)).toBe(
        `https://sellingpartnerapi-${region.toLowerCase()}.amazon.com`,
      );
    },
  );

  it('holds these 23 and no other', () => {
    expect(
      make()
        .all.map(({ id }) => id)
        .sort(),
    ).toEqual(rows.map(([, id]) => id).sort());
  });

  it('knows Britain by both of its codes', () => {
    for (const code of ['UK', 'GB', 'uk', 'gb']) expect(make().byCountry(code)?.id).toBe('A1F83G8C2ARO7P');
  });

  it('asks for the draft version of a draft', () => {
    const marketplaces = make();
    const url = marketplaces.consentUrl(marketplaces.all[0]!, 'seller', { ...parameters, draft: true });
    expect(new URL(url).searchParams.get('version')).toBe('beta');
  });

  it('puts the application id into the path where the operator wants Amazon’s other form', () => {
    const marketplaces = make({ CONSENT_URL_FORM: 'path' });
    const url = marketplaces.consentUrl(marketplaces.byCountry('US')!, 'seller', parameters);
    expect(url).toBe(
      `https://sellercentral.amazon.com/apps/authorize/consent/amzn1.sp.solution.x?${QUERY.split('amzn1.sp.solution.x&')[1]}`,
    );
  });

  it('sends everybody to the simulator when there is one', () => {
    const marketplaces = make({ AMAZON_CONSENT_ORIGIN: 'http://localhost:3001' });
    expect(marketplaces.consentOrigin(marketplaces.all[0]!, 'vendor')).toBe('http://localhost:3001');
  });

  it('tells whose Central answers on a host', () => {
    const codes = (host: string) =>
      make()
        .atHost(host)
        .marketplaces.map(({ country }) => country)
        .sort();
    expect(codes('sellercentral-europe.amazon.com')).toEqual(['DE', 'ES', 'FR', 'GB', 'IT']);
    expect(codes('sellercentral-japan.amazon.com')).toEqual(['JP']);
    expect(codes('vendorcentral.amazon.me')).toEqual(['AE', 'EG', 'SA']);
    expect(make().atHost('vendorcentral.amazon.me').partnerType).toBe('vendor');
    expect(codes('amazon.com')).toEqual([]);
  });
});

describe('MARKETPLACES_FILE', () => {
  const folder = mkdtempSync(join(tmpdir(), 'regrant-marketplaces-'));
  const file = join(folder, 'marketplaces.json');
  afterEach(() => rmSync(file, { force: true }));
  const load = (content: unknown) => {
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return make({ MARKETPLACES_FILE: file });
  };
  const complete = {
    ...{ id: 'A1NEWMARKET001', country: 'CH', name: 'Switzerland', region: 'EU' },
    ...{ sellerCentral: 'sellercentral.amazon.ch', vendorCentral: 'vendorcentral.amazon.ch' },
  };

  it('replaces the fields that it names and leaves the rest', () => {
    const marketplaces = load([{ id: 'A17E79C6D8DWNP', sellerCentral: 'sellercentral.amazon.com.sa' }]);
    expect(marketplaces.byCountry('SA')).toMatchObject({
      sellerCentral: 'sellercentral.amazon.com.sa',
      vendorCentral: 'vendorcentral.amazon.me',
    });
    expect(marketplaces.all).toHaveLength(23);
  });

  it('adds a marketplace', () => {
    expect(load([complete]).byCountry('CH')?.name).toBe('Switzerland');
  });

  it.each([
    ['no JSON', '{', 'cannot be read as JSON'],
    ['no list', {}, 'must hold a list'],
    ['a row without an id', [{ country: 'CH' }], 'entry 1: has no id'],
    ['half a new row', [{ id: 'A1NEWMARKET001' }], 'bad or missing country'],
    ['a host with a scheme', [{ ...complete, sellerCentral: 'https://x.y' }], 'bad or missing sellerCentral'],
    ['an unknown region', [{ ...complete, region: 'US' }], 'bad or missing region'],
    ['a misspelt field', [{ ...complete, vendorcentral: 'x.y' }], 'unknown field vendorcentral'],
  ])('refuses %s and names the setting', (_what, content, problem) => {
    expect(() => load(content)).toThrow('MARKETPLACES_FILE');
    expect(() => load(content)).toThrow(problem);
  });

  it('refuses a file that is not there', () => {
    expect(() => make({ MARKETPLACES_FILE: join(folder, 'none.json') })).toThrow('cannot be read');
  });
});
