import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Page, SellerPage } from '../common/access.js';
import { Clock } from '../common/clock.js';
import { seeOther, showPage } from '../common/pages.js';
import { AttemptLimiter } from './attempt-limiter.js';
import { EmailVerification } from './email-verification.service.js';
import { CurrentSeller, type SignedInSeller } from './signed-in.js';

const VIEW = 'sellers/views/verify-email';

/** Where the link of the verification mail leads. Opening it asks; only the button uses the link. */
@ApiExcludeController()
@Controller('verify-email')
export class VerifyEmailController {
  private readonly mails = new AttemptLimiter(5, 3600);

  constructor(
    private readonly verification: EmailVerification,
    private readonly clock: Clock,
  ) {}

  @Page()
  @Get()
  async ask(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('token') token: unknown,
    @Query('again') again: unknown,
  ): Promise<void> {
    if (token === undefined && request.seller) {
      const outcome = request.seller.emailVerified ? 'verified' : 'sent';
      return showPage(request, reply, VIEW, { outcome, again: again !== undefined });
    }
    if (typeof token !== 'string') return showOutcome(request, reply, 'gone');
    const state = await this.verification.inspect(token);
    if (state !== 'open') return showOutcome(request, reply, state);
    return showPage(request, reply, VIEW, { outcome: 'ask', token });
  }

  @Page()
  @Post()
  async confirm(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body('token') token: unknown,
  ): Promise<void> {
    if (typeof token !== 'string') return showOutcome(request, reply, 'gone');
    if (!(await this.verification.confirm(token)))
      return showOutcome(
        request,
        reply,
        (await this.verification.inspect(token)) === 'used' ? 'used' : 'gone',
      );
    if (request.page) request.page.emailUnverified = false;
    return showOutcome(request, reply, 'verified');
  }

  @SellerPage()
  @Post('resend')
  async resend(@CurrentSeller() seller: SignedInSeller, @Res() reply: FastifyReply): Promise<void> {
    if (!seller.emailVerified) {
      this.mails.count(seller.id, this.clock.now());
      await this.verification.sendAgain(seller.id);
    }
    return seeOther(reply, '/verify-email?again');
  }
}

/** A link that no longer works answers 410, one that did its work 200. */
async function showOutcome(
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: 'verified' | 'used' | 'gone',
): Promise<void> {
  void reply.status(outcome === 'verified' ? 200 : 410);
  await showPage(request, reply, VIEW, { outcome });
}
