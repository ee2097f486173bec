import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Page } from '../common/access.js';
import { Clock } from '../common/clock.js';
import { seeOther, showPage } from '../common/pages.js';
import { RegrantConfig } from '../config/config.js';
import { AttemptLimiter, clientOf } from './attempt-limiter.js';
import { type FormPage, showForm, showRefusal } from './form-page.js';
import { readForm, SignInForm, SignUpForm } from './forms.js';
import { HOME, localPath } from './local-path.js';
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
    return showForm({ request, reply, view: 'signup', form: { next } });
  }

  @Post('signup')
  async signUp(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() body: unknown,
  ): Promise<void> {
    const { form, problems } = readForm(SignUpForm, body);
    const page: FormPage = { request, reply, view: 'signup', form };
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
    return showForm({ request, reply, view: 'login', form: { next } });
  }

  @Post('login')
  async signIn(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() body: unknown,
  ): Promise<void> {
    const { form, problems } = readForm(SignInForm, body);
    const page: FormPage = { request, reply, view: 'login', form };
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

  @Post('logout')
  async signOut(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.sessions.end(request, reply);
    return seeOther(reply, '/login');
  }

  private limit(limiter: AttemptLimiter, request: FastifyRequest): void {
    if (this.config.rateLimits) limiter.count(clientOf(request.ip), this.clock.now());
  }
}
