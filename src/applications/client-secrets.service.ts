import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager, In } from 'typeorm';
import { Clock } from '../common/clock.js';
import { NotFound } from '../common/errors.js';
import { type SealedPlace } from '../crypto/sealed-columns.js';
import { Sealer } from '../crypto/sealer.js';
import { LwaError } from '../lwa/lwa-error.js';
import { type LwaClient } from '../lwa/lwa-provider.js';
import { ApplicationClientSecret } from './application-client-secret.entity.js';
import { type Application } from './application.entity.js';
import { CredentialsBreaker } from './credentials-breaker.js';

const DAY_SECONDS = 86_400;
/** Amazon's rules: a secret lives 180 days, and for 7 days after a rotation the one before still works. */
const LIFE_SECONDS = 180 * DAY_SECONDS;
const OVERLAP_SECONDS = 7 * DAY_SECONDS;
/** How long an older secret that works is taken first, before the newest one is tried again. */
const FALLBACK_SECONDS = 60;
const REMEMBERED_FALLBACKS = 1000;

const secretPlace = (rowId: string): SealedPlace => ({
  table: 'application_client_secrets',
  column: 'sealed',
  rowId,
});

/** The client secrets of the applications: sealed at rest, in order, the newest one current. */
@Injectable()
export class ClientSecrets {
  private readonly logger = new Logger(ClientSecrets.name);
  /** By the newest secret's id, so that a newer one makes it void at once, whichever replica stored it. */
  private readonly fallbacks = new LRUCache<string, { secretId: string; until: Date }>({
    max: REMEMBERED_FALLBACKS,
  });

  constructor(
    private readonly dataSource: DataSource,
    private readonly sealer: Sealer,
    private readonly breaker: CredentialsBreaker,
    private readonly clock: Clock,
  ) {}

  /** LWA does nothing for the application, which is as bad as not knowing it: it is flagged, and hardly asked any more. */
  async refusedAltogether(application: Application): Promise<void> {
    const [newest] = (await this.of([application.id])).get(application.id) ?? [];
    if (newest) await this.breaker.rejected(application, newest.id);
  }

  /** The secrets of these applications, newest first, by application; one query. */
  async of(
    applicationIds: string[],
    manager = this.dataSource.manager,
  ): Promise<Map<string, ApplicationClientSecret[]>> {
    const rows = await manager.find(ApplicationClientSecret, {
      where: { applicationId: In(applicationIds) },
      order: { createdAt: 'DESC' },
    });
    return new Map(applicationIds.map((id) => [id, rows.filter((row) => row.applicationId === id)]));
  }

  /** Whether this secret is stored already, current or not. */
  async includes(manager: EntityManager, applicationId: string, clientSecret: string): Promise<boolean> {
    const rows = (await this.of([applicationId], manager)).get(applicationId) ?? [];
    const opened = await Promise.all(rows.map((row) => this.open(row)));
    return opened.includes(clientSecret);
  }

  /**
   * Makes this secret the current one; those before stay as fallbacks for seven days at most. Sent again it is not
   * stored twice.
   * @param manager of a transaction that has locked the application's row
   * @param expiresAt 180 days from now when not given
   * @returns `known` when it is the current one already, `dated` when only its date was another one
   */
  async add(
    manager: EntityManager,
    applicationId: string,
    clientSecret: string,
    expiresAt?: Date,
  ): Promise<'added' | 'dated' | 'known'> {
    const [newest] = (await this.of([applicationId], manager)).get(applicationId) ?? [];
    if (newest && (await this.open(newest)) === clientSecret) {
      if (!expiresAt || expiresAt.getTime() === newest.expiresAt?.getTime()) return 'known';
      await manager.update(ApplicationClientSecret, { id: newest.id }, { expiresAt });
      return 'dated';
    }
    const overlapEnd = this.clock.inSeconds(OVERLAP_SECONDS);
    await manager
      .createQueryBuilder()
      .update(ApplicationClientSecret)
      .set({ expiresAt: overlapEnd })
      .where('applicationId = :applicationId', { applicationId })
      .andWhere('(expiresAt IS NULL OR expiresAt > :overlapEnd)', { overlapEnd })
      .execute();
    const id = randomUUID();
    await manager.insert(ApplicationClientSecret, {
      id,
      applicationId,
      sealed: this.sealer.seal(clientSecret, secretPlace(id)),
      // Later than the one before, whatever the clocks of two replicas say.
      createdAt: new Date(Math.max(this.clock.now().getTime(), (newest?.createdAt.getTime() ?? 0) + 1)),
      expiresAt: expiresAt ?? this.clock.inSeconds(LIFE_SECONDS),
    });
    return 'added';
  }

