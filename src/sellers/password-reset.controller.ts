import { Body, Controller, Get, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Page } from '../common/access.js';
import { Clock } from '../common/clock.js';
import { seeOther } from '../common/pages.js';
import { RegrantConfig } from '../config/config.js';
import { AttemptLimiter, clientOf } from './attempt-limiter.js';
import { type FormPage, showForm, showRefusal } from './form-page.js';
import { EmailForm, readForm, ResetPasswordForm } from './forms.js';
import { HOME } from './local-path.js';
import { LocalSignIn } from './local-sign-in.guard.js';
import { PasswordChanges } from './password-changes.service.js';
import { type LinkState } from './seller-links.service.js';
import { SessionsService } from './sessions.service.js';

/** For who forgot the password: asking for a link, and where that link leads. Opening it asks; only the form uses it. */
@ApiExcludeController()
@Page()
@UseGuards(LocalSignIn)
@Controller()
export class PasswordResetController {
  private readonly requests = new AttemptLimiter(20, 600);

  constructor(
    private readonly passwords: PasswordChanges,
    private readonly sessions: SessionsService,
    private readonly clock: Clock,
    private readonly config: RegrantConfig,
  ) {}

  @Get('forgot-password')
  async forgotPage(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('next') next: unknown,
  ): Promise<void> {
    return showForm({ request, reply, view: 'forgot-password', form: { next } });
  }

  /** The same answer whether or not there is such an account. */
  @Post('forgot-password')
  async forgot(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() body: unknown,
  ): Promise<void> {
    const { form, problems } = readForm(EmailForm, body);
    const page: FormPage = { request, reply, view: 'forgot-password', form };
    if (problems) return showForm(page, 400, problems);
    try {
      if (this.config.rateLimits) this.requests.count(clientOf(request.ip), this.clock.now());
      await this.passwords.forgotten(form.email, form.next);
      return await showForm({ ...page, data: { sent: true } });
    } catch (error) {
      return showRefusal(page, error);
    }
  }

  @Get('reset-password')
  async resetPage(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('token') token: unknown,
  ): Promise<void> {
    const form = { token: typeof token === 'string' ? token : '' };
    return showLink(
      { request, reply, view: 'reset-password', form },
      await this.passwords.inspect(form.token),
    );
  }

  @Post('reset-password')
  async reset(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() body: unknown,
  ): Promise<void> {
    const { form, problems } = readForm(ResetPasswordForm, body);
    const page: FormPage = { request, reply, view: 'reset-password', form, data: { outcome: 'ask' } };
    if (problems?.['token']) return showLink(page, 'gone');
    if (problems) return showForm(page, 400, problems);
    try {
      const done = await this.passwords.reset(form.token, form.password);
      if (!done) return await showLink(page, closed(await this.passwords.inspect(form.token)));
      await this.sessions.begin(done.sellerId, request, reply);
      return await seeOther(reply, done.next ?? HOME);
    } catch (error) {
      return showRefusal(page, error);
    }
  }
}

/** A link that was not accepted although it is open belongs to an account that may not sign in. */
const closed = (state: LinkState): LinkState => (state === 'used' ? 'used' : 'gone');

/** A link that no longer works answers 410. */
async function showLink(page: FormPage, state: LinkState): Promise<void> {
  const outcome = state === 'open' ? 'ask' : state;
  return showForm({ ...page, data: { outcome } }, outcome === 'ask' ? 200 : 410);
}
