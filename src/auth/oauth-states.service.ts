import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull, LessThan, MoreThan } from 'typeorm';
import { Clock } from '../common/clock.js';
import { randomToken, tokenHash } from '../common/random.js';
import { OAuthState } from './oauth-state.entity.js';

/** Who came back with a state: it must be the same browser and account that left with it. */
export interface Bearer {
  browserHash: Buffer;
  sellerId: string;
}

export type NewState = Bearer &
  Pick<
    OAuthState,
    | 'applicationId'
    | 'region'
    | 'marketplaceId'
    | 'partnerType'
    | 'workflow'
    | 'sellingPartnerId'
    | 'connectLinkId'
    | 'redirectUri'
  >;

const VALID_SECONDS = 600;
/** How long an ended state can still answer a repeated callback. */
const KEPT_SECONDS = 86_400;

/** The `state` values of OAuth 2.0 (RFC 6749 section 10.12): 256 random bits, stored hashed, used once. */
@Injectable()
export class OAuthStatesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Answers the `state` for the consent URL. Several at a time are fine: two tabs. */
  async create(state: NewState): Promise<string> {
    const value = randomToken();
    const now = this.clock.now();
    const expiresAt = this.clock.inSeconds(VALID_SECONDS);
    await this.dataSource.manager.insert(OAuthState, {
      ...state,
      stateHash: tokenHash(value),
      createdAt: now,
      expiresAt,
    });
    await this.dataSource.manager.delete(OAuthState, {
      expiresAt: LessThan(this.clock.inSeconds(-KEPT_SECONDS)),
    });
    return value;
  }

  async find(value: string): Promise<OAuthState | null> {
    return this.dataSource.manager.findOneBy(OAuthState, { stateHash: tokenHash(value) });
  }

  /** Takes the state for its single use, in one atomic statement. False: another callback has it, or it is over. */
  async take({ stateHash, browserHash, sellerId }: OAuthState): Promise<boolean> {
    const now = this.clock.now();
    const free = { stateHash, browserHash, sellerId, usedAt: IsNull(), expiresAt: MoreThan(now) };
    const { affected } = await this.dataSource.manager.update(OAuthState, free, { usedAt: now });
    return affected === 1;
  }

  /** @param manager of the transaction that stores the authorization: both happen, or neither */
  async succeeded(manager: EntityManager, { stateHash }: OAuthState, authorizationId: string): Promise<void> {
    await manager.update(OAuthState, { stateHash }, { authorizationId, finishedAt: this.clock.now() });
  }

  async failed({ stateHash }: OAuthState, failure: string): Promise<void> {
    await this.dataSource.manager.update(
      OAuthState,
      { stateHash },
      { failure, finishedAt: this.clock.now() },
    );
  }
}
