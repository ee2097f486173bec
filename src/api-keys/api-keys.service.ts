import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { type Scope, SCOPES } from '../common/access.js';
import { Clock } from '../common/clock.js';
import { Forbidden, Unauthenticated } from '../common/errors.js';
import { sameBytes, tokenHash } from '../common/random.js';
import { RegrantConfig } from '../config/config.js';
import { ApiKey } from './api-key.entity.js';

/** How long, in milliseconds, a key is believed without asking the database: a revocation takes hold within it. */
const BELIEVED_FOR = 1000;
const REMEMBERED_KEYS = 10_000;

/** Compared against when a key is unknown, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = tokenHash('');

/** The programs that may call us. */
@Injectable()
export class ApiKeysService implements OnApplicationBootstrap {
  private readonly known = new LRUCache<string, ApiKey>({ max: REMEMBERED_KEYS, ttl: BELIEVED_FOR });

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /** The key of `BOOTSTRAP_API_KEY`, with every scope, as long as there is no key at all. */
  async onApplicationBootstrap(): Promise<void> {
    const [clientId, secret] = this.config.bootstrapApiKey?.split('.') ?? [];
    if (!clientId || !secret || (await this.dataSource.manager.count(ApiKey)) > 0) return;
    const key = {
      id: randomUUID(),
      clientId,
      name: 'Bootstrap key',
      secretHash: tokenHash(secret),
      scopes: [...SCOPES],
      createdAt: this.clock.now(),
    };
    // Replicas may start at once: the first one creates it.
    await this.dataSource.createQueryBuilder().insert().into(ApiKey).values(key).orIgnore().execute();
  }

  /**
   * The key with these credentials, if it is valid now.
   * @throws Unauthenticated the same for an unknown id, a wrong secret, a revoked or an expired key
   */
  async authenticate(clientId: string, secret: string): Promise<ApiKey> {
    const key = this.known.get(clientId) ?? (await this.load(clientId));
    const matches = sameBytes(tokenHash(secret), key?.secretHash ?? NO_HASH);
    const now = this.clock.now();
    if (!key || !matches || key.revokedAt || (key.expiresAt && key.expiresAt <= now))
      throw new Unauthenticated();
    return key;
  }

  /** @throws Forbidden when the key lacks the scope */
  requireScope(key: ApiKey, scope: Scope): void {
    if (!key.scopes.includes(scope)) throw new Forbidden(`This API key lacks the scope ${scope}.`);
  }

  private async load(clientId: string): Promise<ApiKey | null> {
    const key = await this.dataSource.manager.findOneBy(ApiKey, { clientId });
    if (key) this.known.set(clientId, key);
    return key;
  }
}

/** @throws Forbidden when a key is limited (`applicationIds` not null) to other applications than this one */
export function requireApplication(applicationIds: readonly string[] | null, applicationId: string): void {
  if (applicationIds && !applicationIds.includes(applicationId))
    throw new Forbidden('This API key is limited to other applications.');
}

/** How the event log names the program that did something. */
export const actorOf = ({ clientId }: ApiKey): string => `api-key:${clientId}`;
