import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { SellerPage } from '../common/access.js';
import { showPage } from '../common/pages.js';
import { normalEmail } from '../sellers/forms.js';
import { SellersService } from '../sellers/sellers.service.js';
import { SessionsService } from '../sellers/sessions.service.js';
import { CurrentSeller, type SignedInSeller } from '../sellers/signed-in.js';
import { AuthorizationsService } from '../tokens/authorizations.service.js';
import { AccountDeletion } from './account-deletion.service.js';

const MAX_LENGTH = 1000;
const text = (value: unknown): string =>
  typeof value === 'string' && value.length <= MAX_LENGTH ? value : '';

/** Where sellers delete their account: a page that asks, and says what happens. */
@ApiExcludeController()
@SellerPage()
@Controller('account/delete')
export class AccountDeletionController {
  constructor(
    private readonly deletion: AccountDeletion,
    private readonly sellers: SellersService,
    private readonly sessions: SessionsService,
    private readonly authorizations: AuthorizationsService,
  ) {}

  @Get()
  async ask(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentSeller() seller: SignedInSeller,
  ): Promise<void> {
    return this.show(request, reply, seller);
  }

  @Post()
  async delete(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentSeller() seller: SignedInSeller,
    @Body() body: { password?: unknown; email?: unknown },
  ): Promise<void> {
    const given = { password: text(body.password), email: text(normalEmail(body.email)) };
    if (!(await this.sellers.confirmOwner(seller, given))) {
      void reply.status(400);
      return this.show(request, reply, seller, {
        password: given.password
          ? 'This is not your password. After 10 failures in a row the account is locked for 15 minutes.'
          : 'Enter your password.',
        email: 'Enter the address of this account.',
      });
    }
    await this.deletion.delete(seller.id, `seller:${seller.id}`);
    await this.sessions.end(request, reply);
    request.page = {};
    void reply.status(200);
    return showPage(request, reply, 'auth/views/account-deleted');
  }

  private async show(
    request: FastifyRequest,
    reply: FastifyReply,
    seller: SignedInSeller,
    problems: Record<string, string> = {},
  ): Promise<void> {
    const rows = await this.authorizations.ofSeller(seller.id);
    await showPage(request, reply, 'auth/views/delete-account', {
      email: seller.email,
      hasPassword: await this.sellers.hasPassword(seller.id),
      connections: rows.filter(({ status }) => status !== 'disconnected').length,
      problems,
    });
  }
}
