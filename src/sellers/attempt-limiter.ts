import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { RateLimited } from '../common/errors.js';

/** Clients remembered at most. Beyond that the longest unseen is forgotten, so memory stays bounded. */
const MAX_CLIENTS = 50_000;

/** Counts attempts per client in windows of a fixed length, in the memory of this process. */
export class AttemptLimiter {
  /** Made at the first attempt: it takes room for all clients at once, which would slow down every start. */
  private windows: LRUCache<string, { attempts: number; endsAt: number }> | undefined;

  constructor(
    private readonly limit: number,
    private readonly windowSeconds: number,
  ) {}

  /** @throws RateLimited when the client has used up its attempts */
  count(client: string, now: Date): void {
    const time = now.getTime();
    const windows = (this.windows ??= new LRUCache({ max: MAX_CLIENTS }));
    let window = windows.get(client);
    if (!window || window.endsAt <= time) {
      window = { attempts: 0, endsAt: time + this.windowSeconds * 1000 };
      windows.set(client, window);
    }
    window.attempts += 1;
    if (window.attempts <= this.limit) return;
    const seconds = Math.ceil((window.endsAt - time) / 1000);
    const minutes = Math.ceil(seconds / 60);
    throw new RateLimited(
      `Too many attempts. Please try again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`,
      seconds,
    );
  }
}

/** What counts as one client: an IPv4 address, or the /64 network that an IPv6 subscriber has to himself. */
export function clientOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString();
}
