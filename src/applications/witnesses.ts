import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../common/clock.js';

/** An authorization in whose name LWA is asked. */
export interface Witness {
  id: string;
  /** Amazon has accepted its token for this very application before, so the token cannot be another one's. */
  believed: boolean;
  /** How many authorizations of the application are believed, counted up to `most`. */
  peers: (most: number) => Promise<number>;
}

/** So many different ones must be refused, one after the other, within so many seconds; all, where there are fewer. */
const ENOUGH = 3;
const WITHIN_SECONDS = 900;
const REMEMBERED = 1000;

/**
 * `unauthorized_client` says either that this token belongs to another application, or that LWA does nothing at all for
 * this one. The rule: three authorizations that Amazon has accepted before, or all of them where there are fewer, refused
 * with no other served or judged in between, speak against the application. One bad token among others, or a whole
 * import of foreign ones, never does. Each replica hears its own witnesses.
 */
@Injectable()
export class Witnesses {
  private readonly against = new LRUCache<string, Map<string, Date>>({ max: REMEMBERED });

  constructor(private readonly clock: Clock) {}

  /** LWA has dealt with a token of the application: what was refused before was refused for its own sake. */
  speakFor(applicationId: string): void {
    this.against.delete(applicationId);
  }

  /** Whether there are enough now. */
  async speakAgainst(applicationId: string, { id, believed, peers }: Witness): Promise<boolean> {
    if (!believed) return false;
    const since = this.clock.inSeconds(-WITHIN_SECONDS);
    const earlier = [...(this.against.get(applicationId) ?? [])].filter(([, at]) => at > since);
    const witnesses = new Map(earlier).set(id, this.clock.now());
    this.against.set(applicationId, witnesses);
    return witnesses.size >= ENOUGH || witnesses.size >= (await peers(ENOUGH));
  }
}
