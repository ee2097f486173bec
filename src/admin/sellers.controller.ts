import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { AccountDeletion } from '../auth/account-deletion.service.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { UuidParam } from '../common/validation.js';
import { SellerDirectory } from '../sellers/seller-directory.service.js';
import {
  NewSellerRequest,
  SellerAnswer,
  SellerChangeRequest,
  SellerListAnswer,
  SellerQuery,
  showSeller,
} from './seller.dto.js';

const actor = ({ clientId }: ApiKey): string => `api-key:${clientId}`;

@ApiTags('Sellers')
@ApiBearerAuth()
@Controller('api/v1/sellers')
export class SellersController {
  constructor(
    private readonly sellers: SellerDirectory,
    private readonly deletion: AccountDeletion,
  ) {}

  @RequireScope('admin:read')
  @Get()
  @ApiOperation({ summary: 'Seller accounts, page by page, oldest first' })
  @ApiOkResponse({ type: SellerListAnswer })
  @ApiProblems(400, 401, 403)
  async page(@Query() { limit, cursor, ...filter }: SellerQuery): Promise<SellerListAnswer> {
    const { items, nextCursor } = await this.sellers.page(filter, limit, cursor);
    return { items: items.map(showSeller), nextCursor };
  }

  @RequireScope('admin:read')
  @Get(':id')
  @ApiOperation({ summary: 'One seller account' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: SellerAnswer })
  @ApiProblems(400, 401, 403, 404)
  async one(@Param('id', UuidParam) id: string): Promise<SellerAnswer> {
    return showSeller(await this.sellers.byId(id));
  }

  @RequireScope('admin:write')
  @Post()
  @ApiOperation({
    summary: 'Add a seller account',
    description: 'It has no password; its owner sets one by "Forgot your password?" on the website.',
  })
  @ApiCreatedResponse({ type: SellerAnswer })
  @ApiProblems(400, 401, 403, 409)
  async create(@Body() request: NewSellerRequest, @CallingKey() key: ApiKey): Promise<SellerAnswer> {
    const { email, externalId = null, locale = 'en', status = 'active' } = request;
    return showSeller(await this.sellers.create({ email, externalId, locale, status }, actor(key)));
  }

  @RequireScope('admin:write')
  @Patch(':id')
  @ApiOperation({
    summary: 'Change a seller account; what is left out stays',
    description: 'A new address has to be verified again: a mail goes there.',
  })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: SellerAnswer })
  @ApiProblems(400, 401, 403, 404, 409)
  async change(
    @Param('id', UuidParam) id: string,
    @Body() request: SellerChangeRequest,
    @CallingKey() key: ApiKey,
  ): Promise<SellerAnswer> {
    return showSeller(await this.sellers.change(id, request, actor(key)));
  }

  @RequireScope('admin:write')
  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete a seller account: its data is erased, the tokens of its authorizations are destroyed',
  })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiNoContentResponse()
  @ApiProblems(400, 401, 403, 404)
  async remove(@Param('id', UuidParam) id: string, @CallingKey() key: ApiKey): Promise<void> {
    await this.deletion.delete(id, actor(key), key.applicationIds);
  }
}
