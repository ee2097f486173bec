import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { UuidParam } from '../common/validation.js';
import { AccessTokenAnswer, accessTokenAnswer, AccessTokenRequest } from './access-token.dto.js';
import { VendingService } from './vending.service.js';

/** Access tokens for programs, in our own API. */
@ApiTags('Access tokens')
@Controller('api/v1/authorizations')
export class VendingController {
  constructor(private readonly vending: VendingService) {}

  @RequireScope('tokens:vend')
  @Post(':id/access-token')
  @HttpCode(200)
  @ApiOperation({
    summary: 'A valid access token for one authorization',
    description: 'From memory while it lives long enough; else one call to Amazon for all who wait.',
  })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The authorization' })
  @ApiOkResponse({ type: AccessTokenAnswer, description: 'A token that lives long enough' })
  @ApiProblems(400, 404, 409, 410)
  async accessToken(
    @Param('id', UuidParam) id: string,
    @Body() options: AccessTokenRequest,
    @CallingKey() key: ApiKey,
  ): Promise<AccessTokenAnswer> {
    const token = await this.vending.vend(id, { ...options, applicationIds: key.applicationIds });
    return accessTokenAnswer(token, this.vending.secondsLeft(token));
  }
}
