import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { type Region } from '../config/config.js';
import { type AmazonAnswer, callAmazon, NoAnswer, retryAfterSeconds } from './amazon-http.js';
import { Marketplaces } from './marketplaces.js';
import { SpApi, SpApiError } from './sp-api.js';

/** Short: a seller waits for the answer in the browser, and the check can be made up for later. */
export const SP_API_TIMEOUT_SECONDS = 5;

/** The SP-API over HTTP. No AWS signature: since October 2023 only the LWA access token counts. */
@Injectable()
export class HttpSpApi extends SpApi {
  constructor(
    private readonly marketplaces: Marketplaces,
    private readonly clock: Clock,
  ) {
    super();
  }

  async participations(region: Region, accessToken: string): Promise<string[]> {
    const { object } = await this.get(region, '/sellers/v1/marketplaceParticipations', accessToken);
    const list = object?.['payload'];
    if (!Array.isArray(list)) throw new SpApiError('transient', 'unreadable_answer', { status: 200 });
    return list.filter(isParticipation).map(({ marketplace }) => marketplace.id);
  }

  private async get(region: Region, path: string, accessToken: string): Promise<AmazonAnswer> {
    const answer = await this.send(`${this.marketplaces.endpoint(region)}${path}`, accessToken);
    const { status, headers } = answer;
    if (status === 200) return answer;
    if (status === 401 || status === 403) throw new SpApiError('denied', 'access_denied', { status });
    const seconds = retryAfterSeconds(headers, this.clock.now());
    throw new SpApiError('transient', status === 429 ? 'throttled' : 'no_success', {
      status,
      ...(seconds !== undefined && { retryAfterSeconds: seconds }),
    });
  }

  private async send(url: string, accessToken: string): Promise<AmazonAnswer> {
    try {
      return await callAmazon(
        url,
        { headers: { 'x-amz-access-token': accessToken } },
        SP_API_TIMEOUT_SECONDS,
      );
    } catch (cause) {
      throw new SpApiError('transient', cause instanceof NoAnswer ? cause.reason : 'unreachable', { cause });
    }
  }
}

interface Participation {
  marketplace: { id: string };
}

/** An entry of the Sellers API's list whose seller does participate. */
function isParticipation(entry: unknown): entry is Participation {
  const { marketplace, participation } = (entry ?? {}) as Record<string, Record<string, unknown> | undefined>;
  return typeof marketplace?.['id'] === 'string' && participation?.['isParticipating'] === true;
}
