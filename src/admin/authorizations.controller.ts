import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { actorOf, requireApplication } from '../api-keys/api-keys.service.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { Clock } from '../common/clock.js';
import { UuidParam } from '../common/validation.js';
import { RegrantConfig } from '../config/config.js';
import { Adjustments } from '../tokens/adjustments.service.js';
import { AuthorizationList } from '../tokens/authorization-list.js';
import { type Authorization } from '../tokens/authorization.entity.js';
import { AuthorizationsService } from '../tokens/authorizations.service.js';
import { GrantImports } from '../tokens/grant-imports.service.js';
import { VendingService } from '../tokens/vending.service.js';
import {
  AuthorizationAnswer,
  AuthorizationListAnswer,
  AuthorizationQuery,
  showAuthorization,
} from './authorization.dto.js';
import { AuthorizationChangeRequest, NewAuthorizationRequest } from './new-authorization.dto.js';

@ApiTags('Authorizations')
@Controller('api/v1/authorizations')
export class AuthorizationsController {
  constructor(
    private readonly authorizations: AuthorizationsService,
    private readonly list: AuthorizationList,
    private readonly imports: GrantImports,
    private readonly adjustments: Adjustments,
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
    return { items: items.map((row) => this.show(row)), nextCursor };
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
    return this.show(row);
  }

  @RequireScope('admin:write')
  @Post()
  @ApiOperation({
    summary: 'Bring in a refresh token: a self-authorization, or one that another system kept so far',
    description:
      'Sent again it changes nothing. An authorization of the same application, selling partner and region keeps its ' +
      'id and its account and gets the token; a disconnected one becomes active again.',
  })
  @ApiCreatedResponse({ type: AuthorizationAnswer, description: 'Stored as a new authorization' })
  @ApiOkResponse({ type: AuthorizationAnswer, description: 'It was known already' })
  @ApiProblems(400)
  async add(
    @Body() request: NewAuthorizationRequest,
    @CallingKey() key: ApiKey,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuthorizationAnswer> {
    const importer = { actor: actorOf(key), applicationIds: key.applicationIds };
    const { outcome, authorization } = await this.imports.accept(request, importer);
    void reply.status(outcome === 'created' ? 201 : 200);
    return this.show(authorization);
  }

  @RequireScope('admin:write')
  @Patch(':id')
  @ApiOperation({ summary: 'Change the due date, the account or the contact; what is left out stays' })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The authorization' })
  @ApiOkResponse({ type: AuthorizationAnswer, description: 'As it is now' })
  @ApiProblems(400, 404)
  async change(
    @Param('id', UuidParam) id: string,
    @Body() request: AuthorizationChangeRequest,
    @CallingKey() key: ApiKey,
  ): Promise<AuthorizationAnswer> {
    requireApplication(key.applicationIds, (await this.authorizations.byId(id)).applicationId);
    return this.show(await this.adjustments.adjusted(id, request, actorOf(key)));
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
    await this.authorizations.disconnected(id, actorOf(key));
    this.vending.forget(id);
  }

  private show(row: Authorization): AuthorizationAnswer {
    return showAuthorization(row, this.clock.now(), this.config.renewal.reminderDays);
  }
}
