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
import { CallingKey } from '../api-keys/api-key.guard.js';
import { actorOf, requireApplication } from '../api-keys/api-keys.service.js';
import { type Application } from '../applications/application.entity.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { ClientSecrets } from '../applications/client-secrets.service.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { Clock } from '../common/clock.js';
import { Forbidden, InvalidRequest } from '../common/errors.js';
import { UuidParam } from '../common/validation.js';
import { ApplicationGrants } from '../tokens/application-grants.js';
import {
  ApplicationAnswer,
  ApplicationChangeRequest,
  ApplicationListAnswer,
  NewApplicationRequest,
  NewClientSecretRequest,
  showApplication,
} from './application.dto.js';
import { ListQuery } from './list-query.dto.js';

@ApiTags('Applications')
@Controller('api/v1/applications')
export class ApplicationsController {
  constructor(
    private readonly applications: ApplicationsService,
    private readonly secrets: ClientSecrets,
    private readonly grants: ApplicationGrants,
    private readonly clock: Clock,
  ) {}

  @RequireScope('admin:read')
  @Get()
  @ApiOperation({ summary: 'Applications, page by page, oldest first' })
  @ApiOkResponse({ type: ApplicationListAnswer, description: 'A page; stable while others are added' })
  @ApiProblems(400)
  async page(
    @Query() { limit, cursor }: ListQuery,
    @CallingKey() key: ApiKey,
  ): Promise<ApplicationListAnswer> {
    const { items, nextCursor } = await this.applications.page(key.applicationIds, limit, cursor);
    return { items: await this.show(items), nextCursor };
  }

  @RequireScope('admin:read')
  @Get(':id')
  @ApiOperation({ summary: 'One application' })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The application' })
  @ApiOkResponse({ type: ApplicationAnswer, description: 'As it is now' })
  @ApiProblems(400, 404)
  async one(@Param('id', UuidParam) id: string, @CallingKey() key: ApiKey): Promise<ApplicationAnswer> {
    requireApplication(key.applicationIds, id);
    return this.showOne(await this.applications.byId(id));
  }

  @RequireScope('admin:write')
  @Post()
  @ApiOperation({ summary: 'Add an application with its client secret' })
  @ApiCreatedResponse({ type: ApplicationAnswer })
  @ApiProblems(400, 409)
  async create(
    @Body() request: NewApplicationRequest,
    @CallingKey() key: ApiKey,
  ): Promise<ApplicationAnswer> {
    if (key.applicationIds) throw new Forbidden('This API key is limited to other applications.');
    const { clientSecret, clientSecretExpiresAt: expiresAt, ...given } = request;
    this.requireFuture('clientSecretExpiresAt', expiresAt);
    const { draft = false, listed = false, returnOrigins = [] } = given;
    const fields = { ...given, draft, listed, returnOrigins };
    return this.showOne(await this.applications.create(fields, { clientSecret, expiresAt }, actorOf(key)));
  }

  @RequireScope('admin:write')
  @Patch(':id')
  @ApiOperation({ summary: 'Change an application; what is left out stays' })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The application' })
  @ApiOkResponse({ type: ApplicationAnswer, description: 'As it is now' })
  @ApiProblems(400, 404, 409)
  async change(
    @Param('id', UuidParam) id: string,
    @Body() request: ApplicationChangeRequest,
    @CallingKey() key: ApiKey,
  ): Promise<ApplicationAnswer> {
    requireApplication(key.applicationIds, id);
    return this.showOne(await this.applications.change(id, request, actorOf(key)));
  }

  @RequireScope('admin:write')
  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete an application, with its disconnected authorizations' })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The application' })
  @ApiNoContentResponse({ description: 'Deleted' })
  @ApiProblems(400, 404, 409)
  async remove(@Param('id', UuidParam) id: string, @CallingKey() key: ApiKey): Promise<void> {
    requireApplication(key.applicationIds, id);
    await this.grants.removeApplication(id, actorOf(key));
  }

  @RequireScope('admin:write')
  @Post(':id/client-secrets')
  @ApiOperation({
    summary:
      'Rotate the client secret: this one becomes current, the one before stays as a fallback for 7 days',
  })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The application' })
  @ApiCreatedResponse({ type: ApplicationAnswer })
  @ApiProblems(400, 404)
  async addSecret(
    @Param('id', UuidParam) id: string,
    @Body() { clientSecret, expiresAt, verify }: NewClientSecretRequest,
    @CallingKey() key: ApiKey,
  ): Promise<ApplicationAnswer> {
    requireApplication(key.applicationIds, id);
    this.requireFuture('expiresAt', expiresAt);
    if (verify) await this.applications.verifySecret(id, clientSecret);
    await this.applications.addSecret(id, { clientSecret, expiresAt }, actorOf(key));
    return this.showOne(await this.applications.byId(id));
  }

  private requireFuture(path: string, moment: Date | undefined): void {
    if (moment && moment <= this.clock.now())
      throw new InvalidRequest('Some fields are not valid.', [{ path, message: 'must be in the future' }]);
  }

  private async showOne(application: Application): Promise<ApplicationAnswer> {
    const [answer] = await this.show([application]);
    return answer as ApplicationAnswer;
  }

  /** Two queries for all of them together. */
  private async show(applications: Application[]): Promise<ApplicationAnswer[]> {
    const ids = applications.map(({ id }) => id);
    const [secrets, usage] = await Promise.all([this.secrets.of(ids), this.grants.usageOf(applications)]);
    return applications.flatMap((row) => {
      const used = usage.get(row.id);
      return used ? [showApplication(row, secrets.get(row.id) ?? [], used)] : [];
    });
  }
}
