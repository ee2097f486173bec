import { Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { Clock } from '../common/clock.js';
import { Forbidden } from '../common/errors.js';
import { UuidParam } from '../common/validation.js';
import { RegrantConfig } from '../config/config.js';
import { RenewalRuns } from '../renewal/renewal-runs.service.js';
import { RenewalWork } from '../renewal/renewal-work.service.js';
import { AuthorizationRenewals } from '../tokens/authorization-renewals.service.js';
import { AuthorizationListAnswer, showAuthorization } from './authorization.dto.js';
import { ListQuery } from './list-query.dto.js';
import {
  ForecastAnswer,
  ForecastQuery,
  RenewalQuery,
  RunAnswer,
  RunListAnswer,
  showRun,
} from './renewal.dto.js';

@ApiTags('Renewals')
@Controller('api/v1/renewals')
export class RenewalsController {
  constructor(
    private readonly renewals: AuthorizationRenewals,
    private readonly runs: RenewalRuns,
    private readonly work: RenewalWork,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  @RequireScope('admin:read')
  @Get()
  @ApiOperation({ summary: 'Authorizations that are to be renewed, soonest first' })
  @ApiOkResponse({ type: AuthorizationListAnswer, description: 'A page; stable while others are added' })
  @ApiProblems(400)
  async page(@Query() query: RenewalQuery, @CallingKey() key: ApiKey): Promise<AuthorizationListAnswer> {
    const { limit, cursor, ...filter } = query;
    const limited = key.applicationIds ? { applicationIds: key.applicationIds } : {};
    const { items, nextCursor } = await this.renewals.page({ ...filter, ...limited }, limit, cursor);
    const now = this.clock.now();
    const { reminderDays } = this.config.renewal;
    return { items: items.map((row) => showAuthorization(row, now, reminderDays)), nextCursor };
  }

  @RequireScope('admin:read')
  @Get('forecast')
  @ApiOperation({ summary: 'How many authorizations are to be renewed in each month' })
  @ApiOkResponse({ type: ForecastAnswer })
  @ApiProblems(400)
  async forecast(@Query() { months }: ForecastQuery, @CallingKey() key: ApiKey): Promise<ForecastAnswer> {
    return { items: await this.renewals.forecast(months, key.applicationIds) };
  }

  @RequireScope('admin:write')
  @Post('runs')
  @ApiOperation({
    summary: 'Flag what is due and queue reminders, now',
    description: 'RENEWAL_CRON does so every day. Run again, it sends nobody the same reminder twice.',
  })
  @ApiAcceptedResponse({ type: RunAnswer, description: 'Started; it goes on in the background' })
  @ApiOkResponse({ type: RunAnswer, description: 'One is going already: this one' })
  @ApiProblems()
  async start(
    @CallingKey() key: ApiKey,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RunAnswer> {
    if (key.applicationIds)
      throw new Forbidden('A run concerns every application; this API key is limited to some.');
    const { run, started } = await this.work.start('api');
    void reply.status(started ? 202 : 200);
    return showRun(run);
  }

  @RequireScope('admin:read')
  @Get('runs')
  @ApiOperation({ summary: 'Renewal runs, newest first' })
  @ApiOkResponse({ type: RunListAnswer })
  @ApiProblems(400)
  async history(@Query() { limit, cursor }: ListQuery): Promise<RunListAnswer> {
    const { items, nextCursor } = await this.runs.page(limit, cursor);
    return { items: items.map(showRun), nextCursor };
  }

  @RequireScope('admin:read')
  @Get('runs/:id')
  @ApiOperation({ summary: 'One run, with its progress while it goes on' })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The run' })
  @ApiOkResponse({ type: RunAnswer })
  @ApiProblems(400, 404)
  async run(@Param('id', UuidParam) id: string): Promise<RunAnswer> {
    return showRun(await this.runs.byId(id));
  }
}
