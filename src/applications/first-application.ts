import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RegrantConfig } from '../config/config.js';
import { Application } from './application.entity.js';
import { ApplicationsService } from './applications.service.js';
import { ClientSecrets } from './client-secrets.service.js';

/**
 * The application that the environment names: created when it is absent. When it is there and its secret in the
 * environment is one we never had, an operator has rotated it: it becomes the current one. Replicas that start at once
 * agree, and one that starts late with an old environment changes nothing.
 */
@Injectable()
export class FirstApplication implements OnApplicationBootstrap {
  constructor(
    private readonly dataSource: DataSource,
    private readonly applications: ApplicationsService,
    private readonly secrets: ClientSecrets,
    private readonly config: RegrantConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.application) return;
    const { lwaClientSecret: clientSecret, ...named } = this.config.application;
    const fields = { ...named, listed: false, returnOrigins: [] };
    await this.dataSource.transaction(async (manager) => {
      if (await this.applications.insert(manager, fields, { clientSecret }, 'regrant')) return;
      const { applicationId } = fields;
      const { id } = await manager.findOneOrFail(Application, {
        where: { applicationId },
        lock: { mode: 'pessimistic_write' },
      });
      if (await this.secrets.includes(manager, id, clientSecret)) return;
      await this.applications.addSecretIn(manager, id, { clientSecret }, 'regrant');
    });
  }
}
