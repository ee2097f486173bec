import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { setTimeout as pause } from 'node:timers/promises';
import { RegrantError } from '../common/errors.js';
import { type DueProbe, DueProbes } from './due-probes.service.js';
import { TokenRefresh } from './token-refresh.js';

export const IDLE_PROBES = 'idle-probes';
const EVERY_MILLISECONDS = 10_000;
/** Calls of Amazon in one run, one after the other; rows that a statement looks at. */
const MOST_PROBES = 50;
const AT_A_TIME = 100;
/** Without an answer so often in a row, the other authorizations of that application are left for a later run. */
const MOST_FAILURES = 3;
const LAST_PROBE_MILLISECONDS = 4_000;

/**
 * Asks Amazon for a token of each authorization that nobody has asked for in some days, so that a revoked grant is found
 * before a job fails, and every day for one that Amazon called dead, so that it recovers by itself. Every replica takes
 * part, each with one call at a time.
 */
@Injectable()
export class IdleProbes implements BeforeApplicationShutdown {
  private readonly logger = new Logger(IdleProbes.name);
  private running: Promise<void> | undefined;
  private ending = false;

  constructor(
    private readonly probes: DueProbes,
    private readonly refresh: TokenRefresh,
  ) {}

  @Interval(IDLE_PROBES, EVERY_MILLISECONDS)
  tick(): void {
    if (this.ending) return;
    this.running ??= this.run()
      .catch((error: unknown) => this.logger.error(error))
      .finally(() => (this.running = undefined));
  }

  /** Begins no other probe; the one under way may bring a token that is worth keeping. */
  async beforeApplicationShutdown(): Promise<void> {
    this.ending = true;
    await Promise.race([this.running, pause(LAST_PROBE_MILLISECONDS, undefined, { ref: false })]);
  }

  /** Probes what is due now, `MOST_PROBES` at most. What one application suffers from does not stop the others. */
  async run(): Promise<void> {
    const failures = new Map<string, number>();
    for (let asked = 0; asked < MOST_PROBES;) {
      const { looked, due } = await this.probes.take(AT_A_TIME);
      for (const { id, applicationId } of due) {
        const failed = failures.get(applicationId) ?? 0;
        if (this.ending) return;
        if (failed >= MOST_FAILURES) continue;
        asked += 1;
        failures.set(applicationId, (await this.answered(id)) ? 0 : failed + 1);
      }
      if (looked < AT_A_TIME) return;
    }
  }

  /** Whether Amazon said anything about the grant; what it means, `TokenRefresh` sees to. */
  private async answered(id: DueProbe['id']): Promise<boolean> {
    try {
      await this.refresh.obtain(id, { minimumSeconds: 0, fresh: false, forCaller: false });
      return true;
    } catch (error) {
      // A dead grant, or Amazon down: known already, and no news for the operator.
      if (!(error instanceof RegrantError)) this.logger.error(error);
      return error instanceof RegrantError && error.status < 500;
    }
  }
}
