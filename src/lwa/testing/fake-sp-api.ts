import { randomUUID } from 'node:crypto';
import { type Region } from '../../config/config.js';
import { type RestrictedDataToken, type RestrictedDataTokenRequest, SpApi, SpApiError } from '../sp-api.js';

interface Seller {
  region: Region;
  marketplaceIds: string[];
}

/** The SP-API in memory, for unit tests: knows access tokens and where their sellers sell, and can be told to fail. */
export class FakeSpApi extends SpApi {
  readonly calls: Region[] = [];
  /** The next call rejects with this error. */
  failNext: SpApiError | undefined;

  private readonly sellers = new Map<string, Seller>();

  addSeller(accessToken: string, region: Region, marketplaceIds: string[]): void {
    this.sellers.set(accessToken, { region, marketplaceIds });
  }

  /** As if it had expired. */
  endToken(accessToken: string): void {
    this.sellers.delete(accessToken);
  }

  async participations(region: Region, accessToken: string): Promise<string[]> {
    return (await this.enter(region, accessToken)).marketplaceIds;
  }

  async createRestrictedDataToken(
    region: Region,
    accessToken: string,
    { restrictedResources }: RestrictedDataTokenRequest,
  ): Promise<RestrictedDataToken> {
    await this.enter(region, accessToken);
    if (!restrictedResources.length)
      throw new SpApiError('refused', 'bad_request', {
        status: 400,
        errors: [
          { message: 'Request is missing or has invalid parameters', details: 'Resource not provided.' },
        ],
      });
    return { restrictedDataToken: `Atz.sprdt|${randomUUID()}`, expiresInSeconds: 3600 };
  }

  private async enter(region: Region, accessToken: string): Promise<Seller> {
    this.calls.push(region);
    const failure = this.failNext;
    this.failNext = undefined;
    if (failure) throw failure;
    const seller = this.sellers.get(accessToken);
    if (!seller)
      throw denied('token_rejected', 'The access token you provided is revoked, malformed or invalid.');
    if (seller.region !== region) throw denied('access_denied', '');
    return Promise.resolve(seller);
  }
}

function denied(reason: string, details: string): SpApiError {
  const message = 'Access to requested resource is denied.';
  return new SpApiError('denied', reason, { status: 403, errors: [{ message, details }] });
}
