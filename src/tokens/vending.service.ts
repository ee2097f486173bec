import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { requireApplication } from '../api-keys/api-keys.service.js';
import { Clock } from '../common/clock.js';
import { RegrantError } from '../common/errors.js';
import { Signals } from '../signals/signals.js';
import { AuthorizationsService } from './authorizations.service.js';
import { type Need, TokenRefresh } from './token-refresh.js';
import { type VendedToken } from './vended-token.js';

export type { VendedToken };

export interface VendOptions {
  /** Seconds that the token must still live; a shorter-lived one is refreshed. */
  minimumSeconds?: number;
  forceRefresh?: boolean;
  /** The applications that the caller is limited to; null: none in particular. */
  applicationIds?: readonly string[] | null;
  /** False when no program asked for it: the authorization is only checked. */
  forCaller?: boolean;
}

interface Remembered {
  token: VendedToken;
  /** When to fetch the next one, in milliseconds of the clock; long before anybody has to wait for it. */
  refreshAt: number;
}

interface Flight {
  token: Promise<VendedToken>;
  minimumSeconds: number;
}

export const DEFAULT_MINIMUM_SECONDS = 60;
const REMEMBERED_TOKENS = 100_000;
/** Refreshed when between a quarter and 15 % of the life is left: 15 to 9 minutes of an hour, each replica at its time. */
const REFRESH_LEAD = [0.15, 0.25] as const;
/** Milliseconds until a refresh in the background is tried again when it brought nothing better. */
const REFRESH_AGAIN = 5_000;

/**
 * Hands out access tokens: from memory while they live long enough, else from the sealed copy in the database, else from
 * Amazon (`TokenRefresh`). Memory is believed only while changes of other replicas are heard. Tokens lie in clear
 * nowhere but here, and only so many.
 */
@Injectable()
export class VendingService {
  private readonly tokens = new LRUCache<string, Remembered>({ max: REMEMBERED_TOKENS });
  /** What callers of this process wait for together, by authorization; forced ones apart. */
  private readonly flights = new Map<string, Flight>();

  constructor(
    private readonly authorizations: AuthorizationsService,
    private readonly refresh: TokenRefresh,
    private readonly signals: Signals,
    private readonly clock: Clock,
  ) {
    signals.listen('authorization', {
      heard: (id) => this.forget(id),
      missed: () => {
        this.tokens.clear();
        this.flights.clear();
      },
    });
    signals.listen('access-token', { heard: (key) => this.replaced(key) });
  }

  /**
   * A token that lives at least `minimumSeconds` more; a shorter-lived one only when Amazon gives no other now.
   * @throws NotFound, Forbidden, `reauthorization_required`, `disconnected`, `application_credentials_rejected`, `amazon_unavailable`
   */
  async vend(id: string, options: VendOptions = {}): Promise<VendedToken> {
    const { minimumSeconds = DEFAULT_MINIMUM_SECONDS, forceRefresh = false } = options;
    const { applicationIds = null, forCaller = true } = options;
    const token = this.fromMemory(id, minimumSeconds);
    if (applicationIds)
      requireApplication(applicationIds, (token ?? (await this.authorizations.byId(id))).applicationId);
    if (token && !forceRefresh) return token;
    return this.together(id, { minimumSeconds, fresh: forceRefresh, forCaller });
  }

  /** As `vend`, but at once: undefined when that needs more than memory. */
  fromMemory(id: string, minimumSeconds: number): VendedToken | undefined {
    const remembered = this.tokens.get(id);
    if (!remembered || !this.signals.current) return undefined;
    const { token, refreshAt } = remembered;
    const now = this.clock.now().getTime();
    const left = token.expiresAt.getTime() - now;
    if (left < minimumSeconds * 1000) return undefined;
    if (now >= refreshAt) this.refreshInBackground(id, left);
    return token;
  }

  /**
   * Must be called when a grant was replaced or destroyed, so that this process sees it at once; the others hear of it.
   * Those who already wait are answered, but nothing of it is remembered.
   */
  forget(id: string): void {
    this.tokens.delete(id);
    this.flights.delete(id);
    this.flights.delete(forcedKey(id));
  }

  /** Seconds that a token still lives, never negative. */
  secondsLeft(token: VendedToken): number {
    return Math.max(0, Math.floor((token.expiresAt.getTime() - this.clock.now().getTime()) / 1000));
  }

  /** A replica, perhaps this one, has stored another token: all of them shall hand out the same one. */
  private replaced(key: string): void {
    const [id = '', version] = key.split(' ');
    if (this.tokens.peek(id)?.token.version !== version) this.tokens.delete(id);
  }

  private refreshInBackground(id: string, left: number): void {
    if (this.flights.has(id)) return;
    const minimumSeconds = Math.floor(left / 1000) + 1;
    // Whoever needs the token later gets the reason; until then the present one is good.
    this.together(id, { minimumSeconds, fresh: false, forCaller: true }).catch(() => undefined);
  }

  private together(id: string, need: Need): Promise<VendedToken> {
    const key = need.fresh ? forcedKey(id) : id;
    const underWay = this.flights.get(key);
    if (underWay && underWay.minimumSeconds >= need.minimumSeconds) return underWay.token;
    const current = (): boolean => this.flights.get(key) === flight;
    const token = this.refresh
      .obtain(id, need)
      .then((obtained) => {
        if (current()) this.remember(id, obtained);
        return obtained;
      })
      .catch((error: unknown) => {
        if (error instanceof RegrantError && error.status < 500 && current()) this.tokens.delete(id);
        throw error;
      })
      .finally(() => {
        if (current()) this.flights.delete(key);
      });
    const flight: Flight = { token, minimumSeconds: need.minimumSeconds };
    this.flights.set(key, flight);
    return token;
  }

  private remember(id: string, token: VendedToken): void {
    const before = this.tokens.peek(id);
    const same = before?.token.accessToken === token.accessToken;
    const refreshAt = same ? Math.max(before.refreshAt, this.soon()) : this.wellBeforeTheEndOf(token);
    this.tokens.set(id, { token, refreshAt });
  }

  private wellBeforeTheEndOf({ expiresAt }: VendedToken): number {
    const left = expiresAt.getTime() - this.clock.now().getTime();
    const [least, most] = REFRESH_LEAD;
    return expiresAt.getTime() - left * (least + Math.random() * (most - least));
  }

  private soon(): number {
    return this.clock.now().getTime() + REFRESH_AGAIN * (1 + Math.random());
  }
}

const forcedKey = (id: string): string => `forced ${id}`;
