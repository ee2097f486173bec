import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { NotFound } from '../common/errors.js';
import { type SealedPlace } from '../crypto/sealed-columns.js';
import { Sealer } from '../crypto/sealer.js';
import { LwaError } from '../lwa/lwa-error.js';
import { Signals } from '../signals/signals.js';
import { AccessToken } from './access-token.entity.js';
import { Authorization } from './authorization.entity.js';
import { backOffMilliseconds } from './back-off.js';

/** An authorization and what the database knows of its access token, as they were at one moment. */
export interface Standing {
  authorization: Authorization;
  version: string;
  token: { sealed: string; expiresAt: Date } | null;
  /** How long, in milliseconds, somebody may still be asking Amazon; 0: nobody is. */
  leaseLeft: number;
  failingSince: Date | null;
  /** Amazon is not asked before, because of this failure. */
  pause: { until: Date; failure: LwaError } | null;
}

/** The right to ask Amazon, alone among all replicas, until it lapses or the row changes. */
export interface Lease {
  id: string;
  version: string;
}

const place = (rowId: string): SealedPlace => ({ table: 'access_tokens', column: 'sealed', rowId });

/**
 * The sealed access tokens that replicas share, and the leases by which one of them at a time asks Amazon. No method
 * holds a connection longer than its statements take.
 */
@Injectable()
export class AccessTokens {
  private readonly owner = randomUUID();

  constructor(
    private readonly dataSource: DataSource,
    private readonly sealer: Sealer,
    private readonly signals: Signals,
    private readonly clock: Clock,
  ) {}

  /** @throws NotFound */
  async look(id: string): Promise<Standing> {
    const { entities, raw } = await this.dataSource.manager
      .createQueryBuilder(Authorization, 'a')
      .leftJoinAndMapOne('a.accessToken', AccessToken, 't', 't.id = a.id')
      .addSelect('extract(epoch FROM t.lease_expires_at - clock_timestamp()) * 1000', 'lease_left')
      .where('a.id = :id', { id })
      .getRawAndEntities<{ lease_left: string | null }>();
    const [found] = entities as (Authorization & { accessToken: AccessToken | null })[];
    if (!found) throw new NotFound('There is no such authorization.');
    const { accessToken: row, ...authorization } = found;
    return {
      authorization,
      version: row?.version ?? '0',
      token: row?.sealed && row.expiresAt ? { sealed: row.sealed, expiresAt: row.expiresAt } : null,
      leaseLeft: Math.max(0, Number(raw[0]?.lease_left ?? 0)),
      failingSince: row?.failingSince ?? null,
      pause: row?.retryAt
        ? {
            until: row.retryAt,
            failure: new LwaError(row.failureKind ?? 'transient', row.failureReason ?? ''),
          }
        : null,
    };
  }

  /** @throws SealError */
  open({ sealed }: NonNullable<Standing['token']>, id: string): Promise<string> {
    return this.sealer.open(sealed, place(id));
  }

  /** Undefined when anything has happened since `standing` was read, or somebody holds the lease. */
  async claim({ authorization: { id }, version }: Standing, seconds: number): Promise<Lease | undefined> {
    const [row] = await this.dataSource.query<{ version: string }[]>(
      `INSERT INTO access_tokens AS t (id, version, lease_owner, lease_expires_at)
       VALUES ($1, 1, $2, clock_timestamp() + make_interval(secs => $3))
       ON CONFLICT (id) DO UPDATE
       SET version = t.version + 1, lease_owner = excluded.lease_owner, lease_expires_at = excluded.lease_expires_at
       WHERE t.version = $4 AND (t.lease_expires_at IS NULL OR t.lease_expires_at <= clock_timestamp())
       RETURNING t.version`,
      [id, this.owner, seconds, version],
    );
    return row && { id, version: row.version };
  }

  /** Lets the lease last `seconds` from now; false when it is lost. */
  async extend({ id, version }: Lease, seconds: number): Promise<boolean> {
    const [, extended] = await this.dataSource.query<[unknown, number]>(
      `UPDATE access_tokens SET lease_expires_at = clock_timestamp() + make_interval(secs => $4)
       WHERE id = $1 AND lease_owner = $2 AND version = $3`,
      [id, this.owner, version, seconds],
    );
    return extended > 0;
  }

  /**
   * Stores the token that the lease was for, and ends the lease. Answers the row's new version; undefined when the lease
   * was lost meanwhile: then nothing is changed.
   */
  async keep(
    manager: EntityManager,
    lease: Lease,
    accessToken: string,
    expiresAt: Date,
  ): Promise<string | undefined> {
    return this.end(manager, lease, {
      sealed: this.sealer.seal(accessToken, place(lease.id)),
      expiresAt,
      failingSince: null,
      retryAt: null,
      failureKind: null,
      failureReason: null,
    });
  }

  /** Amazon gave no token: it is left in peace for a while, by all replicas. A token that still lives stays. */
  async failed(lease: Lease, failure: LwaError, failingSince: Date | null): Promise<void> {
    const now = this.clock.now();
    const since = failingSince ?? now;
    const wait = backOffMilliseconds(failure, now.getTime() - since.getTime());
    await this.dataSource.transaction((manager) =>
      this.end(manager, lease, {
        failingSince: since,
        retryAt: new Date(now.getTime() + wait),
        failureKind: failure.kind,
        failureReason: failure.reason,
      }),
    );
  }

  /** Gives the lease back unused. */
  async release(lease: Lease): Promise<void> {
    await this.dataSource.transaction((manager) => this.end(manager, lease, {}));
  }

  /**
   * The grant was replaced, destroyed or found dead: its access token is destroyed, whoever is asking Amazon asks in
   * vain, and every replica forgets it.
   * @param manager of the transaction that changes the authorization, whose row is locked
   */
  async revoke(manager: EntityManager, id: string): Promise<void> {
    await manager.query(
      `UPDATE access_tokens
       SET version = version + 1, sealed = NULL, expires_at = NULL, lease_owner = NULL, lease_expires_at = NULL,
         failing_since = NULL, retry_at = NULL, failure_kind = NULL, failure_reason = NULL
       WHERE id = $1`,
      [id],
    );
    await this.signals.send(manager, 'authorization', id);
  }

  private async end(
    manager: EntityManager,
    { id, version }: Lease,
    change: Partial<AccessToken>,
  ): Promise<string | undefined> {
    const ended = { leaseOwner: null, leaseExpiresAt: null, version: () => 'version + 1' };
    const { raw } = (await manager
      .createQueryBuilder()
      .update(AccessToken)
      .set({ ...change, ...ended })
      .where('id = :id AND lease_owner = :owner AND version = :version', { id, owner: this.owner, version })
      .returning('version')
      .execute()) as { raw: { version: string }[] };
    const after = raw[0]?.version;
    if (after) await this.signals.send(manager, 'access-token', `${id} ${after}`);
    return after;
  }
}
