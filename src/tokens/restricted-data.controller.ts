import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { UuidParam } from '../common/validation.js';
import { RestrictedDataTokenAnswer, RestrictedDataTokenBody } from './restricted-data.dto.js';
import { RestrictedDataTokens } from './restricted-data-tokens.service.js';

/** Tokens for personal data, in our own API. */
@ApiTags('Access tokens')
@Controller('api/v1/authorizations')
export class RestrictedDataController {
  constructor(private readonly tokens: RestrictedDataTokens) {}

  @RequireScope('tokens:vend')
  @Post(':id/restricted-data-token')
  @HttpCode(200)
  @ApiOperation({
    summary: 'A restricted data token for personal data of one authorization',
    description:
      'A new one from Amazon at every call, kept nowhere and shared with nobody. Amazon allows one call a second ' +
      '(burst 10) for each application and selling partner. `invalid_request`, `forbidden` and `rate_limited` also say ' +
      "what Amazon says, in Amazon's words.",
  })
  @ApiParam({ name: 'id', format: 'uuid', description: 'The authorization' })
  @ApiOkResponse({ type: RestrictedDataTokenAnswer, description: 'A token for these resources' })
  @ApiProblems(400, 404, 409, 410, 429)
  async restrictedDataToken(
    @Param('id', UuidParam) id: string,
    @Body() request: RestrictedDataTokenBody,
    @CallingKey() { applicationIds }: ApiKey,
  ): Promise<RestrictedDataTokenAnswer> {
    const token = await this.tokens.issue(id, request, applicationIds);
    return {
      restrictedDataToken: token.restrictedDataToken,
      expiresAt: token.expiresAt.toISOString(),
      expiresIn: token.expiresInSeconds,
    };
  }
}
