import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { actorOf, requireApplication } from '../api-keys/api-keys.service.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { UuidParam } from '../common/validation.js';
import { Reminders } from '../renewal/reminders.service.js';
import { AuthorizationsService } from '../tokens/authorizations.service.js';
import { ListQuery } from './list-query.dto.js';
import { ReminderAnswer, ReminderListAnswer, showReminder } from './renewal.dto.js';

@ApiTags('Renewals')
@Controller('api/v1/authorizations/:id/reminders')
export class RemindersController {
  constructor(
    private readonly authorizations: AuthorizationsService,
    private readonly reminders: Reminders,
  ) {}

  @RequireScope('admin:read')
  @Get()
  @ApiOperation({ summary: 'Which reminders were sent of one authorization, when, with which outcome' })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The authorization' })
  @ApiOkResponse({ type: ReminderListAnswer })
  @ApiProblems(400, 404)
  async list(
    @Param('id', UuidParam) id: string,
    @Query() { limit, cursor }: ListQuery,
    @CallingKey() key: ApiKey,
  ): Promise<ReminderListAnswer> {
    await this.requireAccess(id, key);
    const { items, nextCursor } = await this.reminders.of(id, limit, cursor);
    return { items: items.map(showReminder), nextCursor };
  }

  @RequireScope('admin:write')
  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Remind now, whatever the schedule says' })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The authorization' })
  @ApiAcceptedResponse({ type: ReminderAnswer, description: 'Queued' })
  @ApiProblems(400, 404, 409)
  async remind(@Param('id', UuidParam) id: string, @CallingKey() key: ApiKey): Promise<ReminderAnswer> {
    await this.requireAccess(id, key);
    return showReminder(await this.reminders.remindNow(id, actorOf(key)));
  }

  private async requireAccess(id: string, key: ApiKey): Promise<void> {
    requireApplication(key.applicationIds, (await this.authorizations.byId(id)).applicationId);
  }
}
