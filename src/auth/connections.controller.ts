import { Body, Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type Application } from '../applications/application.entity.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { SellerPage } from '../common/access.js';
import { Clock } from '../common/clock.js';
import { Conflict, NotFound } from '../common/errors.js';
import { seeOther, showPage } from '../common/pages.js';
import { isUuid } from '../common/validation.js';
import { RegrantConfig } from '../config/config.js';
import { Deliveries, renewalTopic } from '../events/deliveries.service.js';
import { EventLog } from '../events/event-log.js';
import { type Marketplace, Marketplaces } from '../lwa/marketplaces.js';
import { type FormProblems, readForm } from '../sellers/forms.js';
import { CurrentSeller, type SignedInSeller } from '../sellers/signed-in.js';
import { type Authorization } from '../tokens/authorization.entity.js';
import { AuthorizationsService } from '../tokens/authorizations.service.js';
import { VendingService } from '../tokens/vending.service.js';
import { ConnectService } from './connect.service.js';
import { historyOf, TOLD_EVENTS } from './connection-history.js';
import { describeConnection, describeHistory } from './connection-view.js';
import { NewConnectionForm, RenewalForm } from './new-connection-form.js';

/** A seller's connections: the list, a new one, and one of them with its history. */
@ApiExcludeController()
@SellerPage()
@Controller('connections')
export class ConnectionsController {
  constructor(
    private readonly connect: ConnectService,
    private readonly authorizations: AuthorizationsService,
    private readonly applications: ApplicationsService,
    private readonly vending: VendingService,
    private readonly marketplaces: Marketplaces,
    private readonly events: EventLog,
    private readonly deliveries: Deliveries,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  @Get()
  async list(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentSeller() seller: SignedInSeller,
  ) {
    const rows = await this.authorizations.ofSeller(seller.id);
    await showPage(request, reply, 'auth/views/connections', {
      connections: rows.map((row) => this.describe(row)),
    });
  }

  @Get('new')
  async newConnection(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    await this.showForm(request, reply, {}, {});
  }

  @Post('new')
  async begin(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentSeller() seller: SignedInSeller,
    @Body() body: unknown,
  ) {
    const { form, problems = {} } = readForm(NewConnectionForm, body);
    const marketplace = this.marketplaces.byId(form.marketplaceId);
    if (!marketplace) problems['marketplaceId'] ??= 'Choose one of the marketplaces.';
    const application = await this.chosenApplication(form.applicationId);
    if (!application) problems['applicationId'] ??= 'Choose an application.';
    if (Object.keys(problems).length || !marketplace || !application)
      return this.showForm(request, reply, form, problems);
    const bearer = { browserHash: request.browserHash, sellerId: seller.id };
    const { partnerType } = form;
    const wanted = { applicationId: application.id, marketplace, partnerType };
    return seeOther(reply, await this.connect.begin(bearer, wanted));
  }

  @Get(':id')
  async show(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentSeller() seller: SignedInSeller,
    @Param('id') id: string,
  ) {
    const row = await this.own(id, seller);
    const events = await this.events.historyOf(row.id, TOLD_EVENTS);
    const reminders = await this.deliveries.of(row.id, renewalTopic(row.id));
    const data = {
      connection: this.describe(row),
      history: describeHistory(historyOf(events, reminders)),
      marketplaces: this.choicesOf(row),
      renewsHere: isConnectable(await this.applications.byId(row.applicationId)),
    };
    await showPage(request, reply, 'auth/views/connection', data, this.leavesForAmazon());
  }

  /** Consent again for the same selling partner; the connection keeps its id. */
  @Post(':id/renew')
  async renew(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentSeller() seller: SignedInSeller,
    @Param('id') id: string,
    @Body() body: unknown,
  ) {
    const row = await this.own(id, seller);
    const { applicationId, partnerType, sellingPartnerId } = row;
    if (!isConnectable(await this.applications.byId(applicationId)))
      throw new Conflict('This application is private: authorize it anew in Seller Central.');
    const { marketplaceId } = readForm(RenewalForm, body).form;
    const chosen = this.choicesOf(row).find((choice) => choice.id === marketplaceId);
    const marketplace = this.marketplaceOf(row) ?? chosen;
    if (!marketplace) throw new Conflict('We do not know which marketplace this connection belongs to.');
    const bearer = { browserHash: request.browserHash, sellerId: seller.id };
    await seeOther(
      reply,
      await this.connect.begin(bearer, { applicationId, marketplace, partnerType, sellingPartnerId }),
    );
  }

  @Get(':id/disconnect')
  async confirmDisconnect(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentSeller() seller: SignedInSeller,
    @Param('id') id: string,
  ) {
    const row = await this.own(id, seller);
    await showPage(request, reply, 'auth/views/disconnect', { connection: this.describe(row) });
  }

  @Post(':id/disconnect')
  async disconnect(
    @Res() reply: FastifyReply,
    @CurrentSeller() seller: SignedInSeller,
    @Param('id') id: string,
  ) {
    const row = await this.own(id, seller);
    await this.authorizations.disconnected(row.id, `seller:${seller.id}`);
    this.vending.forget(row.id);
    await seeOther(reply, `/connections/${row.id}`);
  }

  /** Somebody else's connection is as unknown as one that never was. */
  private async own(id: string, seller: SignedInSeller): Promise<Authorization> {
    const row = isUuid(id) ? await this.authorizations.byId(id).catch(ignoreNotFound) : undefined;
    if (row?.sellerId === seller.id) return row;
    throw new NotFound('There is no such connection in your account.', {
      action: { label: 'Back to your connections', href: '/connections' },
    });
  }

  /** The form with what was chosen; `problems` by field. */
  private async showForm(
    request: FastifyRequest,
    reply: FastifyReply,
    chosen: Partial<NewConnectionForm>,
    problems: FormProblems,
  ) {
    if (Object.keys(problems).length) void reply.status(400);
    const data = {
      marketplaces: this.marketplaces.all,
      applications: await this.connectable(),
      chosen,
      problems,
    };
    await showPage(request, reply, 'auth/views/new-connection', data, this.leavesForAmazon());
  }

  private async connectable(): Promise<Application[]> {
    return (await this.applications.list()).filter(isConnectable);
  }

  /** A seller chooses only where there is a choice. */
  private async chosenApplication(id: string | undefined): Promise<Application | undefined> {
    const applications = await this.connectable();
    return applications.length === 1 && !id
      ? applications[0]
      : applications.find((application) => application.id === id);
  }

  private marketplaceOf({ marketplaceIds }: Authorization): Marketplace | undefined {
    return this.marketplaces.byId(marketplaceIds[0] ?? '');
  }

  /** What the seller must choose from to renew a connection of which only the region is known: an imported one. */
  private choicesOf(row: Authorization): Marketplace[] {
    if (this.marketplaceOf(row)) return [];
    return this.marketplaces.all.filter(({ region }) => region === row.region);
  }

  private describe(row: Authorization) {
    return describeConnection(row, this.marketplaces, this.clock.now(), this.config.renewal.reminderDays);
  }

  private leavesForAmazon() {
    return { leavesForAmazon: true, consentOrigin: this.config.amazonConsentOrigin ?? '' };
  }
}

/** Amazon authorizes private applications by self-authorization only. */
const isConnectable = ({ type }: Application): boolean => type === 'public';

function ignoreNotFound(error: unknown): undefined {
  if (!(error instanceof NotFound)) throw error;
}
