import { marketplaceIds, type Region, usualMarketplaceIds } from './marketplaces.js';

/**
 * How Amazon behaves towards one selling partner. `revoked` concerns refreshes and access tokens, and ends
 * with a re-consent; `cancel` concerns the consent page; `wrongRegion` makes every endpoint list no marketplace;
 * the others concern every answer about the partner, the exchange of a code included.
 */
export const PARTNER_SCENARIOS = [
  'normal',
  'revoked',
  'slow',
  'throttled',
  'error500',
  'garbage',
  'cancel',
  'wrongRegion',
] as const;
export type PartnerScenario = (typeof PARTNER_SCENARIOS)[number];

/** How Amazon behaves towards one application, whoever the selling partner is. */
export const APPLICATION_SCENARIOS = [
  'normal',
  'secretExpired',
  'slow',
  'throttled',
  'error500',
  'garbage',
] as const;
export type ApplicationScenario = (typeof APPLICATION_SCENARIOS)[number];

export const PARTNER_TYPES = ['seller', 'vendor'] as const;
export type PartnerType = (typeof PARTNER_TYPES)[number];

/** A registered SP-API application. */
export interface Application {
  applicationId: string;
  clientId: string;
  /** All of them are accepted: several make a rotation with overlap. */
  clientSecrets: string[];
  name: string;
  draft: boolean;
  /** Null accepts any loopback URI. */
  redirectUris: string[] | null;
  scenario: ApplicationScenario;
  delayMs: number;
}

/** A seller or vendor account. */
export interface SellingPartner {
  sellingPartnerId: string;
  name: string;
  partnerType: PartnerType;
  region: Region;
  marketplaceIds: string[];
  scenario: PartnerScenario;
  delayMs: number;
}

/** Longer than any sensible client waits. */
export const DEFAULT_DELAY_MS = 30_000;

/** The application that exists in every new world. */
export function defaultApplication(): Application {
  return {
    applicationId: 'amzn1.sp.solution.51a7e000-0000-4000-8000-000000000001',
    clientId: 'amzn1.application-oa2-client.51a7e0000000000000000000000000a1',
    clientSecrets: ['amzn1.oa2-cs.v1.51a7e00000000000000000000000000000000000000000000000000000000000a1'],
    name: 'Regrant (simulated)',
    draft: false,
    redirectUris: null,
    scenario: 'normal',
    delayMs: DEFAULT_DELAY_MS,
  };
}

/** A selling partner with everything usual that is not stated. */
export function sellingPartner(
  sellingPartnerId: string,
  stated: Partial<Omit<SellingPartner, 'sellingPartnerId'>> = {},
): SellingPartner {
  const region = stated.region ?? 'NA';
  return {
    sellingPartnerId,
    name: stated.name ?? `Shop ${sellingPartnerId}`,
    partnerType: stated.partnerType ?? 'seller',
    region,
    marketplaceIds: stated.marketplaceIds ?? usualMarketplaceIds(region),
    scenario: stated.scenario ?? 'normal',
    delayMs: stated.delayMs ?? DEFAULT_DELAY_MS,
  };
}

/** The selling partners that exist in every new world. */
export function defaultSellingPartners(): SellingPartner[] {
  const vendor = { partnerType: 'vendor' } as const;
  return [
    sellingPartner('A2SIMULATEDUS1', { name: 'Maple & Main' }),
    sellingPartner('A2SIMULATEDUS2', { name: 'Blue Kettle Goods', marketplaceIds: marketplaceIds('US') }),
    sellingPartner('A2SIMULATEDDE1', { name: 'Lindenhof Handel', region: 'EU' }),
    sellingPartner('A2SIMULATEDGB1', {
      name: 'Harbour Lane Trading',
      region: 'EU',
      marketplaceIds: marketplaceIds('GB', 'IE'),
    }),
    sellingPartner('A2SIMULATEDJP1', { name: 'Sakura Zakka', region: 'FE' }),
    sellingPartner('A2SIMULATEDAU1', {
      name: 'Wattle Supply',
      region: 'FE',
      marketplaceIds: marketplaceIds('AU'),
    }),
    sellingPartner('A2SIMVENDORUS1', { ...vendor, name: 'Northwind Brands' }),
    sellingPartner('A2SIMVENDORDE1', { ...vendor, name: 'Rheinwerk Marken', region: 'EU' }),
    sellingPartner('A2REVOKED00001', { name: 'Revoked Shop', scenario: 'revoked' }),
    sellingPartner('A2SLOW00000001', { name: 'Slow Shop', scenario: 'slow' }),
    sellingPartner('A2THROTTLED001', { name: 'Throttled Shop', scenario: 'throttled' }),
    sellingPartner('A2ERROR5000001', { name: 'Error Shop', scenario: 'error500' }),
    sellingPartner('A2GARBAGE00001', { name: 'Garbage Shop', scenario: 'garbage' }),
    sellingPartner('A2CANCEL000001', { name: 'Undecided Shop', scenario: 'cancel' }),
    sellingPartner('A2WRONGREGION1', { name: 'Elsewhere Shop', scenario: 'wrongRegion' }),
  ];
}
