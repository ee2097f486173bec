import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { Clock } from '../common/clock.js';
import { Conflict, Forbidden, InvalidRequest, NotFound } from '../common/errors.js';
import { type PageOf, readPage } from '../common/paging.js';
import { isUuid } from '../common/validation.js';
import { clientSecretTopic, Deliveries } from '../events/deliveries.service.js';
import { EventLog } from '../events/event-log.js';
import { Signals } from '../signals/signals.js';
import { LwaError } from '../lwa/lwa-error.js';
import { amazonUnavailable } from '../lwa/lwa-problems.js';
import { type LwaClient, LwaProvider } from '../lwa/lwa-provider.js';
import { Application } from './application.entity.js';
import { ClientSecrets } from './client-secrets.service.js';
import { type Witness, Witnesses } from './witnesses.js';

/** What an operator says of an application. */
export type ApplicationFields = Pick<
  Application,
  'applicationId' | 'name' | 'type' | 'draft' | 'listed' | 'lwaClientId' | 'returnOrigins'
>;

export interface NewClientSecret {
  clientSecret: string;
  /** 180 days from now when not given. */
  expiresAt?: Date;
}

/** A scope that every application may ask for: enough to see whether LWA knows the client. */
const HARMLESS_SCOPE = 'sellingpartnerapi::notifications';

