import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5000;
/** An access token lives an hour; a refresh token that came with it is worth as much patience. */
const GIVE_UP_AFTER = 3_600_000;

/**
 * What Amazon gave while the database could not take it: saving is tried again until it succeeds. It lies in this
 * process only, so the end of the process tries once more.
 */
@Injectable()
export class UnsavedTokens implements OnModuleDestroy {
  private readonly logger = new Logger(UnsavedTokens.name);
  private readonly ending = new AbortController();
  private readonly saving = new Set<Promise<void>>();

  /** @param save rejects when it must be tried again */
  add(id: string, save: () => Promise<unknown>): void {
    const done = this.keepTrying(id, save).finally(() => this.saving.delete(done));
    this.saving.add(done);
  }

  async onModuleDestroy(): Promise<void> {
    this.ending.abort();
    await Promise.all(this.saving);
  }

  private async keepTrying(id: string, save: () => Promise<unknown>): Promise<void> {
    const started = performance.now();
    for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      await pause(wait, undefined, { signal: this.ending.signal }).catch(() => undefined);
      try {
        await save();
        return;
      } catch (error) {
        if (!this.ending.signal.aborted && performance.now() - started < GIVE_UP_AFTER) continue;
        this.logger.error(
          `The tokens of authorization ${id} could not be saved: ${(error as Error).message}`,
        );
        return;
      }
    }
  }
}
