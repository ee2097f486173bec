import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Page } from '../common/access.js';
import { Clock } from '../common/clock.js';
import { InvalidRequest, RateLimited } from '../common/errors.js';
import { seeOther, showPage } from '../common/pages.js';
import { RegrantConfig } from '../config/config.js';
import { AttemptLimiter, clientOf } from './attempt-limiter.js';
import { CredentialsForm, type FormProblems, readForm } from './forms.js';
import { localPath } from './local-path.js';
import { SellersService } from './sellers.service.js';
import { SessionsService } from './sessions.service.js';

const HOME = '/connections';
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
    return showForm(request, reply, 'signup', { next });
  }

  @Post('signup')
  async signUp(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() body: unknown,
  ): Promise<void> {
    const { form, problems } = readForm(CredentialsForm, body);
    if (problems) return showForm(request, reply, 'signup', form, 400, problems);
    try {
      this.limit(this.signUps, request);
      const seller = await this.sellers.signUp(form.email, form.password);
      await this.sessions.begin(seller.id, request, reply);
      return await seeOther(reply, localPath(form.next) ?? HOME);
    } catch (error) {
      return showRefusal(request, reply, 'signup', form, error);
    }
  }

  @Get('login')
  async signInPage(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('next') next: unknown,
  ): Promise<void> {
    if (request.seller) return seeOther(reply, localPath(next) ?? HOME);
    return showForm(request, reply, 'login', { next });
  }

  @Post('login')
  async signIn(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() body: unknown,
  ): Promise<void> {
    const { form, problems } = readForm(CredentialsForm, body);
    if (problems) return showForm(request, reply, 'login', form, 400, problems);
    try {
      this.limit(this.signIns, request);
      const seller = await this.sellers.signIn(form.email, form.password);
      if (!seller) return await showForm(request, reply, 'login', form, 401, { form: WRONG });
      await this.sessions.begin(seller.id, request, reply);
      return await seeOther(reply, localPath(form.next) ?? HOME);
    } catch (error) {
      return showRefusal(request, reply, 'login', form, error);
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

/** A refusal that the person can do something about is shown in the form; any other error is not ours to answer. */
async function showRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  name: 'login' | 'signup',
  form: CredentialsForm,
  error: unknown,
): Promise<void> {
  if (error instanceof RateLimited) {
    void reply.header('retry-after', String(error.retryAfterSeconds));
    return showForm(request, reply, name, form, error.status, { form: error.message });
  }
  if (!(error instanceof InvalidRequest)) throw error;
  const problems = Object.fromEntries(error.errors?.map(({ path, message }) => [path, message]) ?? []);
  return showForm(request, reply, name, form, error.status, problems);
}

/** The form with what was entered, except the password. */
async function showForm(
  request: FastifyRequest,
  reply: FastifyReply,
  name: 'login' | 'signup',
  { email, next }: { email?: string; next?: unknown },
  status = 200,
  problems: FormProblems = {},
): Promise<void> {
  void reply.status(status);
  const shown = typeof email === 'string' ? email : '';
  await showPage(request, reply, `sellers/views/${name}`, { email: shown, next: localPath(next), problems });
}
