import { Injectable } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import { RegrantConfig, type Region } from '../config/config.js';

export type PartnerType = 'seller' | 'vendor';

/** One of Amazon's marketplaces. Hosts without scheme; `country` is ISO 3166-1 alpha-2. */
export interface Marketplace {
  id: string;
  country: string;
  name: string;
  region: Region;
  sellerCentral: string;
  vendorCentral: string;
}

export const REGION_NAMES: Record<Region, string> = { NA: 'North America', EU: 'Europe', FE: 'Far East' };

/** Amazon's marketplaces, from the one table `marketplaces.json`, and where each one's consent page is. */
@Injectable()
export class Marketplaces {
  /** By name, as a person looks for one. */
  readonly all: readonly Marketplace[];

  constructor(private readonly config: RegrantConfig) {
    const table = new URL('./marketplaces.json', import.meta.url);
    this.all = JSON.parse(readFileSync(table, 'utf8')) as Marketplace[];
  }

  byId(id: string): Marketplace | undefined {
    return this.all.find((marketplace) => marketplace.id === id);
  }

  /** Amazon's lists say UK where ISO says GB: both are understood. */
  byCountry(code: string): Marketplace | undefined {
    const country = code.toUpperCase() === 'UK' ? 'GB' : code.toUpperCase();
    return this.all.find((marketplace) => marketplace.country === country);
  }

  /** Origin of Seller Central or Vendor Central for that marketplace. */
  consentOrigin(marketplace: Marketplace, partnerType: PartnerType): string {
    if (this.config.amazonConsentOrigin) return this.config.amazonConsentOrigin;
    return `https://${partnerType === 'vendor' ? marketplace.vendorCentral : marketplace.sellerCentral}`;
  }
}
