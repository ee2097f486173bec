import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { ApiKeyAdministration } from '../api-keys/api-key-administration.service.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { Clock } from '../common/clock.js';
import { InvalidRequest } from '../common/errors.js';
import { UuidParam } from '../common/validation.js';
import {
  ApiKeyAnswer,
  ApiKeyChangeRequest,
  ApiKeyListAnswer,
  ApiKeyRotationRequest,
  IssuedApiKeyAnswer,
  NewApiKeyRequest,
  showApiKey,
  showIssuedKey,
} from './api-key.dto.js';
import { ListQuery } from './list-query.dto.js';

@ApiTags('API keys')
@Controller('api/v1/api-keys')
export class ApiKeysController {
  constructor(
    private readonly keys: ApiKeyAdministration,
    private readonly applications: ApplicationsService,
    private readonly clock: Clock,
  ) {}

  @RequireScope('admin:read')
  @Get()
  @ApiOperation({
    summary: 'API keys, page by page, oldest first',
    description:
      'Those that have expired or were revoked too. A key that is limited to applications sees those within its own.',
  })
  @ApiOkResponse({ type: ApiKeyListAnswer, description: 'A page; stable while others are added' })
  @ApiProblems(400)
  async page(@Query() { limit, cursor }: ListQuery, @CallingKey() caller: ApiKey): Promise<ApiKeyListAnswer> {
    const { items, nextCursor } = await this.keys.page(caller, limit, cursor);
    const now = this.clock.now();
    return { items: items.map((key) => showApiKey(key, now)), nextCursor };
  }

  @RequireScope('admin:read')
  @Get(':id')
  @ApiOperation({ summary: 'One API key' })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The API key' })
  @ApiOkResponse({ type: ApiKeyAnswer, description: 'As it is now' })
  @ApiProblems(400, 404)
  async one(@Param('id', UuidParam) id: string, @CallingKey() caller: ApiKey): Promise<ApiKeyAnswer> {
    return showApiKey(await this.keys.byId(id, caller), this.clock.now());
  }

  @RequireScope('admin:write')
  @Post()
  @ApiOperation({
    summary: 'Make an API key; its secret is shown in this answer only',
    description: 'It may do at most what the calling key may: `forbidden` says what goes beyond.',
  })
  @ApiCreatedResponse({ type: IssuedApiKeyAnswer })
  @ApiProblems(400)
  async create(@Body() request: NewApiKeyRequest, @CallingKey() caller: ApiKey): Promise<IssuedApiKeyAnswer> {
    const { name, scopes, applicationIds = null, expiresAt = null } = request;
    await this.requireApplications(applicationIds);
    const issued = await this.keys.create({ name, scopes, applicationIds, expiresAt }, caller);
    return showIssuedKey(issued, this.clock.now());
  }

  @RequireScope('admin:write')
  @Patch(':id')
  @ApiOperation({
    summary: 'Change the name or the limits of an API key; what is left out stays',
    description:
      'Every replica goes by it within a second. `conflict`: it was revoked, or nobody could administer any more.',
  })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The API key' })
  @ApiOkResponse({ type: ApiKeyAnswer, description: 'As it is now' })
  @ApiProblems(400, 404, 409)
  async change(
    @Param('id', UuidParam) id: string,
    @Body() request: ApiKeyChangeRequest,
    @CallingKey() caller: ApiKey,
  ): Promise<ApiKeyAnswer> {
    await this.requireApplications(request.applicationIds);
    return showApiKey(await this.keys.change(id, request, caller), this.clock.now());
  }

  @RequireScope('admin:write')
  @Post(':id/rotate')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Give an API key another secret, shown in this answer only',
    description:
      'The client id stays, and the secrets until now are taken for `overlapSeconds` more, so programs move over one by ' +
      'one. When the answer is lost, rotate again: the secret that programs use keeps its time.',
  })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The API key' })
  @ApiOkResponse({ type: IssuedApiKeyAnswer, description: 'With the new secret' })
  @ApiProblems(400, 404, 409)
  async rotate(
    @Param('id', UuidParam) id: string,
    @Body() { overlapSeconds }: ApiKeyRotationRequest,
    @CallingKey() caller: ApiKey,
  ): Promise<IssuedApiKeyAnswer> {
    return showIssuedKey(await this.keys.rotate(id, overlapSeconds, caller), this.clock.now());
  }

  @RequireScope('admin:write')
  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Revoke an API key at once, on every replica',
    description:
      'It stays in the list as revoked; again changes nothing. `conflict`: it is the last one with `admin:write` for all ' +
      'applications, without which nobody could make another.',
  })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The API key' })
  @ApiNoContentResponse({ description: 'Revoked' })
  @ApiProblems(400, 404, 409)
  async revoke(@Param('id', UuidParam) id: string, @CallingKey() caller: ApiKey): Promise<void> {
    await this.keys.revoke(id, caller);
  }

  private async requireApplications(ids: string[] | null | undefined): Promise<void> {
    if (!ids) return;
    const { items } = await this.applications.page(ids, ids.length);
    const unknown = ids.find((id) => !items.some((application) => application.id === id));
    if (unknown)
      throw new InvalidRequest('Some fields are not valid.', [
        { path: 'applicationIds', message: `names no application of ours: ${unknown}` },
      ]);
  }
}