/** The SP-API applications, and calls of LWA in their names. */
@Injectable()
export class ApplicationsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly secrets: ClientSecrets,
    private readonly witnesses: Witnesses,
    private readonly lwa: LwaProvider,
    private readonly events: EventLog,
    private readonly signals: Signals,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
  ) {}

  /** All of them, oldest first. */
  async list(): Promise<Application[]> {
    return this.dataSource.manager.find(Application, { order: { createdAt: 'ASC', id: 'ASC' } });
  }

  /** @param ids only these; null: all */
  async page(ids: readonly string[] | null, limit: number, cursor?: string): Promise<PageOf<Application>> {
    const query = this.dataSource.manager.createQueryBuilder(Application, 'application');
    if (ids) query.andWhere('application.id = ANY(:ids)', { ids });
    return readPage(query, limit, cursor);
  }

  /** @throws NotFound */
  async byId(id: string): Promise<Application> {
    const application = await this.dataSource.manager.findOneBy(Application, { id });
    if (!application) throw new NotFound('There is no such application.');
    return application;
  }

  /** By Amazon's own id, `amzn1.sp.solution.…`. */
  async byAmazonId(applicationId: string): Promise<Application | null> {
    return this.dataSource.manager.findOneBy(Application, { applicationId });
  }

  /**
   * The application that a program means: by our id, by Amazon's, or the only one there is.
   * @param ids the applications that the program is limited to; null: none in particular
   * @throws InvalidRequest when the name fits none, or none is named and there are several
   */
  async named(name: string | undefined, ids: readonly string[] | null): Promise<Application> {
    const wrong = (message: string) =>
      new InvalidRequest('Some fields are not valid.', [{ path: 'applicationId', message }]);
    if (name) {
      const where = isUuid(name) ? { id: name.toLowerCase() } : { applicationId: name };
      const application = await this.dataSource.manager.findOneBy(Application, where);
      if (application && (!ids || ids.includes(application.id))) return application;
      throw wrong('names no application that this API key may use');
    }
    const [only, ...more] = await this.allowed(ids);
    if (!only) throw wrong('there is no application yet that this API key may use');
    if (more.length) throw wrong('is needed, as there are several applications');
    return only;
  }

  /**
   * The application of a program that cannot name one.
   * @param ids the applications that the program is limited to; null: none in particular
   * @throws Forbidden unless there is exactly one that it may use
   */
  async only(ids: readonly string[] | null): Promise<Application> {
    const [only, ...more] = await this.allowed(ids);
    if (!only) throw new Forbidden('There is no application yet that this API key may use.');
    if (more.length)
      throw new Forbidden('There are several applications: the API key must be limited to one of them.');
    return only;
  }

  private async allowed(ids: readonly string[] | null): Promise<Application[]> {
    return (await this.list()).filter(({ id }) => !ids || ids.includes(id));
  }

  /** Another one as soon as the client id or the current client secret is another one. @throws NotFound */
  async credentialsVersion(id: string): Promise<string> {
    const { lwaClientId } = await this.byId(id);
    const [newest] = (await this.secrets.of([id])).get(id) ?? [];
    return `${lwaClientId} ${newest?.id}`;
  }

  /**
   * Calls LWA in the name of this application, with its newest client secret, or with an older one that still lives
   * when LWA does not know the client by the newest (`ClientSecrets.call`).
   * @param witness the authorization that it is asked for: what LWA says tells something about the application too
   * @throws NotFound, and whatever `call` throws
   */
  async withClient<T>(
    id: string,
    call: (client: LwaClient) => Promise<T>,
    { urgent, witness }: { urgent?: boolean; witness?: Witness } = {},
  ): Promise<T> {
    const application = await this.byId(id);
    try {
      const answer = await this.secrets.call(application, call, { urgent });
      if (witness) this.witnesses.speakFor(id);
      return answer;
    } catch (error) {
      if (witness && error instanceof LwaError) await this.hear(application, witness, error);
      throw error;
    }
  }

  private async hear(application: Application, witness: Witness, { kind, reason }: LwaError): Promise<void> {
    if (kind === 'grant') this.witnesses.speakFor(application.id);
    if (reason !== 'unauthorized_client') return;
    if (await this.witnesses.speakAgainst(application.id, witness))
      await this.secrets.refusedAltogether(application);
  }

  /** @throws Conflict when Amazon's application id is known already */
  async create(fields: ApplicationFields, secret: NewClientSecret, actor: string): Promise<Application> {
    return this.dataSource.transaction(async (manager) => {
      const application = await this.insert(manager, fields, secret, actor);
      if (!application) throw duplicate();
      return application;
    });
  }

  /** As `create`, in the caller's transaction; null when Amazon's application id is known already. */
  async insert(
    manager: EntityManager,
    fields: ApplicationFields,
    { clientSecret, expiresAt }: NewClientSecret,
    actor: string,
  ): Promise<Application | null> {
    const now = this.clock.now();
    const credentials = { credentialsRejectedAt: null, credentialsProbeAt: null };
    const row: Application = { ...fields, ...credentials, id: randomUUID(), createdAt: now, updatedAt: now };
    const inserting = manager.createQueryBuilder().insert().into(Application).values(row);
    const { raw } = (await inserting.orIgnore().returning('id').execute()) as { raw: unknown[] };
    if (!raw.length) return null;
    await this.secrets.add(manager, row.id, clientSecret, expiresAt);
    await this.signals.send(manager, 'names', row.id);
    await this.events.append(manager, {
      type: 'application.created',
      actor,
      applicationId: row.id,
      data: { ...fields },
    });
    return row;
  }

  /** @throws NotFound, Conflict when another application has that Amazon application id */
  async change(id: string, wanted: Partial<ApplicationFields>, actor: string): Promise<Application> {
    try {
      return await this.dataSource.transaction(async (manager) => {
        const row = await this.lock(manager, id);
        const differences = Object.entries(wanted).filter(
          ([name, value]) => value !== undefined && String(value) !== String(row[name as keyof Application]),
        );
        if (!differences.length) return row;
        const change = { ...Object.fromEntries(differences), updatedAt: this.clock.now() };
        await manager.update(Application, { id }, change);
        if ('applicationId' in change) await this.signals.send(manager, 'names', id);
        if ('lwaClientId' in change) await this.credentialsChanged(manager, id);
        await this.events.append(manager, {
          type: 'application.changed',
          actor,
          applicationId: id,
          data: Object.fromEntries(
            differences.map(([name, to]) => [name, { from: row[name as keyof Application], to }]),
          ),
        });
        return { ...row, ...change };
      });
    } catch (error) {
      throw isDuplicate(error) ? duplicate(error) : error;
    }
  }

  /**
   * Makes a new client secret the current one. Sending the current one again changes at most its date.
   * @throws NotFound
   */
  async addSecret(id: string, secret: NewClientSecret, actor: string): Promise<void> {
    await this.dataSource.transaction((manager) => this.addSecretIn(manager, id, secret, actor));
  }

  /** As `addSecret`, in the caller's transaction. */
  async addSecretIn(
    manager: EntityManager,
    id: string,
    { clientSecret, expiresAt }: NewClientSecret,
    actor: string,
  ): Promise<void> {
    await this.lock(manager, id);
    const outcome = await this.secrets.add(manager, id, clientSecret, expiresAt);
    if (outcome === 'known') return;
    if (outcome === 'added') await this.credentialsChanged(manager, id);
    await this.deliveries.drop(manager, clientSecretTopic(id));
    await this.events.append(manager, {
      type: outcome === 'added' ? 'application.secret_added' : 'application.changed',
      actor,
      applicationId: id,
      data: expiresAt ? { clientSecretExpiresAt: expiresAt } : {},
    });
  }

  /**
   * Asks LWA whether it knows the application by this secret.
   * @throws InvalidRequest when it does not, NotFound, `amazon_unavailable`
   */
  async verifySecret(id: string, clientSecret: string): Promise<void> {
    const { lwaClientId: clientId } = await this.byId(id);
    try {
      await this.lwa.clientCredentials({ clientId, clientSecret }, HARMLESS_SCOPE);
    } catch (error) {
      if (!(error instanceof LwaError)) throw error;
      if (error.kind === 'transient') throw amazonUnavailable(error);
      // Any other refusal comes after LWA has recognised the client.
      if (error.reason !== 'invalid_client') return;
      const message = 'is refused by Login with Amazon (invalid_client)';
      throw new InvalidRequest('Some fields are not valid.', [{ path: 'clientSecret', message }]);
    }
  }

  /**
   * Deletes the row and its secrets; the caller has seen to its authorizations.
   * @throws NotFound
   */
  async remove(manager: EntityManager, id: string, actor: string, data: object = {}): Promise<void> {
    const { applicationId, name } = await this.lock(manager, id);
    await manager.delete(Application, { id });
    await this.signals.send(manager, 'names', id);
    await this.events.append(manager, {
      type: 'application.deleted',
      actor,
      applicationId: id,
      data: { applicationId, name, ...data },
    });
  }

  /** Whether LWA takes the new ones is tried by the next call, without waiting. */
  private async credentialsChanged(manager: EntityManager, id: string): Promise<void> {
    await manager.update(Application, { id }, { credentialsProbeAt: null });
    await this.signals.send(manager, 'application', id);
  }

  /** Keeps it from being deleted until the end of the transaction; nobody else is kept from anything. @throws NotFound */
  async hold(manager: EntityManager, id: string): Promise<void> {
    const row = await manager.findOne(Application, { where: { id }, lock: { mode: 'for_key_share' } });
    if (!row) throw new NotFound('There is no such application.');
  }

  /** Locks the row until the end of the transaction. @throws NotFound */
  async lock(manager: EntityManager, id: string): Promise<Application> {
    const row = await manager.findOne(Application, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw new NotFound('There is no such application.');
    return row;
  }
}

const isDuplicate = (error: unknown): boolean =>
  error instanceof QueryFailedError && (error.driverError as { code?: string }).code === '23505';

function duplicate(cause?: unknown): Conflict {
  return new Conflict('There is an application with this Amazon application id already.', { cause });
}
