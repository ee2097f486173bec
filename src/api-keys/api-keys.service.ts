import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { type Scope, SCOPES } from '../common/access.js';
import { Clock } from '../common/clock.js';
import { Forbidden, Unauthenticated } from '../common/errors.js';
import { isHashOf, tokenHash } from '../common/random.js';
import { RegrantConfig } from '../config/config.js';
import { Signals } from '../signals/signals.js';
import { ApiKey } from './api-key.entity.js';
import { administers } from './api-key-powers.js';
import { LastUses } from './last-uses.service.js';

/** Milliseconds. A bound for what no signal tells of: a row that somebody changes by hand. */
const BELIEVED_FOR = 60_000;
const REMEMBERED_KEYS = 10_000;

/** Compared against when a key is unknown, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = tokenHash('');

/** The programs that may call us. What a process remembers of them is believed only while changes are heard. */
@Injectable()
export class ApiKeysService implements OnApplicationBootstrap {
  private readonly remembered = new LRUCache<string, ApiKey>({
    max: REMEMBERED_KEYS,
    ttl: BELIEVED_FOR,
    ttlResolution: 1000,
  });
  /** Counts what was heard: what was read before a change must not be remembered after it. */
  private changes = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly signals: Signals,
    private readonly uses: LastUses,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {
    signals.listen('api-key', { heard: (clientId) => this.forget(clientId), missed: () => this.forgetAll() });
  }

  /**
   * The key of `BOOTSTRAP_API_KEY`, with every scope, as long as no key is there that may administer everything: none
   * at all, or the last one has expired.
   */
  async onApplicationBootstrap(): Promise<void> {
    const [clientId, secret] = this.config.bootstrapApiKey?.split('.') ?? [];
    if (!clientId || !secret || (await this.somebodyAdministers(this.dataSource.manager))) return;
    const key = {
      id: randomUUID(),
      clientId,
      name: 'Bootstrap key',
      secretHash: tokenHash(secret),
      oldSecrets: [],
      scopes: [...SCOPES],
      createdAt: this.clock.now(),
    };
    // Replicas may start at once: the first one creates it.
    await this.dataSource.createQueryBuilder().insert().into(ApiKey).values(key).orIgnore().execute();
  }

  /**
   * The key with these credentials, valid now, from memory alone; undefined when the database must be asked, which
   * `authenticate` does. Never believes a remembered no: wrong secrets and unknown ids both take that way.
   */
  known(clientId: string, secret: string): ApiKey | undefined {
    const key = this.signals.current ? this.remembered.get(clientId) : undefined;
    return key && this.opens(key, secret) ? key : undefined;
  }

  /**
   * The key with these credentials, if it is valid now.
   * @throws Unauthenticated the same for an unknown id, a wrong secret, a revoked or an expired key
   */
  async authenticate(clientId: string, secret: string): Promise<ApiKey> {
    const known = this.known(clientId, secret);
    if (known) return known;
    const changes = this.changes;
    const key = await this.dataSource.manager.findOneBy(ApiKey, { clientId });
    if (!key) isHashOf(NO_HASH, secret);
    if (!key || !this.opens(key, secret)) throw new Unauthenticated();
    if (changes === this.changes) this.remembered.set(clientId, key);
    return key;
  }

  /** Whether the key takes that secret now; then that is noted as its use. */
  private opens(key: ApiKey, secret: string): boolean {
    const now = this.clock.now();
    const by = isHashOf(key.secretHash, secret)
      ? 'current'
      : isOldSecret(key, secret, now)
        ? 'old'
        : undefined;
    if (!by || key.revokedAt || (key.expiresAt && key.expiresAt <= now)) return false;
    this.uses.note(key.id, now, by);
    return true;
  }

  /** Whether a key lives that may administer everything, `except` this one. */
  async somebodyAdministers(manager: EntityManager, except?: ApiKey): Promise<boolean> {
    const unlimited = await manager.findBy(ApiKey, { applicationIds: IsNull(), revokedAt: IsNull() });
    const now = this.clock.now();
    return unlimited.some((key) => key.id !== except?.id && administers(key, now));
  }

  /** @throws Forbidden when the key lacks the scope */
  requireScope(key: ApiKey, scope: Scope): void {
    if (!hasScope(key, scope)) throw new Forbidden(`This API key lacks the scope ${scope}.`);
  }

  /** Must be called after the commit of a change, so that this process sees it at once; the others hear of it. */
  forget(clientId: string): void {
    this.changes++;
    this.remembered.delete(clientId);
  }

  private forgetAll(): void {
    this.changes++;
    this.remembered.clear();
  }
}

const isOldSecret = ({ oldSecrets }: ApiKey, secret: string, now: Date): boolean =>
  oldSecrets.some(({ hash, validUntil }) => validUntil > now && isHashOf(hash, secret));

export const hasScope = ({ scopes }: ApiKey, scope: Scope): boolean => scopes.includes(scope);

/** Whether a key that is limited to `applicationIds` (null: to none in particular) may see this application. */
export const allowsApplication = (applicationIds: readonly string[] | null, applicationId: string): boolean =>
  !applicationIds || applicationIds.includes(applicationId);

/** @throws Forbidden when a key is limited (`applicationIds` not null) to other applications than this one */
export function requireApplication(applicationIds: readonly string[] | null, applicationId: string): void {
  if (!allowsApplication(applicationIds, applicationId))
    throw new Forbidden('This API key is limited to other applications.');
}

/** How the event log names the program that did something. */
export const actorOf = ({ clientId }: ApiKey): string => `api-key:${clientId}`;
