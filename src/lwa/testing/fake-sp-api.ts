import { type Region } from '../../config/config.js';
import { SpApi, SpApiError } from '../sp-api.js';

/** The SP-API in memory, for unit tests: knows access tokens and where their sellers sell, and can be told to fail. */
export class FakeSpApi extends SpApi {
  readonly calls: Region[] = [];
  /** The next call rejects with this error. */
  failNext: SpApiError | undefined;

  private readonly sellers = new Map<string, { region: Region; marketplaceIds: string[] }>();

  addSeller(accessToken: string, region: Region, marketplaceIds: string[]): void {
    this.sellers.set(accessToken, { region, marketplaceIds });
  }

  participations(region: Region, accessToken: string): Promise<string[]> {
    this.calls.push(region);
    const failure = this.failNext;
    this.failNext = undefined;
    if (failure) return Promise.reject(failure);
    const seller = this.sellers.get(accessToken);
    if (seller?.region !== region)
      return Promise.reject(new SpApiError('denied', 'access_denied', { status: 403 }));
    return Promise.resolve(seller.marketplaceIds);
  }
}
