import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import { Clock } from '../common/clock.js';
import { EventLog } from '../events/event-log.js';
import { LwaError } from '../lwa/lwa-error.js';
import { Signals } from '../signals/signals.js';
import { Application } from './application.entity.js';

/** Milliseconds until LWA is asked again: as long again as it has refused the application, within these. */
const SHORTEST = 1_000;
const LONGEST = 60_000;
const REMEMBERED = 1000;

/**
 * Keeps calls for an application from LWA while LWA refuses all of its client secrets: only one call in a while, of all
 * replicas, goes through to see whether it still does. That state is in the application's row, for operators to see.
 */
@Injectable()
export class CredentialsBreaker {
  /** What is known here of the open ones, so that those who wait need not ask the database. */
  private readonly open = new LRUCache<string, Date>({ max: REMEMBERED });

  constructor(
    private readonly dataSource: DataSource,
    private readonly events: EventLog,
    private readonly signals: Signals,
    private readonly clock: Clock,
  ) {
    signals.listen('application', {
      heard: (id) => this.open.delete(id),
      missed: () => this.open.clear(),
    });
  }

  /** Why LWA is not to be asked now, and until when; undefined when there is nothing against it. */
  pause(applicationId: string): { until: Date; failure: LwaError } | undefined {
    // While changes of others are not heard, the row is asked: the credentials may have been changed.
    const until = this.signals.current ? this.open.get(applicationId) : undefined;
    return until && until > this.clock.now() ? { until, failure: this.refusal(until) } : undefined;
  }

  /**
   * Passes when LWA knows the application, or when this call is the one that finds out.
   * @throws LwaError `invalid_client` otherwise
   */
  async admit(application: Application): Promise<void> {
    const { id, credentialsRejectedAt: rejectedAt, credentialsProbeAt: probeAt } = application;
    if (!rejectedAt) return;
    const now = this.clock.now();
    const next = nextProbe(rejectedAt, now);
    if (!probeAt || probeAt <= now) {
      const { affected } = await this.dataSource
        .createQueryBuilder()
        .update(Application)
        .set({ credentialsProbeAt: next })
        .where('id = :id AND (credentials_probe_at IS NULL OR credentials_probe_at <= :now)', { id, now })
        .execute();
      if (affected) {
        // Whoever comes meanwhile waits for what this call finds out.
        this.open.set(id, next);
        return;
      }
    }
    const until = probeAt && probeAt > now ? probeAt : next;
    this.open.set(id, until);
    throw this.refusal(until);
  }

  /**
   * LWA refuses the application. Tells operators once per outage, and not at all when the credentials were changed after
   * those that were refused.
   * @param newestSecretId of the secrets that were tried
   */
  async rejected({ id, lwaClientId }: Application, newestSecretId: string): Promise<void> {
    const now = this.clock.now();
    const until = nextProbe(now, now);
    this.open.set(id, until);
    await this.dataSource.transaction(async (manager) => {
      const { affected } = await manager
        .createQueryBuilder()
        .update(Application)
        .set({ credentialsRejectedAt: now, credentialsProbeAt: until })
        .where('id = :id AND credentials_rejected_at IS NULL AND lwa_client_id = :lwaClientId')
        .andWhere(
          `NOT EXISTS (SELECT 1 FROM application_client_secrets newer, application_client_secrets tried
             WHERE newer.application_id = :id AND tried.id = :newestSecretId AND newer.created_at > tried.created_at)`,
        )
        .setParameters({ id, lwaClientId, newestSecretId })
        .execute();
      if (!affected) return;
      await this.events.append(manager, {
        type: 'application.credentials_rejected',
        actor: 'regrant',
        applicationId: id,
      });
      await this.signals.send(manager, 'application', id);
    });
  }

  /** LWA knows the application, whatever else it said. */
  async accepted({ id, credentialsRejectedAt: rejectedAt }: Application): Promise<void> {
    if (!rejectedAt) return;
    this.open.delete(id);
    await this.dataSource.transaction(async (manager) => {
      const { affected } = await manager
        .createQueryBuilder()
        .update(Application)
        .set({ credentialsRejectedAt: null, credentialsProbeAt: null })
        .where('id = :id AND credentials_rejected_at IS NOT NULL', { id })
        .execute();
      if (!affected) return;
      await this.events.append(manager, {
        type: 'application.credentials_accepted',
        actor: 'regrant',
        applicationId: id,
      });
      await this.signals.send(manager, 'application', id);
    });
  }

  private refusal(until: Date): LwaError {
    const seconds = Math.max(1, Math.ceil((until.getTime() - this.clock.now().getTime()) / 1000));
    return new LwaError('client', 'invalid_client', { retryAfterSeconds: seconds });
  }
}

function nextProbe(rejectedAt: Date, now: Date): Date {
  const refusedFor = now.getTime() - rejectedAt.getTime();
  return new Date(now.getTime() + Math.min(Math.max(refusedFor, SHORTEST), LONGEST));
}
