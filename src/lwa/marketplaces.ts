import { Injectable } from '@nestjs/common';
import { InvalidRequest } from '../common/errors.js';
import { type Region, RegrantConfig } from '../config/config.js';
import { type Marketplace, readMarketplaceTable } from './marketplace-table.js';

export type { Marketplace };
export type PartnerType = 'seller' | 'vendor';

export const REGIONS: readonly Region[] = ['NA', 'EU', 'FE'];
export const REGION_NAMES: Record<Region, string> = { NA: 'North America', EU: 'Europe', FE: 'Far East' };

/** What a consent URL asks Amazon for. */
export interface ConsentParameters {
  /** Amazon's id of the application, not the LWA client id. */
  applicationId: string;
  state: string;
  redirectUri: string;
  draft: boolean;
}

const wrong = (path: string, message: string): InvalidRequest =>
  new InvalidRequest('Some fields are not valid.', [{ path, message }]);

/** Amazon's marketplaces, from the one table `marketplaces.json`, and what lies where. */
@Injectable()
export class Marketplaces {
  /** By name, as a person looks for one. */
  readonly all: readonly Marketplace[];
  private readonly endpoints: Record<Region, string>;

  /** @throws ConfigError when `MARKETPLACES_FILE` cannot be used */
  constructor(private readonly config: RegrantConfig) {
    const table = readMarketplaceTable(config.marketplacesFile);
    this.all = table.marketplaces;
    this.endpoints = table.endpoints;
  }

  byId(id: string): Marketplace | undefined {
    return this.all.find((marketplace) => marketplace.id === id);
  }

  /** Amazon's lists say UK where ISO says GB: both are understood. */
  byCountry(code: string): Marketplace | undefined {
    const country = code.toUpperCase() === 'UK' ? 'GB' : code.toUpperCase();
    return this.all.find((marketplace) => marketplace.country === country);
  }

  /**
   * The region that a program names, by itself or by a marketplace.
   * @throws InvalidRequest when it names neither, an unknown marketplace, or two that do not fit
   */
  regionOf({ region, marketplaceId }: { region?: Region; marketplaceId?: string }): Region {
    if (!marketplaceId) {
      if (region) return region;
      throw wrong('region', 'is needed, or a marketplaceId in its place');
    }
    const marketplace = this.byId(marketplaceId);
    if (!marketplace) throw wrong('marketplaceId', 'is not a marketplace of Amazon');
    if (region && region !== marketplace.region)
      throw wrong('region', `does not fit: that marketplace is in the region ${marketplace.region}`);
    return marketplace.region;
  }

  /** Base URL of the SP-API, without a trailing slash. */
  endpoint(region: Region): string {
    return this.config.spApiEndpoints[region] ?? this.endpoints[region];
  }

  /** Origin of Seller Central or Vendor Central for that marketplace. */
  consentOrigin(marketplace: Marketplace, partnerType: PartnerType): string {
    if (this.config.amazonConsentOrigin) return this.config.amazonConsentOrigin;
    return `https://${partnerType === 'vendor' ? marketplace.vendorCentral : marketplace.sellerCentral}`;
  }

  /** Where a selling partner consents. Amazon's Step 6 page alone shows the id in the path: see CONSENT_URL_FORM. */
  consentUrl(marketplace: Marketplace, partnerType: PartnerType, parameters: ConsentParameters): string {
    const { applicationId, state, redirectUri, draft } = parameters;
    const inPath = this.config.consentUrlForm === 'path';
    const path = `/apps/authorize/consent${inPath ? `/${encodeURIComponent(applicationId)}` : ''}`;
    const url = new URL(path, this.consentOrigin(marketplace, partnerType));
    if (!inPath) url.searchParams.set('application_id', applicationId);
    url.searchParams.set('state', state);
    url.searchParams.set('redirect_uri', redirectUri);
    if (draft) url.searchParams.set('version', 'beta');
    return url.href;
  }

  /** Whose Seller Central or Vendor Central answers on that host; no marketplaces when it is nobody's. */
  atHost(host: string): { partnerType: PartnerType; marketplaces: Marketplace[] } {
    const vendor = this.all.filter(({ vendorCentral }) => vendorCentral === host);
    if (vendor.length) return { partnerType: 'vendor', marketplaces: vendor };
    const seller = this.all.filter((row) => row.sellerCentral === host || row.otherHosts?.includes(host));
    return { partnerType: 'seller', marketplaces: seller };
  }
}
