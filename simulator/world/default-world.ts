import { marketplaceIds, type Region, usualMarketplaceIds } from './marketplaces.js';

/**
 * How Amazon behaves towards one selling partner. `revoked` and `lapsed` concern refreshes and access tokens, and
 * end with a re-consent; `cancel`, `notPrimaryUser` and `missingVendorRole` concern the pages on which a partner
 * consents; `wrongRegion` makes every endpoint list no marketplace; the others concern every answer about the
 * partner, the exchange of a code included.
 */
export const PARTNER_SCENARIOS = [
  'normal',
  'revoked',
  'lapsed',
  'slow',
  'throttled',
  'error500',
  'garbage',
  'cancel',
  'notPrimaryUser',
  'missingVendorRole',
  'wrongRegion',
] as const;
export type PartnerScenario = (typeof PARTNER_SCENARIOS)[number];

/**
 * How Amazon behaves towards one application, whoever the selling partner is. `secretExpired` concerns the token
 * endpoint and the SP-API; `suppressed` and `relativeCallback` concern the pages on which a partner consents.
 */
export const APPLICATION_SCENARIOS = [
  'normal',
  'secretExpired',
  'suppressed',
  'relativeCallback',
  'slow',
  'throttled',
  'error500',
  'garbage',
] as const;
export type ApplicationScenario = (typeof APPLICATION_SCENARIOS)[number];

export const PARTNER_TYPES = ['seller', 'vendor'] as const;
export type PartnerType = (typeof PARTNER_TYPES)[number];

export const APPLICATION_TYPES = ['public', 'private'] as const;
export type ApplicationType = (typeof APPLICATION_TYPES)[number];

/** A secret by which an application authenticates. */
export interface ClientSecret {
  clientSecret: string;
  /** RFC 3339; null for never. */
  expiresAt: string | null;
}

/** A registered SP-API application. */
export interface Application {
  applicationId: string;
  clientId: string;
  /** All that have not expired are accepted: several make a rotation with overlap. The last one is the newest. */
  clientSecrets: ClientSecret[];
  name: string;
  /** A private application knows only the authorizations that its developer makes at the console. */
  type: ApplicationType;
  draft: boolean;
  /** Whether the Appstore shows it: without that, it has room for few sellers. */
  listed: boolean;
  /** How many sellers may authorize it while it is not listed. */
  sellerLimit: number;
  /** How many accounts its developer may authorize at the console. */
  selfAuthorizationLimit: number;
  /** The OAuth log-in URI; null for none. */
  loginUri: string | null;
  /** The OAuth redirect URIs, of which the first is the default. Null accepts any loopback URI. */
  redirectUris: string[] | null;
  /** Whether its new secrets have a queue to go to, without which it cannot have its secret rotated. */
  enrolledForRotation: boolean;
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
  /** Another account, in whose name the partner comes back after choosing this one; null for no such slip. */
  comesBackAs: string | null;
  scenario: PartnerScenario;
  delayMs: number;
}

/** Longer than any sensible client waits. */
export const DEFAULT_DELAY_MS = 30_000;

/** What an application is that nobody said anything about. */
export const APPLICATION_DEFAULTS = {
  type: 'public',
  draft: false,
  listed: true,
  sellerLimit: 25,
  selfAuthorizationLimit: 10,
  loginUri: 'http://localhost:3000/sp-api/login',
  redirectUris: null,
  enrolledForRotation: false,
  scenario: 'normal',
  delayMs: DEFAULT_DELAY_MS,
} satisfies Partial<Application>;

/** The application that exists in every new world. */
export function defaultApplication(loginUri: string = APPLICATION_DEFAULTS.loginUri): Application {
  return {
    ...APPLICATION_DEFAULTS,
    loginUri,
    applicationId: 'amzn1.sp.solution.51a7e000-0000-4000-8000-000000000001',
    clientId: 'amzn1.application-oa2-client.51a7e0000000000000000000000000a1',
    clientSecrets: [
      {
        clientSecret: 'amzn1.oa2-cs.v1.51a7e00000000000000000000000000000000000000000000000000000000000a1',
        expiresAt: null,
      },
    ],
    name: 'Regrant (simulated)',
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
    comesBackAs: stated.comesBackAs ?? null,
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
    sellingPartner('A2LAPSED000001', { name: 'Lapsed Shop', scenario: 'lapsed' }),
    sellingPartner('A2SLOW00000001', { name: 'Slow Shop', scenario: 'slow' }),
    sellingPartner('A2THROTTLED001', { name: 'Throttled Shop', scenario: 'throttled' }),
    sellingPartner('A2ERROR5000001', { name: 'Error Shop', scenario: 'error500' }),
    sellingPartner('A2GARBAGE00001', { name: 'Garbage Shop', scenario: 'garbage' }),
    sellingPartner('A2CANCEL000001', { name: 'Undecided Shop', scenario: 'cancel' }),
    sellingPartner('A2SECONDARY001', { name: 'Second User Shop', scenario: 'notPrimaryUser' }),
    sellingPartner('A2WRONGREGION1', { name: 'Elsewhere Shop', scenario: 'wrongRegion' }),
  ];
}
