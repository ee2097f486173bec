import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { type Application } from '../applications/application.entity.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { ClientSecrets } from '../applications/client-secrets.service.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { Clock } from '../common/clock.js';
import { RegrantConfig } from '../config/config.js';
import { SECRET_REMINDER_DAYS } from '../renewal/client-secret-countdown.service.js';
import { RenewalRuns } from '../renewal/renewal-runs.service.js';
import { AuthorizationCounts, totalOf } from '../tokens/authorization-counts.js';
import { AuthorizationRenewals } from '../tokens/authorization-renewals.service.js';
import { addDays, daysUntil } from '../tokens/renewal-status.js';
import { type AuthorizationAnswer, showAuthorization } from './authorization.dto.js';
import { type ApplicationCountsAnswer, type ExpiringSecretAnswer, OverviewAnswer } from './overview.dto.js';
import { showRun } from './renewal.dto.js';

const SOONEST = 10;

@ApiTags('Overview')
@Controller('api/v1/overview')
export class OverviewController {
  constructor(
    private readonly applications: ApplicationsService,
    private readonly secrets: ClientSecrets,
    private readonly counts: AuthorizationCounts,
    private readonly renewals: AuthorizationRenewals,
    private readonly runs: RenewalRuns,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  @RequireScope('admin:read')
  @Get()
  @ApiOperation({
    summary: 'How things stand: counts, what is due, secrets that expire, the last run',
    description:
      'Of the applications that the API key may see. Counts of millions of authorizations may be a minute old.',
  })
  @ApiOkResponse({ type: OverviewAnswer, description: 'At this moment' })
  @ApiProblems()
  async show(@CallingKey() { applicationIds }: ApiKey): Promise<OverviewAnswer> {
    const all = await this.applications.list();
    const applications = all.filter(({ id }) => !applicationIds || applicationIds.includes(id));
    const perApplication = await this.countsOf(applications);
    const lastRun = await this.runs.last();
    return {
      authorizations: totalOf(perApplication),
      applications: perApplication,
      soonestDue: await this.soonestDue(applicationIds),
      expiringSecrets: await this.expiringSecrets(applications),
      lastRun: lastRun && showRun(lastRun),
    };
  }

  private async countsOf(applications: Application[]): Promise<ApplicationCountsAnswer[]> {
    const counts = await this.counts.of(applications.map(({ id }) => id));
    return applications.flatMap(({ id, name }) => {
      const ofThis = counts.get(id);
      return ofThis ? [{ applicationId: id, name, ...ofThis }] : [];
    });
  }

  private async soonestDue(applicationIds: string[] | null): Promise<AuthorizationAnswer[]> {
    const { items } = await this.renewals.page(applicationIds ? { applicationIds } : {}, SOONEST);
    const now = this.clock.now();
    return items.map((row) => showAuthorization(row, now, this.config.renewal.reminderDays));
  }

  private async expiringSecrets(applications: Application[]): Promise<ExpiringSecretAnswer[]> {
    const now = this.clock.now();
    const until = addDays(now, Math.max(...SECRET_REMINDER_DAYS));
    const secrets = await this.secrets.of(applications.map(({ id }) => id));
    return applications
      .flatMap(({ id, name }) => {
        const expiresAt = secrets.get(id)?.[0]?.expiresAt;
        if (!expiresAt || expiresAt > until) return [];
        return [{ applicationId: id, name, expiresAt, daysLeft: daysUntil(expiresAt, now) }];
      })
      .sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime());
  }
}
