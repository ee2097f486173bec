import { Body, Controller, Get, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { SellerPage } from '../common/access.js';
import { InvalidRequest } from '../common/errors.js';
import { seeOther, showPage } from '../common/pages.js';
import { RegrantConfig } from '../config/config.js';
import { browserName } from './browser-name.js';
import { PASSWORD_HINT } from './form-page.js';
import { ChangePasswordForm, type FormProblems, problemsOf, readForm } from './forms.js';
import { LocalSignIn } from './local-sign-in.guard.js';
import { OidcAccounts } from './oidc/oidc-accounts.service.js';
import { PasswordChanges } from './password-changes.service.js';
import { passwordProblem } from './passwords.js';
import { type SellerSession } from './seller-session.entity.js';
import { SellersService } from './sellers.service.js';
import { SessionsService } from './sessions.service.js';
import { CurrentSeller, type SignedInSeller } from './signed-in.js';

const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
const SESSION = /^[\da-f]{64}$/;
/** What has just been done, by the word in the address that the form led to. */
const DONE: Record<string, string> = {
  password: 'Your password is changed, and you are signed out everywhere else.',
  session: 'That browser is signed out.',
  others: 'You are signed out everywhere else.',
  linked: 'The sign-in is linked: you can use either one from now on.',
  unlinked: 'The sign-in is no longer linked.',
};

/** A seller's own account: password, open sessions. */
@ApiExcludeController()
@SellerPage()
@Controller('account')
export class AccountController {
  constructor(
    private readonly sellers: SellersService,
    private readonly passwords: PasswordChanges,
    private readonly sessions: SessionsService,
    private readonly identities: OidcAccounts,
    private readonly config: RegrantConfig,
  ) {}

  @Get()
  async account(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentSeller() seller: SignedInSeller,
    @Query('done') done: unknown,
  ): Promise<void> {
    const message = typeof done === 'string' && Object.hasOwn(DONE, done) ? DONE[done] : undefined;
    return this.show(request, reply, seller, { message });
  }

  @UseGuards(LocalSignIn)
  @Post('password')
  async changePassword(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentSeller() seller: SignedInSeller,
    @Body() body: unknown,
  ): Promise<void> {
    const { form, problems } = readForm(ChangePasswordForm, body);
    if (problems) {
      const weak = !problems['newPassword'] && passwordProblem(form.newPassword, seller.email);
      return this.show(request, reply, seller, {
        problems: { ...problems, ...(weak && { newPassword: weak }) },
      });
    }
    try {
      await this.passwords.change(seller, form.currentPassword, form.newPassword);
      return await seeOther(reply, '/account?done=password');
    } catch (error) {
      if (!(error instanceof InvalidRequest)) throw error;
      return this.show(request, reply, seller, { problems: problemsOf(error) });
    }
  }

  @Post('sessions/end')
  async endSession(
    @Res() reply: FastifyReply,
    @CurrentSeller() seller: SignedInSeller,
    @Body() { session }: { session?: unknown },
  ): Promise<void> {
    if (typeof session === 'string' && SESSION.test(session)) await this.sessions.endOne(seller.id, session);
    return seeOther(reply, '/account?done=session');
  }

  @Post('sessions/end-others')
  async endOthers(@Res() reply: FastifyReply, @CurrentSeller() seller: SignedInSeller): Promise<void> {
    await this.sessions.endOthers(seller);
    return seeOther(reply, '/account?done=others');
  }

  private async show(
    request: FastifyRequest,
    reply: FastifyReply,
    seller: SignedInSeller,
    { problems, message }: { problems?: FormProblems; message?: string },
  ): Promise<void> {
    if (problems) void reply.status(400);
    const sessions = await this.sessions.ofSeller(seller.id);
    await showPage(request, reply, 'sellers/views/account', {
      email: seller.email,
      emailVerified: seller.emailVerified,
      hasPassword: await this.sellers.hasPassword(seller.id),
      local: this.config.signIn.local,
      provider: this.config.signIn.oidc?.name,
      linked: await this.identities.isLinked(seller.id),
      sessions: sessions.map((row) => describeSession(row, seller)),
      passwordHint: PASSWORD_HINT,
      problems: problems ?? {},
      message,
    });
  }
}

/** A session as its owner knows it. Times are in UTC. */
function describeSession(
  { idHash, userAgent, createdAt, lastSeenAt }: SellerSession,
  seller: SignedInSeller,
) {
  const name = idHash.toString('hex');
  const time = (value: Date) => ({ text: `${TIME.format(value)} UTC`, iso: value.toISOString() });
  return {
    name,
    browser: browserName(userAgent),
    signedInAt: time(createdAt),
    lastSeenAt: time(lastSeenAt),
    current: name === seller.session,
  };
}
