import { Injectable } from '@nestjs/common';
import { randomBytes, randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { Conflict, InvalidRequest, NotFound } from '../common/errors.js';
import { type PageOf, readPage } from '../common/paging.js';
import { randomToken, tokenHash } from '../common/random.js';
import { type ApiKeyEventType } from '../events/event.entity.js';
import { EventLog } from '../events/event-log.js';
import { Signals } from '../signals/signals.js';
import { ApiKey, type OldSecret } from './api-key.entity.js';
import { administers, isWithinApplications, requireWithin } from './api-key-powers.js';
import { actorOf, ApiKeysService } from './api-keys.service.js';

/** What an operator says of a key. */
export type ApiKeyFields = Pick<ApiKey, 'name' | 'scopes' | 'applicationIds' | 'expiresAt'>;

/** A key with the secret that it has just been given. Nobody can read that secret again. */
export interface IssuedKey {
  key: ApiKey;
  secret: string;
}

/** 96 bits: enough that no two keys meet. Hexadecimal, so that a double click takes all of it. */
const CLIENT_ID_BYTES = 12;
/** More than one old secret lives when a rotation is repeated, because its answer was lost, say. */
const MOST_OLD_SECRETS = 10;

/**
 * The life of API keys: every change of a row is a method here, with its event and its signal in the same transaction.
 * `caller` is the key of the program that asks; it sees the keys within its applications, and gives no more than it has.
 */
@Injectable()
export class ApiKeyAdministration {
  constructor(
    private readonly dataSource: DataSource,
    private readonly apiKeys: ApiKeysService,
    private readonly events: EventLog,
    private readonly signals: Signals,
    private readonly clock: Clock,
  ) {}

  /** Oldest first, revoked ones too. */
  async page(caller: ApiKey, limit: number, cursor?: string): Promise<PageOf<ApiKey>> {
    const query = this.dataSource.manager.createQueryBuilder(ApiKey, 'key');
    const { applicationIds: allowed } = caller;
    if (allowed) query.andWhere('key.applicationIds <@ CAST(:allowed AS uuid[])', { allowed });
    return readPage(query, limit, cursor);
  }

  /** @throws NotFound */
  async byId(id: string, caller: ApiKey): Promise<ApiKey> {
    return visible(await this.dataSource.manager.findOneBy(ApiKey, { id }), caller);
  }

  /** @throws Forbidden when the caller has less itself, InvalidRequest for an end that is over */
  async create(fields: ApiKeyFields, caller: ApiKey): Promise<IssuedKey> {
    requireWithin(caller, fields);
    this.requireFuture(fields.expiresAt);
    const secret = randomToken();
    const key: ApiKey = {
      ...fields,
      id: randomUUID(),
      clientId: `rgk_${randomBytes(CLIENT_ID_BYTES).toString('hex')}`,
      secretHash: tokenHash(secret),
      oldSecrets: [],
      createdAt: this.clock.now(),
      revokedAt: null,
      lastUsedAt: null,
      oldSecretUsedAt: null,
    };
    await this.dataSource.transaction(async (manager) => {
      await manager.insert(ApiKey, key);
      await this.happened(manager, 'api_key.created', key, caller, fields);
    });
    return { key, secret };
  }

  /**
   * Changes its name or its limits; what is left out stays.
   * @throws NotFound, Forbidden when the caller has less than the key has or shall have, InvalidRequest for an end that
   * is over, Conflict for a revoked key, and for the last one that may administer everything when it could not any more
   */
  async change(id: string, wanted: Partial<ApiKeyFields>, caller: ApiKey): Promise<ApiKey> {
    return this.changed(id, caller, async (manager, key) => {
      requireNotRevoked(key);
      requireWithin(caller, key);
      const names = (Object.keys(wanted) as (keyof ApiKeyFields)[]).filter(
        (name) => wanted[name] !== undefined && !same(wanted[name], key[name]),
      );
      if (!names.length) return {};
      const changes = Object.fromEntries(names.map((name) => [name, wanted[name]])) as Partial<ApiKeyFields>;
      const after = { ...key, ...changes };
      requireWithin(caller, after);
      if (changes.expiresAt) this.requireFuture(changes.expiresAt);
      if (!administers(after, this.clock.now())) await this.requireSuccessor(manager, key);
      const fromTo = names.map((name) => [name, { from: key[name], to: after[name] }]);
      await this.happened(manager, 'api_key.changed', key, caller, Object.fromEntries(fromTo) as object);
      return changes;
    });
  }

  /**
   * Gives it another secret. The ones until now are taken for `overlapSeconds` more, at most, so that programs can move
   * over one by one: the client id stays.
   * @throws NotFound, Forbidden when the caller has less than the key, Conflict for a key that is revoked or expired or
   * has too many old secrets
   */
  async rotate(id: string, overlapSeconds: number, caller: ApiKey): Promise<IssuedKey> {
    const secret = randomToken();
    const key = await this.changed(id, caller, async (manager, row) => {
      requireNotRevoked(row);
      requireWithin(caller, row);
      const now = this.clock.now();
      if (row.expiresAt && row.expiresAt <= now) throw new Conflict('This API key has expired.');
      const oldSecrets = retired(row, this.clock.inSeconds(overlapSeconds), now);
      if (oldSecrets.length > MOST_OLD_SECRETS)
        throw new Conflict(
          `${MOST_OLD_SECRETS} old secrets of this API key still live; a shorter overlapSeconds ends them sooner.`,
        );
      await this.happened(manager, 'api_key.rotated', row, caller, { overlapSeconds });
      return { secretHash: tokenHash(secret), oldSecrets, oldSecretUsedAt: null };
    });
    return { key, secret };
  }

  /**
   * Ends it at once, everywhere. The row stays; doing it again changes nothing.
   * @throws NotFound, Conflict for the last key that may administer everything
   */
  async revoke(id: string, caller: ApiKey): Promise<void> {
    await this.changed(id, caller, async (manager, key) => {
      if (key.revokedAt) return {};
      await this.requireSuccessor(manager, key);
      await this.happened(manager, 'api_key.revoked', key, caller, {});
      return { revokedAt: this.clock.now(), oldSecrets: [] };
    });
  }

  /** One change of one key, alone among all replicas; when it is made, all of them forget what they remember. */
  private async changed(
    id: string,
    caller: ApiKey,
    change: (manager: EntityManager, key: ApiKey) => Promise<Partial<ApiKey>>,
  ): Promise<ApiKey> {
    const key = await this.dataSource.transaction(async (manager) => {
      // Changes are rare, and each other's business: two at once must not end the last two keys that administer.
      await manager.query('LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE');
      const row = visible(await manager.findOneBy(ApiKey, { id }), caller);
      const changes = await change(manager, row);
      if (!Object.keys(changes).length) return row;
      await manager.update(ApiKey, { id }, changes);
      await this.signals.send(manager, 'api-key', row.clientId);
      return { ...row, ...changes };
    });
    this.apiKeys.forget(key.clientId);
    return key;
  }

  /**
   * When `key` may administer everything, another one must be there that does.
   * @throws Conflict
   */
  private async requireSuccessor(manager: EntityManager, key: ApiKey): Promise<void> {
    if (!administers(key, this.clock.now())) return;
    if (await this.apiKeys.somebodyAdministers(manager, key)) return;
    throw new Conflict(
      'This is the last API key with admin:write for all applications: make another one first, or nobody could.',
    );
  }

  private happened(
    manager: EntityManager,
    type: ApiKeyEventType,
    { id, clientId }: ApiKey,
    caller: ApiKey,
    data: object,
  ): Promise<void> {
    return this.events.append(manager, {
      type,
      actor: actorOf(caller),
      data: { apiKeyId: id, clientId, ...data },
    });
  }

  private requireFuture(expiresAt: Date | null): void {
    if (expiresAt && expiresAt <= this.clock.now())
      throw new InvalidRequest('Some fields are not valid.', [
        { path: 'expiresAt', message: 'must be in the future' },
      ]);
  }
}

/** The key, if it is there for this caller. @throws NotFound */
function visible(key: ApiKey | null, caller: ApiKey): ApiKey {
  if (key && isWithinApplications(caller, key.applicationIds)) return key;
  throw new NotFound('There is no such API key.');
}

function requireNotRevoked({ revokedAt }: ApiKey): void {
  if (revokedAt) throw new Conflict('This API key was revoked.');
}

/** The secrets until now that still live, each to its own end or to that of the overlap, whichever comes first. */
function retired({ secretHash, oldSecrets }: ApiKey, overlapEnds: Date, now: Date): OldSecret[] {
  return [{ hash: secretHash, validUntil: overlapEnds }, ...oldSecrets]
    .map(({ hash, validUntil }) => ({
      hash,
      validUntil: validUntil < overlapEnds ? validUntil : overlapEnds,
    }))
    .filter(({ validUntil }) => validUntil > now);
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
