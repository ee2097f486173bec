import { html, type Markup } from '../html.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import { accountChoices, decisionButtons, hidden, otherAccount } from './account-choice.js';
import type { ConsentRefusal } from './consent-refusals.js';
import type { ConsentRequest } from './consent-request.js';

/** The page on which a selling partner decides. */
export function consentPage(consent: ConsentRequest, partners: SellingPartner[], problem?: string): Markup {
  return html`${problem ? html`<p class="note" role="alert">${problem}</p>` : null}
    <p>
      <strong>${consent.application.name}</strong> asks for access to your selling partner account. If you
      confirm, you return to <code>${new URL(consent.redirectUri).origin}</code>.
    </p>
    <form method="post" action="/apps/authorize/consent">
      ${hidden('application_id', consent.application.applicationId)} ${hidden('state', consent.state)}
      ${hidden('redirect_uri', consent.statedRedirectUri)} ${hidden('version', consent.version)}
      ${accountChoices('Which account do you want to connect?', partners)} ${otherAccount()}
      ${decisionButtons()}
    </form>`;
}

/** What a selling partner sees who decided against it: Amazon documents no way back. */
export function cancelledPage({ name }: Application, wayBack: string): Markup {
  const { origin, host } = new URL(wayBack);
  return html`<p>The authorization was cancelled. <strong>${name}</strong> received no access.</p>
    <p><a href="${origin}/">Back to ${host}</a></p>`;
}

/** Amazon's error page, and what the simulator knows about the reason. */
export function refusalPage({ code, message, hint }: ConsentRefusal): Markup {
  return html`<p class="note" role="alert"><strong>${code}</strong>: ${message}</p>
    <p>${hint}</p>`;
}
