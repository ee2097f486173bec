import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { type Application } from '../applications/application.entity.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { ConnectLinksService } from '../auth/connect-links.service.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { Conflict, InvalidRequest, NotFound } from '../common/errors.js';
import { UuidParam } from '../common/validation.js';
import { Marketplaces } from '../lwa/marketplaces.js';
import { SellersService } from '../sellers/sellers.service.js';
import { ConnectLinkAnswer, NewConnectLinkRequest } from './connect-link.dto.js';

@ApiTags('Sellers')
@ApiBearerAuth()
@Controller('api/v1/sellers')
export class ConnectLinksController {
  constructor(
    private readonly links: ConnectLinksService,
    private readonly sellers: SellersService,
    private readonly applications: ApplicationsService,
    private readonly marketplaces: Marketplaces,
  ) {}

  @RequireScope('admin:write')
  @Post(':id/connect-links')
  @ApiOperation({ summary: 'A link with which this seller connects one Amazon account, without signing in' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiCreatedResponse({ type: ConnectLinkAnswer })
  @ApiProblems(400, 401, 403, 404, 409)
  async create(
    @Param('id', UuidParam) sellerId: string,
    @Body() request: NewConnectLinkRequest,
    @CallingKey() key: ApiKey,
  ): Promise<ConnectLinkAnswer> {
    const { marketplaceId, partnerType, returnUrl, expiresInSeconds } = request;
    if (!(await this.sellers.byId(sellerId))) throw new NotFound('There is no such seller.');
    if (!this.marketplaces.byId(marketplaceId)) throw bad('marketplaceId', 'is not a marketplace of Amazon');
    const application = await this.applications.named(request.applicationId, key.applicationIds);
    if (application.type === 'private')
      throw new Conflict('Amazon authorizes a private application by self-authorization only.');
    if (returnUrl) assertAllowed(returnUrl, application);
    const link = { sellerId, applicationId: application.id, marketplaceId, partnerType };
    return this.links.create({ ...link, returnUrl: returnUrl ?? null }, expiresInSeconds);
  }
}

/** Only to origins that the operator named: the address would otherwise be a redirect to anywhere. */
function assertAllowed(returnUrl: string, { returnOrigins }: Application): void {
  const origin = URL.canParse(returnUrl) ? new URL(returnUrl).origin : '';
  if (!returnOrigins.includes(origin))
    throw bad('returnUrl', 'has an origin that is not one of the application’s returnOrigins');
}

function bad(path: string, message: string): InvalidRequest {
  return new InvalidRequest('Some fields are not valid.', [{ path, message }]);
}
