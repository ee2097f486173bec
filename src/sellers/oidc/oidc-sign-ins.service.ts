import { Injectable } from '@nestjs/common';
import { DataSource, LessThanOrEqual, MoreThan } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { tokenHash } from '../../common/random.js';
import { type Departure } from './oidc-client.js';
import { OidcFailure } from './oidc-failure.js';
import { OidcSignIn } from './oidc-sign-in.entity.js';

const VALID_SECONDS = 600;

/** Browsers that are at the identity provider: the state is stored hashed, used once, and good for ten minutes. */
@Injectable()
export class OidcSignIns {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Several at a time are fine: two tabs. */
  async begin(
    { state, nonce, codeVerifier }: Departure,
    from: Pick<OidcSignIn, 'browserHash' | 'next' | 'linkSellerId'>,
  ): Promise<void> {
    const now = this.clock.now();
    await this.dataSource.manager.delete(OidcSignIn, { expiresAt: LessThanOrEqual(now) });
    await this.dataSource.manager.insert(OidcSignIn, {
      ...from,
      stateHash: tokenHash(state),
      nonce,
      codeVerifier,
      createdAt: now,
      expiresAt: this.clock.inSeconds(VALID_SECONDS),
    });
  }

  /**
   * Takes the sign-in for its single use, by one statement. One that was started in another browser is left there.
   * @throws OidcFailure
   */
  async take(state: string, browserHash: Buffer): Promise<OidcSignIn> {
    const stateHash = tokenHash(state);
    const { manager } = this.dataSource;
    const row = await manager.findOneBy(OidcSignIn, { stateHash });
    if (!row) throw new OidcFailure('unknown');
    if (!row.browserHash.equals(browserHash)) throw new OidcFailure('foreign');
    const expiresAt = MoreThan(this.clock.now());
    const { affected } = await manager.delete(OidcSignIn, { stateHash, browserHash, expiresAt });
    if (!affected) throw new OidcFailure('unknown', { next: row.next });
    return row;
  }
}
