import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { RegrantError } from '../common/errors.js';
import { type Authorization } from './authorization.entity.js';
import { AuthorizationRegions } from './authorization-regions.service.js';
import { RegionCheck } from './region-check.service.js';
import { VendingService } from './vending.service.js';

const EVERY_MILLISECONDS = 60_000;
const AT_A_TIME = 20;

/** Makes up for checks of a region that Amazon did not answer when the grant was stored. Every replica takes part. */
@Injectable()
export class RegionRecheck {
  private readonly logger = new Logger(RegionRecheck.name);
  private running = false;

  constructor(
    private readonly authorizations: AuthorizationRegions,
    private readonly vending: VendingService,
    private readonly regions: RegionCheck,
  ) {}

  @Interval(EVERY_MILLISECONDS)
  async tick(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      await this.run();
    } catch (error) {
      this.logger.error(error);
    } finally {
      this.running = false;
    }
  }

  /** Checks what is due now, a few at a time. One that fails does not stop the others: its next check is set. */
  async run(): Promise<void> {
    for (const authorization of await this.authorizations.takeDue(AT_A_TIME))
      await this.check(authorization).catch((error: unknown) => {
        // A dead grant, or Amazon down: known already, and no news for the operator.
        if (!(error instanceof RegrantError)) this.logger.error(error);
      });
  }

  private async check(authorization: Authorization): Promise<void> {
    const { accessToken } = await this.vending.vend(authorization.id, { forCaller: false });
    const located = await this.regions.locate(authorization.region, accessToken);
    if (!located) return;
    const { region, marketplaceIds } = located;
    if (region === authorization.region) return this.authorizations.confirmed(authorization, marketplaceIds);
    if (await this.authorizations.movedTo(authorization, region, marketplaceIds))
      this.vending.forget(authorization.id);
  }
}
