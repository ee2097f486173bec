import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { type Region } from '../config/config.js';
import { type AmazonAnswer, callAmazon, isToken, NoAnswer } from './amazon-http.js';
import { Marketplaces } from './marketplaces.js';
import { type RestrictedDataToken, type RestrictedDataTokenRequest, SpApi, SpApiError } from './sp-api.js';
import { spApiFailure } from './sp-api-failure.js';

/** Short: a seller waits for the answer in the browser, or a program that can ask again. */
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
    const answer = await this.call(region, '/sellers/v1/marketplaceParticipations', accessToken);
    const list = answer?.['payload'];
    if (!Array.isArray(list)) throw unreadable();
    return list.filter(isParticipation).map(({ marketplace }) => marketplace.id);
  }

  async createRestrictedDataToken(
    region: Region,
    accessToken: string,
    request: RestrictedDataTokenRequest,
  ): Promise<RestrictedDataToken> {
    const answer = await this.call(region, '/tokens/2021-03-01/restrictedDataToken', accessToken, request);
    const { restrictedDataToken, expiresIn } = answer ?? {};
    if (!isToken(restrictedDataToken) || typeof expiresIn !== 'number' || !(expiresIn > 0))
      throw unreadable();
    return { restrictedDataToken, expiresInSeconds: Math.floor(expiresIn) };
  }

  /** GET, or with a body POST. */
  private async call(
    region: Region,
    path: string,
    accessToken: string,
    body?: object,
  ): Promise<AmazonAnswer['object']> {
    const answer = await this.send(`${this.marketplaces.endpoint(region)}${path}`, accessToken, body);
    if (answer.status === 200) return answer.object;
    throw spApiFailure(answer, accessToken, this.clock.now());
  }

  private async send(url: string, accessToken: string, body: object | undefined): Promise<AmazonAnswer> {
    const headers = { 'x-amz-access-token': accessToken };
    const init = body && {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    try {
      return await callAmazon(url, init ?? { headers }, SP_API_TIMEOUT_SECONDS);
    } catch (cause) {
      throw new SpApiError('transient', cause instanceof NoAnswer ? cause.reason : 'unreachable', { cause });
    }
  }
}

const unreadable = () => new SpApiError('transient', 'unreadable_answer', { status: 200 });

interface Participation {
  marketplace: { id: string };
}

/** An entry of the Sellers API's list whose seller does participate. */
function isParticipation(entry: unknown): entry is Participation {
  const { marketplace, participation } = (entry ?? {}) as Record<string, Record<string, unknown> | undefined>;
  return typeof marketplace?.['id'] === 'string' && participation?.['isParticipating'] === true;
}
