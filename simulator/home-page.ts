import type { FastifyInstance } from 'fastify';
import { html, sendPage } from './html.js';
import { describePartner } from './seller-central/account-choice.js';
import { applicationNotes } from './seller-central/appstore-pages.js';
import type { Stage } from './stage.js';

/** The page that tells a visitor what this server is. */
export function registerHomePage(app: FastifyInstance, { world, mailbox }: Stage): void {
  app.get('/', (_request, reply) => {
    const applications = world.allApplications().map(
      (application) =>
        html`<li>
          ${application.name} ${applicationNotes(application)}<br />
          <code class="soft">${application.applicationId}</code>
        </li>`,
    );
    const partners = world.allPartners().map((partner) => html`<li>${describePartner(partner)}</li>`);
    sendPage(
      reply,
      'Amazon simulator',
      html`<p>
          This server plays Amazon for development and tests: the pages of Seller Central on which accounts
          are authorized, Login with Amazon, some operations of the SP-API, and a mail server. Nothing here
          reaches the real Amazon, and no mail leaves.
        </p>
        <ul>
          <li><a href="/appstore">Appstore</a>, where a seller starts with “Authorize Now”</li>
          <li><a href="/apps/manage">Manage Your Apps</a>, to renew authorizations and to take them back</li>
          <li><a href="/apps/develop">Develop Apps</a>, to authorize an account at the console</li>
          <li><a href="/_simulator/mailbox">Mailbox</a> (${mailbox.list().length})</li>
          <li>
            <a href="/_simulator">The world</a> as JSON, and <a href="/_simulator/calls">what was called</a>
          </li>
        </ul>
        <h2>Applications</h2>
        <ul class="rows">
          ${applications}
        </ul>
        <h2>Selling partners</h2>
        <p class="soft">
          A mark tells how Amazon behaves towards an account. Change it with
          <code>PUT /_simulator/selling-partners/:id</code> and a body like
          <code>{ "scenario": "revoked" }</code>; simulator/README.md has all that can be scripted.
        </p>
        <ul class="rows">
          ${partners}
        </ul>`,
    );
  });
}
