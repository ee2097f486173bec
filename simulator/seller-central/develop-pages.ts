import { html, type Markup } from '../html.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import { accountChoices, describePartner, hidden, otherAccount } from './account-choice.js';

/** An account that the developer has authorized at the console. */
export interface SelfAuthorized {
  application: Application;
  partner: SellingPartner;
}

/** All applications of the developer, and the form that authorizes an account for one of them. */
export function developPage(
  applications: Application[],
  partners: SellingPartner[],
  authorized: SelfAuthorized[],
  problem?: string,
): Markup {
  return html`${problem ? html`<p class="note" role="alert">${problem}</p>` : null}
    <p>
      Here a developer authorizes accounts for an application without any page of that application: it gets a
      refresh token to copy.
    </p>
    ${authorizedAccounts(authorized)}
    <form method="post" action="/apps/develop">
      <fieldset class="fields">
        <legend>Which application?</legend>
        <label>
          Application
          <select name="application_id">
            ${applications.map(({ applicationId, name }) => html`<option value="${applicationId}">${name}</option>`)}
          </select>
        </label>
      </fieldset>
      ${accountChoices('Which account?', partners)} ${otherAccount()}
      <div class="buttons"><button class="primary" name="action" value="confirm">Authorize app</button></div>
    </form>`;
}

function authorizedAccounts(authorized: SelfAuthorized[]): Markup | null {
  if (authorized.length === 0) return null;
  const rows = authorized.map(
    ({ application, partner }, index) =>
      html`<li class="row">
        ${describePartner(partner)}
        <span id="authorized-${index}" class="soft">${application.name}</span>
        <form method="post" action="/apps/develop/revoke">
          ${hidden('application_id', application.applicationId)}
          ${hidden('selling_partner_id', partner.sellingPartnerId)}
          <button aria-label="Revoke ${partner.name}" aria-describedby="authorized-${index}">Revoke</button>
        </form>
      </li>`,
  );
  return html`<h2>Authorized accounts</h2>
    <ul class="rows">
      ${rows}
    </ul>`;
}

/** The refresh token, this once. */
export function authorizedPage({ name }: Application, partner: SellingPartner, refreshToken: string): Markup {
  return html`<p>
      <strong>${partner.name}</strong> has authorized <strong>${name}</strong>. Copy the refresh token now: it
      is shown only once. Authorizing again makes another one, and this one stays valid.
    </p>
    <h2 id="refresh-token">Refresh token</h2>
    <pre aria-labelledby="refresh-token"><code>${refreshToken}</code></pre>
    <p><a href="/apps/develop">Back to Develop Apps</a></p>`;
}
