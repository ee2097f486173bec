import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { Marketplaces } from '../lwa/marketplaces.js';
import { AccessTokenAnswer, accessTokenAnswer } from './access-token.dto.js';
import { PartnerLookup } from './partner-lookup.service.js';
import { PartnerTokenRequest } from './partner-token.dto.js';
import { VendingService } from './vending.service.js';

/** Access tokens for programs that know the selling partner, and not our id of the authorization. */
@ApiTags('Access tokens')
@Controller('api/v1/access-tokens')
export class PartnerTokensController {
  constructor(
    private readonly lookup: PartnerLookup,
    private readonly marketplaces: Marketplaces,
    private readonly vending: VendingService,
  ) {}

  @RequireScope('tokens:vend')
  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'A valid access token for a selling partner in a region or marketplace',
    description: 'The same as by the id of the authorization, which the answer names.',
  })
  @ApiOkResponse({ type: AccessTokenAnswer, description: 'A token that lives long enough' })
  @ApiProblems(400, 404, 409, 410)
  async accessToken(
    @Body() request: PartnerTokenRequest,
    @CallingKey() { applicationIds }: ApiKey,
  ): Promise<AccessTokenAnswer> {
    const { sellingPartnerId, applicationId, minimumSeconds, forceRefresh } = request;
    const region = this.marketplaces.regionOf(request);
    const id = await this.lookup.idOf({ sellingPartnerId, region, applicationId }, applicationIds);
    const token = await this.vending.vend(id, { minimumSeconds, forceRefresh, applicationIds });
    return accessTokenAnswer(token, this.vending.secondsLeft(token));
  }
}
