import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { type RestrictedDataTokenRequest, SpApi, SpApiError } from '../lwa/sp-api.js';
import { spApiProblem } from '../lwa/sp-api-problems.js';
import { type VendedToken, VendingService } from './vending.service.js';

/** A token for personal data, for the one caller who asked for it. */
export interface IssuedRestrictedDataToken {
  restrictedDataToken: string;
  expiresAt: Date;
  expiresInSeconds: number;
}

/** Restricted data tokens: each from Amazon, for one call, kept nowhere. */
@Injectable()
export class RestrictedDataTokens {
  constructor(
    private readonly vending: VendingService,
    private readonly spApi: SpApi,
    private readonly clock: Clock,
  ) {}

  /**
   * @param id of the authorization
   * @param applicationIds the applications that the caller is limited to; null: none in particular
   * @throws whatever `VendingService.vend` does; InvalidRequest, Forbidden and RateLimited in Amazon's words
   */
  async issue(
    id: string,
    request: RestrictedDataTokenRequest,
    applicationIds: readonly string[] | null,
  ): Promise<IssuedRestrictedDataToken> {
    const token = await this.vending.vend(id, { applicationIds });
    try {
      return await this.ask(token, request);
    } catch (error) {
      if (!(error instanceof SpApiError)) throw error;
      if (error.reason !== 'token_rejected') throw problem(error);
      return await this.askAgain(id, token, request, error);
    }
  }

  /** Amazon may end an access token before its time. Whether it gives another one is the grant's own matter. */
  private async askAgain(
    id: string,
    rejected: VendedToken,
    request: RestrictedDataTokenRequest,
    rejection: SpApiError,
  ): Promise<IssuedRestrictedDataToken> {
    const isNew = ({ accessToken }: VendedToken) => accessToken !== rejected.accessToken;
    // Another caller may have replaced it by now: then no refresh is needed.
    const present = await this.vending.vend(id);
    const token = isNew(present) ? present : await this.vending.vend(id, { forceRefresh: true });
    if (!isNew(token)) throw problem(new SpApiError('transient', rejection.reason, { cause: rejection }));
    try {
      return await this.ask(token, request);
    } catch (error) {
      throw error instanceof SpApiError ? problem(error) : error;
    }
  }

  private async ask(
    { region, accessToken }: VendedToken,
    request: RestrictedDataTokenRequest,
  ): Promise<IssuedRestrictedDataToken> {
    const askedAt = this.clock.now();
    const answer = await this.spApi.createRestrictedDataToken(region, accessToken, request);
    return { ...answer, expiresAt: new Date(askedAt.getTime() + answer.expiresInSeconds * 1000) };
  }
}

const problem = (error: SpApiError) =>
  spApiProblem(error, (fault) =>
    /target ?application/i.test(fault) ? 'targetApplication' : 'restrictedResources',
  );
