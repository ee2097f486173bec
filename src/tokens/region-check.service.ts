import { Injectable } from '@nestjs/common';
import { type Region } from '../config/config.js';
import { REGIONS } from '../lwa/marketplaces.js';
import { SpApi, SpApiError } from '../lwa/sp-api.js';

/** Where Amazon says that a seller sells; undefined when it did not say. */
export interface Located {
  region: Region;
  marketplaceIds: string[];
}

/**
 * Asks Amazon which region a grant is for. Neither the callback nor the token tells, and a seller who switches accounts
 * on the way grants another region than the one they set out for.
 */
@Injectable()
export class RegionCheck {
  constructor(private readonly spApi: SpApi) {}

  /**
   * The region in which the access token finds marketplaces: the expected one first, the others only when that one
   * refuses or lists nothing. Undefined when no region could be confirmed; that proves nothing against the grant.
   */
  async locate(expected: Region, accessToken: string): Promise<Located | undefined> {
    for (const region of [expected, ...REGIONS.filter((other) => other !== expected)]) {
      const marketplaceIds = await this.ask(region, accessToken);
      // Throttled or down says nothing: to look elsewhere would turn a hiccup into a wrong answer.
      if (!marketplaceIds) return undefined;
      if (marketplaceIds.length) return { region, marketplaceIds };
    }
    return undefined;
  }

  /** Empty: refused, or nothing listed. Undefined: no answer. */
  private async ask(region: Region, accessToken: string): Promise<string[] | undefined> {
    try {
      return await this.spApi.participations(region, accessToken);
    } catch (error) {
      if (!(error instanceof SpApiError)) throw error;
      return error.kind === 'denied' ? [] : undefined;
    }
  }
}
