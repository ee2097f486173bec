import { Body, Controller, Get, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Page } from '../common/access.js';
import { Clock } from '../common/clock.js';
import { seeOther, showPage } from '../common/pages.js';
import { RegrantConfig } from '../config/config.js';
import { AttemptLimiter, clientOf } from './attempt-limiter.js';
import { type FormPage, showForm, showRefusal } from './form-page.js';
import { readForm, SignInForm, SignUpForm } from './forms.js';
import { HOME, leadingTo, localPath } from './local-path.js';
import { LocalSignIn } from './local-sign-in.guard.js';
import { OidcClient } from './oidc/oidc-client.js';
import { passwordProblem } from './passwords.js';
import { SellersService } from './sellers.service.js';
import { SessionsService } from './sessions.service.js';

const WRONG = 'Email or password is wrong. After 10 failures in a row an account is locked for 15 minutes.';
const TEN_MINUTES = 600;

/** The start page, and signing up, in and out. */
@ApiExcludeController()
@Page()
@Controller()
export class SignInController {
  private readonly signUps = new AttemptLimiter(30, TEN_MINUTES);
  private readonly signIns = new AttemptLimiter(60, TEN_MINUTES);

  constructor(
    private readonly sellers: SellersService,
    private readonly sessions: SessionsService,
    private readonly oidc: OidcClient,
    private readonly clock: Clock,
    private readonly config: RegrantConfig,
  ) {}

  @Get()
  async start(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (request.seller) return seeOther(reply, HOME);
    return showPage(request, reply, 'sellers/views/home');
  }

  @Get('signup')
  async signUpPage(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('next') next: unknown,
  ): Promise<void> {
    if (request.seller) return seeOther(reply, localPath(next) ?? HOME);
    if (!this.config.signIn.local) return seeOther(reply, leadingTo('/login', next));
    return showForm({ request, reply, view: 'signup', form: { next }, data: this.ways() });
  }

  @UseGuards(LocalSignIn)
  @Post('signup')
  async signUp(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() body: unknown,
  ): Promise<void> {
    const { form, problems } = readForm(SignUpForm, body);
    const page: FormPage = { request, reply, view: 'signup', form, data: this.ways() };
    if (problems) {
      const weak = !problems['password'] && passwordProblem(form.password, '');
      return showForm(page, 400, { ...problems, ...(weak && { password: weak }) });
    }
    try {
      this.limit(this.signUps, request);
      const seller = await this.sellers.signUp(form.email, form.password);
      await this.sessions.begin(seller.id, request, reply);
      return await seeOther(reply, form.next ?? HOME);
    } catch (error) {
      return showRefusal(page, error);
    }
  }

  @Get('login')
  async signInPage(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('next') next: unknown,
  ): Promise<void> {
    if (request.seller) return seeOther(reply, localPath(next) ?? HOME);
    return showForm({ request, reply, view: 'login', form: { next }, data: this.ways() });
  }

  @UseGuards(LocalSignIn)
  @Post('login')
  async signIn(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() body: unknown,
  ): Promise<void> {
    const { form, problems } = readForm(SignInForm, body);
    const page: FormPage = { request, reply, view: 'login', form, data: this.ways() };
    if (problems) return showForm(page, 400, problems);
    try {
      this.limit(this.signIns, request);
      const seller = await this.sellers.signIn(form.email, form.password);
      if (!seller) return await showForm(page, 401, { form: WRONG });
      await this.sessions.begin(seller.id, request, reply);
      return await seeOther(reply, form.next ?? HOME);
    } catch (error) {
      return showRefusal(page, error);
    }
  }

  /** Here first; then, for who came by the identity provider, there too. */
  @Post('logout')
  async signOut(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { oidcIdToken } = await this.sessions.end(request, reply);
    const onward = oidcIdToken ? await this.oidc.signOutUrl(oidcIdToken) : undefined;
    return seeOther(reply, onward ?? '/login');
  }

  /** How one can sign in here: by a password, by the identity provider of that name, or both. */
  private ways() {
    return { local: this.config.signIn.local, provider: this.config.signIn.oidc?.name };
  }

  private limit(limiter: AttemptLimiter, request: FastifyRequest): void {
    if (this.config.rateLimits) limiter.count(clientOf(request.ip), this.clock.now());
  }
}
