import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { ApiKeysService } from '../api-keys/api-keys.service.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { Open } from '../common/access.js';
import { ApiLwaProblems } from '../common/api-problems.js';
import { InvalidRequest, NotFound } from '../common/errors.js';
import { isUuid } from '../common/validation.js';
import { GRANTLESS_SCOPE, GrantlessTokens } from './grantless-tokens.service.js';
import { LwaTokenAnswer, lwaTokenAnswer, LwaTokenRequest, SDK_MINIMUM_SECONDS } from './lwa-endpoint.dto.js';
import { VendingService } from './vending.service.js';

/**
 * Login with Amazon's token endpoint as SP-API SDKs know it (RFC 6749 sections 4.4 and 6), answered by Regrant: a
 * program points its SDK here and gives an API key and an authorization id where Amazon's secrets used to be.
 */
@ApiTags('Access tokens')
@Controller('auth/o2')
export class LwaEndpointController {
  constructor(
    private readonly vending: VendingService,
    private readonly grantless: GrantlessTokens,
    private readonly applications: ApplicationsService,
    private readonly apiKeys: ApiKeysService,
  ) {}

  @Open()
  @Post('token')
  @HttpCode(200)
  @ApiOperation({
    summary: 'LWA-compatible token endpoint for SP-API SDKs',
    description:
      "Point an SDK's LWA endpoint here. It gives an API key as client and an authorization's id as refresh token, or " +
      'with client_credentials a grantless scope, for the only application that the key may use; ' +
      "what it gets, errors included, has the form of Amazon's own endpoint.",
  })
  @ApiConsumes('application/x-www-form-urlencoded', 'application/json')
  @ApiOkResponse({ type: LwaTokenAnswer, description: 'A valid access token' })
  @ApiLwaProblems()
  async token(@Body() request: LwaTokenRequest): Promise<LwaTokenAnswer> {
    const key = await this.apiKeys.authenticate(request.client_id, request.client_secret);
    this.apiKeys.requireScope(key, 'tokens:vend');
    if (request.grant_type === 'refresh_token') return this.refresh(request, key);
    if (request.grant_type === 'client_credentials') return this.clientCredentials(request, key);
    throw new InvalidRequest(
      'The grant type is not supported here: use refresh_token or client_credentials.',
      undefined,
      { lwaError: 'unsupported_grant_type' },
    );
  }

  private async refresh(request: LwaTokenRequest, { applicationIds }: ApiKey): Promise<LwaTokenAnswer> {
    if (!request.refresh_token)
      throw new InvalidRequest('The request is missing a required parameter : refresh_token');
    if (!isUuid(request.refresh_token))
      throw new NotFound('The refresh_token must be the id of an authorization.');
    const token = await this.vending.vend(request.refresh_token.toLowerCase(), {
      minimumSeconds: SDK_MINIMUM_SECONDS,
      applicationIds,
    });
    return lwaTokenAnswer(token, this.vending.secondsLeft(token), request.refresh_token);
  }

  private async clientCredentials(
    { scope }: LwaTokenRequest,
    { applicationIds }: ApiKey,
  ): Promise<LwaTokenAnswer> {
    if (!scope) throw new InvalidRequest('The request is missing a required parameter : scope');
    if (!GRANTLESS_SCOPE.test(scope))
      throw new InvalidRequest('An unknown scope was requested', undefined, { lwaError: 'invalid_scope' });
    const application = await this.applications.only(applicationIds);
    const token = await this.grantless.vend(application.id, scope, SDK_MINIMUM_SECONDS);
    return lwaTokenAnswer(token, this.grantless.secondsLeft(token));
  }
}
