import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { requireApplication } from '../api-keys/api-keys.service.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { UuidParam } from '../common/validation.js';
import { GrantlessTokenAnswer, GrantlessTokenRequest } from './grantless.dto.js';
import { GrantlessTokens } from './grantless-tokens.service.js';

/** Access tokens of an application itself, in our own API. */
@ApiTags('Access tokens')
@Controller('api/v1/applications')
export class GrantlessController {
  constructor(private readonly grantless: GrantlessTokens) {}

  @RequireScope('tokens:vend')
  @Post(':id/grantless-token')
  @HttpCode(200)
  @ApiOperation({
    summary: 'An access token of the application itself, for grantless operations',
    description:
      'From memory while it lives long enough; else one call to Amazon for all who wait. `forbidden` also says ' +
      'that Amazon gives this application no token for that scope.',
  })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The application' })
  @ApiOkResponse({ type: GrantlessTokenAnswer, description: 'A token that lives at least a minute more' })
  @ApiProblems(400, 404)
  async grantlessToken(
    @Param('id', UuidParam) id: string,
    @Body() request: GrantlessTokenRequest,
    @CallingKey() key: ApiKey,
  ): Promise<GrantlessTokenAnswer> {
    requireApplication(key.applicationIds, id);
    const token = await this.grantless.vend(id, request.scope);
    return {
      accessToken: token.accessToken,
      tokenType: 'bearer',
      expiresAt: token.expiresAt.toISOString(),
      expiresIn: this.grantless.secondsLeft(token),
      applicationId: token.applicationId,
      scope: token.scope,
    };
  }
}
