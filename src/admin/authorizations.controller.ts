import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { requireApplication } from '../api-keys/api-keys.service.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { Clock } from '../common/clock.js';
import { UuidParam } from '../common/validation.js';
import { RegrantConfig } from '../config/config.js';
import { AuthorizationList } from '../tokens/authorization-list.js';
import { AuthorizationsService } from '../tokens/authorizations.service.js';
import { VendingService } from '../tokens/vending.service.js';
import {
  AuthorizationAnswer,
  AuthorizationListAnswer,
  AuthorizationQuery,
  showAuthorization,
} from './authorization.dto.js';

@ApiTags('Authorizations')
@Controller('api/v1/authorizations')
export class AuthorizationsController {
  constructor(
    private readonly authorizations: AuthorizationsService,
    private readonly list: AuthorizationList,
    private readonly vending: VendingService,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  @RequireScope('admin:read')
  @Get()
  @ApiOperation({ summary: 'Authorizations, page by page, oldest first' })
  @ApiOkResponse({ type: AuthorizationListAnswer, description: 'A page; stable while others are added' })
  @ApiProblems(400)
  async page(
    @Query() query: AuthorizationQuery,
    @CallingKey() key: ApiKey,
  ): Promise<AuthorizationListAnswer> {
    const { limit, cursor, ...filter } = query;
    const limited = key.applicationIds ? { applicationIds: key.applicationIds } : {};
    const { items, nextCursor } = await this.list.page({ ...filter, ...limited }, limit, cursor);
    const now = this.clock.now();
    return {
      items: items.map((row) => showAuthorization(row, now, this.config.renewal.reminderDays)),
      nextCursor,
    };
  }

  @RequireScope('admin:read')
  @Get(':id')
  @ApiOperation({ summary: 'One authorization' })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The authorization' })
  @ApiOkResponse({ type: AuthorizationAnswer, description: 'The authorization' })
  @ApiProblems(400, 404)
  async one(@Param('id', UuidParam) id: string, @CallingKey() key: ApiKey): Promise<AuthorizationAnswer> {
    const row = await this.authorizations.byId(id);
    requireApplication(key.applicationIds, row.applicationId);
    return showAuthorization(row, this.clock.now(), this.config.renewal.reminderDays);
  }

  @RequireScope('admin:write')
  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Disconnect: the token is destroyed, the row is kept' })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The authorization' })
  @ApiNoContentResponse({ description: 'Disconnected' })
  @ApiProblems(400, 404)
  async disconnect(@Param('id', UuidParam) id: string, @CallingKey() key: ApiKey): Promise<void> {
    requireApplication(key.applicationIds, (await this.authorizations.byId(id)).applicationId);
    await this.authorizations.disconnected(id, `api-key:${key.clientId}`);
    this.vending.forget(id);
  }
}
