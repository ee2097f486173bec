/** The three regions in which Amazon runs SP-API endpoints. */
export const REGIONS = ['NA', 'EU', 'FE'] as const;
export type Region = (typeof REGIONS)[number];

/** A marketplace in the words of Amazon's Sellers API model. */
export interface Marketplace {
  id: string;
  name: string;
  countryCode: string;
  defaultCurrencyCode: string;
  defaultLanguageCode: string;
  domainName: string;
}

const TABLE: Record<
  Region,
  [id: string, country: string, currency: string, language: string, domain: string][]
> = {
  NA: [
    ['ATVPDKIKX0DER', 'US', 'USD', 'en_US', 'amazon.com'],
    ['A2EUQ1WTGCTBG2', 'CA', 'CAD', 'en_CA', 'amazon.ca'],
    ['A1AM78C64UM0Y8', 'MX', 'MXN', 'es_MX', 'amazon.com.mx'],
    ['A2Q3Y263D00KWC', 'BR', 'BRL', 'pt_BR', 'amazon.com.br'],
  ],
  EU: [
    ['A1PA6795UKMFR9', 'DE', 'EUR', 'de_DE', 'amazon.de'],
    ['A13V1IB3VIYZZH', 'FR', 'EUR', 'fr_FR', 'amazon.fr'],
    ['APJ6JRA9NG5V4', 'IT', 'EUR', 'it_IT', 'amazon.it'],
    ['A1RKKUPIHCS9HS', 'ES', 'EUR', 'es_ES', 'amazon.es'],
    ['A1F83G8C2ARO7P', 'GB', 'GBP', 'en_GB', 'amazon.co.uk'],
    ['A1805IZSGTT6HS', 'NL', 'EUR', 'nl_NL', 'amazon.nl'],
    ['AMEN7PMS3EDWL', 'BE', 'EUR', 'fr_BE', 'amazon.com.be'],
    ['A28R8C7NBKEWEA', 'IE', 'EUR', 'en_IE', 'amazon.ie'],
    ['A2NODRKZP88ZB9', 'SE', 'SEK', 'sv_SE', 'amazon.se'],
    ['A1C3SOZRARQ6R3', 'PL', 'PLN', 'pl_PL', 'amazon.pl'],
    ['A33AVAJ2PDY3EV', 'TR', 'TRY', 'tr_TR', 'amazon.com.tr'],
    ['AE08WJ6YKNBMC', 'ZA', 'ZAR', 'en_ZA', 'amazon.co.za'],
    ['ARBP9OOSHTCHU', 'EG', 'EGP', 'ar_EG', 'amazon.eg'],
    ['A17E79C6D8DWNP', 'SA', 'SAR', 'ar_SA', 'amazon.sa'],
    ['A2VIGQ35RCS4UG', 'AE', 'AED', 'en_AE', 'amazon.ae'],
    ['A21TJRUUN4KGV', 'IN', 'INR', 'en_IN', 'amazon.in'],
  ],
  FE: [
    ['A1VC38T7YXB528', 'JP', 'JPY', 'ja_JP', 'amazon.co.jp'],
    ['A39IBJ37TRP1C6', 'AU', 'AUD', 'en_AU', 'amazon.com.au'],
    ['A19VAU5U5O7RUS', 'SG', 'SGD', 'en_SG', 'amazon.sg'],
  ],
};

/** Where a seller of a region sells unless the world says otherwise. */
const USUAL_COUNTRIES: Record<Region, string[]> = {
  NA: ['US', 'CA', 'MX'],
  EU: ['DE', 'FR', 'IT', 'ES'],
  FE: ['JP'],
};

const marketplaces: (Marketplace & { region: Region })[] = REGIONS.flatMap((region) =>
  TABLE[region].map(([id, countryCode, currency, language, domain]) => ({
    region,
    id,
    name: domain.replace('amazon', 'Amazon'),
    countryCode,
    defaultCurrencyCode: currency,
    defaultLanguageCode: language,
    domainName: `www.${domain}`,
  })),
);

/** The marketplaces of the given ids, as the Sellers API describes them; unknown ids are left out. */
export function describeMarketplaces(ids: readonly string[]): Marketplace[] {
  return marketplaces
    .filter(({ id }) => ids.includes(id))
    .map(({ region: _region, ...marketplace }) => marketplace);
}

/** The region of a marketplace id, if there is such a marketplace. */
export function regionOfMarketplace(id: string): Region | undefined {
  return marketplaces.find((marketplace) => marketplace.id === id)?.region;
}

/** The ids of the marketplaces of the given ISO country codes. */
export function marketplaceIds(...countryCodes: string[]): string[] {
  return marketplaces.filter(({ countryCode }) => countryCodes.includes(countryCode)).map(({ id }) => id);
}

/** The marketplace ids of a newly made seller of a region. */
export function usualMarketplaceIds(region: Region): string[] {
  return marketplaceIds(...USUAL_COUNTRIES[region]);
}