  /**
   * Calls LWA with the newest secret, and where LWA refuses the client by it, with the older ones that have not
   * expired. No database connection is held meanwhile. `call` may run several times: LWA checks the client first, so
   * a refused attempt has used up nothing. While LWA takes none of them, hardly any call gets as far as `call`.
   * @param urgent lets it through even then: somebody waits who cannot come again
   * @throws NotFound without a secret, LWA's verdict when it takes none, and whatever `call` throws
   */
  async call<T>(
    application: Application,
    call: (client: LwaClient) => Promise<T>,
    { urgent = false } = {},
  ): Promise<T> {
    const [newest, ...older] = (await this.of([application.id])).get(application.id) ?? [];
    if (!newest) throw new NotFound('The application has no client secret.');
    const now = this.clock.now();
    // The newest one's date is our own reckoning; whether it is dead is for Amazon to say.
    const usable = [newest, ...older.filter(({ expiresAt }) => !expiresAt || expiresAt > now)];
    if (!urgent) await this.breaker.admit(application);
    let verdict = new LwaError('client', 'invalid_client');
    for (const secret of this.inOrder(usable, now)) {
      const clientSecret = await this.open(secret);
      try {
        const answer = await call({ clientId: application.lwaClientId, clientSecret });
        await this.worked(application, newest, secret);
        return answer;
      } catch (error) {
        if (!refusesClient(error)) {
          if (provesIdentity(error)) await this.worked(application, newest, secret);
          throw error;
        }
        // Whoever says `unauthorized_client` has hardly failed to recognise us.
        if (verdict.reason === 'invalid_client') verdict = error;
      }
    }
    if (verdict.reason === 'invalid_client') {
      this.fallbacks.delete(newest.id);
      await this.breaker.rejected(application, newest.id);
    }
    throw verdict;
  }

  private inOrder(secrets: ApplicationClientSecret[], now: Date): ApplicationClientSecret[] {
    const fallback = this.fallbacks.get(secrets[0]?.id ?? '');
    if (!fallback || fallback.until <= now) return secrets;
    const first = secrets.filter(({ id }) => id === fallback.secretId);
    return [...first, ...secrets.filter(({ id }) => id !== fallback.secretId)];
  }

  /** LWA knew the application by this secret, whatever else it said. */
  private async worked(
    application: Application,
    newest: ApplicationClientSecret,
    used: ApplicationClientSecret,
  ): Promise<void> {
    // What LWA has answered is not lost because the database cannot note that it answers again.
    await this.breaker.accepted(application).catch((error: unknown) => this.logger.error(error));
    if (used === newest) {
      this.fallbacks.delete(newest.id);
      return;
    }
    const known = this.fallbacks.get(newest.id);
    const now = this.clock.now();
    if (known && known.secretId === used.id && known.until > now) return;
    this.fallbacks.set(newest.id, { secretId: used.id, until: this.clock.inSeconds(FALLBACK_SECONDS) });
    this.logger.warn(
      `Login with Amazon refuses the newest client secret of application ${application.id} (added ${newest.createdAt.toISOString()}); ` +
        `an older one still works until ${used.expiresAt?.toISOString() ?? 'Amazon ends it'}. Check the newest one.`,
    );
  }

  private open({ id, sealed }: ApplicationClientSecret): Promise<string> {
    return this.sealer.open(sealed, secretPlace(id));
  }
}

/**
 * Whether another secret may do better. `unauthorized_client` leaves open whether the application or only this one
 * request is meant (`Witnesses`).
 */
function refusesClient(error: unknown): error is LwaError {
  return error instanceof LwaError && ['invalid_client', 'unauthorized_client'].includes(error.reason);
}

/** Whether LWA must have recognised the application to refuse it like this. */
function provesIdentity(error: unknown): boolean {
  return error instanceof LwaError && error.kind !== 'transient';
}
