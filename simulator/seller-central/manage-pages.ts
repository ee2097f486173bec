import { html, type Markup } from '../html.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import { hidden } from './account-choice.js';
import { applicationNotes } from './appstore-pages.js';

/** An application that the partner has authorized at some time. */
export interface ManagedApp {
  application: Application;
  authorizedAt: number;
  status: 'active' | 'disabled' | 'lapsed';
}

/** The choice of an account and, once that is made, its applications. */
export function managePage(
  partners: SellingPartner[],
  chosen: SellingPartner | undefined,
  apps: ManagedApp[],
): Markup {
  const options = partners.map(
    ({ sellingPartnerId, name }) =>
      html`<option
        value="${sellingPartnerId}"
        ${sellingPartnerId === chosen?.sellingPartnerId ? 'selected' : ''}
      >
        ${name} (${sellingPartnerId})
      </option>`,
  );
  return html`<form method="get" action="/apps/manage" class="fields">
      <label>
        Account
        <select name="selling_partner_id">
          ${options}
        </select>
      </label>
      <button>Show applications</button>
    </form>
    ${chosen ? appList(chosen, apps) : null}`;
}

function appList(partner: SellingPartner, apps: ManagedApp[]): Markup {
  if (apps.length === 0) {
    return html`<p>
      ${partner.name} has authorized no application. <a href="/appstore">Find one in the Appstore</a>
    </p>`;
  }
  return html`<h2>Applications of ${partner.name}</h2>
    <ul class="rows">
      ${apps.map((app, index) => appRow(partner, app, index))}
    </ul>`;
}

function appRow(
  partner: SellingPartner,
  { application, authorizedAt, status }: ManagedApp,
  index: number,
): Markup {
  const day = new Date(authorizedAt).toISOString().slice(0, 10);
  return html`<li class="row">
    <span class="account" id="app-${index}">
      ${application.name} ${applicationNotes(application)}
      <small>${status}, authorized on <time datetime="${day}">${day}</time></small>
    </span>
    <span class="actions">${actions(partner, application, status, `app-${index}`)}</span>
  </li>`;
}

function actions(
  { sellingPartnerId }: SellingPartner,
  { applicationId }: Application,
  status: ManagedApp['status'],
  label: string,
): Markup[] {
  const ids = { application_id: applicationId, selling_partner_id: sellingPartnerId };
  const accept = `/appstore/consent?${new URLSearchParams(ids).toString()}`;
  const link = (text: string) =>
    html`<a class="button" href="${accept}" aria-describedby="${label}">${text}</a>`;
  const button = (path: string, text: string) =>
    html`<form method="post" action="/apps/manage/${path}">
      ${Object.entries(ids).map(([name, value]) => hidden(name, value))}
      <button aria-describedby="${label}">${text}</button>
    </form>`;
  switch (status) {
    case 'active':
      return [link('Re-Authorize'), button('disable', 'Disable')];
    case 'lapsed':
      return [button('enable', 'Enable Authorization')];
    case 'disabled':
      return [link('Authorize Now')];
  }
}
