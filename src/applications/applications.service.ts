import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { Clock } from '../common/clock.js';
import { NotFound } from '../common/errors.js';
import { RegrantConfig } from '../config/config.js';
import { Sealer } from '../crypto/sealer.js';
import { type LwaClient } from '../lwa/lwa-provider.js';
import { ApplicationClientSecret } from './application-client-secret.entity.js';
import { Application } from './application.entity.js';

const secretPlace = (rowId: string) => ({ table: 'application_client_secrets', column: 'sealed', rowId });

/** The SP-API applications and the credentials that LWA knows them by. */
@Injectable()
export class ApplicationsService implements OnApplicationBootstrap {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sealer: Sealer,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /** Creates the application that the environment names, when it is absent. Replicas that start at once agree. */
  async onApplicationBootstrap(): Promise<void> {
    const first = this.config.application;
    if (!first) return;
    const { lwaClientSecret, ...fields } = first;
    const now = this.clock.now();
    await this.dataSource.transaction(async (manager) => {
      const id = randomUUID();
      const inserted = await manager
        .createQueryBuilder()
        .insert()
        .into(Application)
        .values({ id, ...fields, createdAt: now, updatedAt: now })
        .orIgnore()
        .returning('id')
        .execute();
      if (!(inserted.raw as unknown[]).length) return;
      const secretId = randomUUID();
      const sealed = this.sealer.seal(lwaClientSecret, secretPlace(secretId));
      await manager.insert(ApplicationClientSecret, {
        id: secretId,
        applicationId: id,
        sealed,
        createdAt: now,
      });
    });
  }

  async list(): Promise<Application[]> {
    return this.dataSource.manager.find(Application, { order: { createdAt: 'ASC' } });
  }

  /** @throws NotFound */
  async byId(id: string): Promise<Application> {
    const application = await this.dataSource.manager.findOneBy(Application, { id });
    if (!application) throw new NotFound('There is no such application.');
    return application;
  }

  /**
   * Calls LWA in the name of this application, with its newest client secret.
   * @throws NotFound, and whatever `call` throws
   */
  async withClient<T>(id: string, call: (client: LwaClient) => Promise<T>): Promise<T> {
    const application = await this.byId(id);
    const [newest] = await this.dataSource.manager.find(ApplicationClientSecret, {
      where: { applicationId: id },
      order: { createdAt: 'DESC' },
      take: 1,
    });
    if (!newest) throw new NotFound('The application has no client secret.');
    const clientSecret = this.sealer.open(newest.sealed, secretPlace(newest.id));
    return call({ clientId: application.lwaClientId, clientSecret });
  }
}
