import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager, IsNull, Not } from 'typeorm';
import { ApplicationsService } from '../applications/applications.service.js';
import { type Witness } from '../applications/witnesses.js';
import { Clock } from '../common/clock.js';
import { Conflict, NotFound } from '../common/errors.js';
import { RegrantConfig } from '../config/config.js';
import { type SealedPlace } from '../crypto/sealed-columns.js';
import { Sealer } from '../crypto/sealer.js';
import { Deliveries, renewalTopic } from '../events/deliveries.service.js';
import { EventLog } from '../events/event-log.js';
import { AccessTokens } from './access-tokens.js';
import { Authorization, type Workflow } from './authorization.entity.js';
import { probeAfter } from './due-probes.service.js';
import { belongsToAnother, type GrantKey, type NewGrant, whereItSells } from './new-grant.js';
import { dueDate } from './renewal-status.js';

const tokenPlace = (rowId: string): SealedPlace => ({
  table: 'authorizations',
  column: 'sealed_refresh_token',
  rowId,
});

/** The life of an authorization: every change of its row is one method here, named after what happened. */
@Injectable()
export class AuthorizationsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sealer: Sealer,
    private readonly events: EventLog,
    private readonly accessTokens: AccessTokens,
    private readonly applications: ApplicationsService,
    private readonly deliveries: Deliveries,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /** @throws NotFound */
  async byId(id: string): Promise<Authorization> {
    const authorization = await this.dataSource.manager.findOneBy(Authorization, { id });
    if (!authorization) throw new NotFound('There is no such authorization.');
    return authorization;
  }

  /** All authorizations of one seller account, newest first. */
  async ofSeller(sellerId: string): Promise<Authorization[]> {
    return this.dataSource.manager.find(Authorization, { where: { sellerId }, order: { createdAt: 'DESC' } });
  }

  /** The authorization of that application, partner and region, if there is one. */
  async byGrant(key: GrantKey): Promise<Authorization | null> {
    const { applicationId, sellingPartnerId, region } = key;
    return this.dataSource.manager.findOneBy(Authorization, { applicationId, sellingPartnerId, region });
  }

  /** All authorizations of one selling partner for one application: one per region. */
  async ofPartner(applicationId: string, sellingPartnerId: string): Promise<Authorization[]> {
    return this.dataSource.manager.findBy(Authorization, { applicationId, sellingPartnerId });
  }

  /**
   * Stores a grant: a new row, or a new refresh token in the row of the same application, partner and region.
   * @param manager of the transaction that also ends the OAuth state
   * @throws NotFound when the application was deleted meanwhile
   * @throws Conflict when another seller account owns that row and no operator acts; nothing is changed then
   */
  async connected(manager: EntityManager, grant: NewGrant): Promise<Authorization> {
    const { applicationId, sellingPartnerId, region } = grant;
    const key = { applicationId, sellingPartnerId, region };
    await this.applications.hold(manager, applicationId);
    const existing = await this.lockGrant(manager, key);
    if (!grant.actor && existing && belongsToAnother(existing, grant.sellerId))
      throw new Conflict('This Amazon account is connected to another account of this website.', {
        advice: 'Sign in with the account that connected it first, or ask us for help.',
      });
    const now = this.clock.now();
    const id = existing?.id ?? randomUUID();
    const authorizedAt = grant.authorizedAt ?? now;
    const row: Authorization = {
      ...(existing ?? this.blank(id, key, grant.workflow, now)),
      sellerId: grant.sellerId ?? existing?.sellerId ?? null,
      contactEmail: grant.contactEmail ?? existing?.contactEmail ?? null,
      partnerType: grant.partnerType,
      ...whereItSells(grant, existing, now),
      workflow: grant.workflow,
      status: 'active',
      statusReason: null,
      sealedRefreshToken: this.sealer.seal(grant.refreshToken, tokenPlace(id)),
      authorizedAt,
      renewalDueAt: dueDate(authorizedAt, grant.workflow, this.config.renewal),
      renewalNextAt: null,
      lastReminderAt: null,
      lastCheckedAt: grant.verified === false ? null : now,
      probeAt: probeAfter(now, grant.verified === false ? 'unseen' : 'active'),
      updatedAt: now,
    };
    await manager.save(Authorization, row);
    await this.accessTokens.revoke(manager, id);
    if (existing) await this.deliveries.drop(manager, renewalTopic(id));
    await this.events.append(manager, {
      type: existing ? 'authorization.renewed' : 'authorization.created',
      actor: grant.actor ?? (grant.sellerId ? `seller:${grant.sellerId}` : 'regrant'),
      ...about(row),
      data: { workflow: grant.workflow, region: grant.region },
    });
    return row;
  }

  /**
   * The row of that grant, locked until the end of the transaction; null when there is none, and then nobody else can
   * make one meanwhile.
   */
  async lockGrant(manager: EntityManager, key: GrantKey): Promise<Authorization | null> {
    const name = `${key.applicationId} ${key.sellingPartnerId} ${key.region}`;
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
    return manager.findOne(Authorization, { where: key, lock: { mode: 'pessimistic_write' } });
  }

  /** Amazon has just accepted the refresh token in this row, which is locked in the transaction of `manager`. */
  async confirmed(manager: EntityManager, row: Authorization): Promise<Authorization> {
    const now = this.clock.now();
    const alive = { status: 'active', statusReason: null, lastCheckedAt: now } as const;
    await manager.update(Authorization, { id: row.id }, alive);
    if (row.status === 'reauthorization_required') await this.recovered(manager, row);
    return { ...row, ...alive };
  }

  /** The refresh token itself; for those who ask Amazon, and never to be shown. */
  async refreshToken(authorization: Authorization): Promise<string> {
    return this.sealer.open(authorization.sealedRefreshToken ?? '', tokenPlace(authorization.id));
  }

  /** What LWA's answer about this authorization is worth as a word about its application. */
  asWitness({ id, applicationId, status, lastCheckedAt }: Authorization): Witness {
    const accepted = { applicationId, status: 'active', lastCheckedAt: Not(IsNull()) } as const;
    return {
      id,
      believed: status === 'active' && lastCheckedAt !== null,
      peers: async (most) =>
        (
          await this.dataSource.manager.find(Authorization, {
            select: { id: true },
            where: accepted,
            take: most,
          })
        ).length,
    };
  }

  /**
   * Amazon issued an access token for this row's refresh token, and maybe a new refresh token with it.
   * Answers false when the row has another token by now (renewed or disconnected meanwhile): then nothing is changed.
   * @param also what happens in the same transaction
   * @param forCaller false when nobody asked for the token
   */
  async issued(
    authorization: Authorization,
    refreshToken: string,
    also: (manager: EntityManager) => Promise<void>,
    { forCaller = true } = {},
  ): Promise<boolean> {
    const now = this.clock.now();
    const changed = refreshToken !== (await this.refreshToken(authorization));
    return this.changeIfSameToken(authorization, async (manager) => {
      if (authorization.status === 'reauthorization_required') await this.recovered(manager, authorization);
      await also(manager);
      return {
        status: 'active',
        statusReason: null,
        ...(forCaller && { lastVendedAt: now }),
        lastCheckedAt: now,
        ...(changed && { sealedRefreshToken: this.sealer.seal(refreshToken, tokenPlace(authorization.id)) }),
      };
    });
  }

  /** Amazon says that the grant is dead. The token is kept: such a verdict has been taken back before. */
  async failedForGood(authorization: Authorization, reason: string): Promise<boolean> {
    return this.changeIfSameToken(authorization, async (manager) => {
      if (authorization.status === 'active')
        await this.events.append(manager, {
          type: 'authorization.reauthorization_required',
          actor: 'regrant',
          ...about(authorization),
          data: { reason },
        });
      await this.accessTokens.revoke(manager, authorization.id);
      const now = this.clock.now();
      const status = 'reauthorization_required';
      return { status, statusReason: reason, lastCheckedAt: now, probeAt: probeAfter(now, status) };
    });
  }

  /** Destroys the token and keeps the row. Doing it again changes nothing. */
  async disconnected(id: string, actor: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const row = await manager.findOne(Authorization, {
        where: { id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!row) throw new NotFound('There is no such authorization.');
      await this.disconnect(manager, row, actor);
    });
  }

  /**
   * The account that owns them is going away: every token is destroyed, and what says who the owner was is erased.
   * Answers all authorizations of the account, as they were; their access tokens must be forgotten after the commit.
   * @param manager of the transaction that deletes the account
   */
  async sellerLeft(manager: EntityManager, sellerId: string, actor: string): Promise<Authorization[]> {
    const rows = await manager.find(Authorization, {
      where: { sellerId },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    for (const row of rows) await this.disconnect(manager, row, actor);
    const erased = { contactEmail: null, updatedAt: this.clock.now() };
    await manager.update(Authorization, { sellerId }, erased);
    return rows;
  }

  /** @param row locked by the transaction of `manager` */
  private async disconnect(manager: EntityManager, row: Authorization, actor: string): Promise<void> {
    if (row.status === 'disconnected') return;
    await manager.update(
      Authorization,
      { id: row.id },
      {
        status: 'disconnected',
        statusReason: 'disconnected',
        sealedRefreshToken: null,
        probeAt: null,
        updatedAt: this.clock.now(),
      },
    );
    await this.accessTokens.revoke(manager, row.id);
    await this.deliveries.drop(manager, renewalTopic(row.id));
    await this.events.append(manager, { type: 'authorization.disconnected', actor, ...about(row) });
  }

  private recovered(manager: EntityManager, row: Authorization): Promise<void> {
    return this.events.append(manager, { type: 'authorization.recovered', actor: 'regrant', ...about(row) });
  }

  /** Compare and swap: a slow answer about an old token must not touch the row of a new one. */
  private async changeIfSameToken(
    authorization: Authorization,
    change: (manager: EntityManager) => Promise<Partial<Authorization>>,
  ): Promise<boolean> {
    const { id } = authorization;
    return this.dataSource.transaction(async (manager) => {
      const row = await manager.findOne(Authorization, {
        where: { id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!row || !(await this.isSameToken(row, authorization))) return false;
      await manager.update(
        Authorization,
        { id },
        { ...(await change(manager)), updatedAt: this.clock.now() },
      );
      return true;
    });
  }

  /** A rotation may have sealed the very same token anew: it is the token that counts, not its envelope. */
  private async isSameToken(a: Authorization, b: Authorization): Promise<boolean> {
    if (a.sealedRefreshToken === b.sealedRefreshToken) return true;
    if (!a.sealedRefreshToken || !b.sealedRefreshToken) return false;
    return (await this.refreshToken(a)) === (await this.refreshToken(b));
  }

  private blank(id: string, key: GrantKey, workflow: Workflow, now: Date): Authorization {
    return Object.assign(new Authorization(), {
      id,
      ...key,
      workflow,
      contactEmail: null,
      lastVendedAt: null,
      createdAt: now,
    });
  }
}

/** Whom an event of this row is about. */
export const about = ({
  id,
  applicationId,
  sellerId,
}: Pick<Authorization, 'id' | 'applicationId' | 'sellerId'>) => ({
  authorizationId: id,
  applicationId,
  sellerId,
});
