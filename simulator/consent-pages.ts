import type { ConsentRefusal, ConsentRequest } from './consent-request.js';
import type { PartnerScenario, SellingPartner } from './default-world.js';
import { html, type Markup } from './html.js';
import { describeMarketplaces, type Region, REGIONS } from './marketplaces.js';

const REGION_NAMES: Record<Region, string> = { NA: 'North America', EU: 'Europe', FE: 'Far East' };

const SCENARIO_NOTES: Record<PartnerScenario, string | null> = {
  normal: null,
  revoked: 'refuses to refresh',
  slow: 'answers late',
  throttled: 'answers 429',
  error500: 'answers 500',
  garbage: 'answers garbage',
  cancel: 'cancels',
  wrongRegion: 'sells nowhere',
};

/** One account: who it is, of which kind, where, and how Amazon behaves towards it. */
export function describePartner(partner: SellingPartner): Markup {
  const countries = describeMarketplaces(partner.marketplaceIds).map(({ countryCode }) => countryCode);
  const kind = partner.partnerType === 'vendor' ? 'Vendor' : 'Seller';
  const note = SCENARIO_NOTES[partner.scenario];
  return html`<span class="account">
      ${partner.name} <code class="soft">${partner.sellingPartnerId}</code>
      <small>${kind}, ${REGION_NAMES[partner.region]} (${countries.join(', ')})</small>
    </span>
    ${note && html`<span class="badge">${note}</span>`}`;
}

/** The page on which a selling partner decides. */
export function consentPage(consent: ConsentRequest, partners: SellingPartner[], problem?: string): Markup {
  const choices = partners.map(
    (partner, index) =>
      html`<label class="choice">
        <input
          type="radio"
          name="selling_partner_id"
          value="${partner.sellingPartnerId}"
          ${index === 0 ? 'checked' : ''}
        />
        ${describePartner(partner)}
      </label>`,
  );
  return html`${problem ? html`<p class="note" role="alert">${problem}</p>` : null}
    <p>
      <strong>${consent.application.name}</strong> asks for access to your selling partner account. If you
      confirm, you return to <code>${consent.redirectUri.origin}</code>.
    </p>
    <form method="post" action="/apps/authorize/consent">
      ${hidden('application_id', consent.application.applicationId)} ${hidden('state', consent.state)}
      ${hidden('redirect_uri', consent.statedRedirectUri)} ${hidden('version', consent.version)}
      <fieldset>
        <legend>Which account do you want to connect?</legend>
        ${choices}
      </fieldset>
      <fieldset class="fields">
        <legend>Or another account</legend>
        <label>
          Selling partner id
          <input name="other_selling_partner_id" maxlength="64" autocomplete="off" spellcheck="false" />
        </label>
        <label>
          Region, if it is new
          <select name="other_region">
            ${REGIONS.map((region) => html`<option value="${region}">${REGION_NAMES[region]}</option>`)}
          </select>
        </label>
      </fieldset>
      <div class="buttons">
        <button class="primary" name="action" value="confirm">Confirm</button>
        <button name="action" value="cancel">Cancel</button>
      </div>
    </form>`;
}

function hidden(name: string, value: string): Markup | null {
  return value === '' ? null : html`<input type="hidden" name="${name}" value="${value}" />`;
}

/** What a selling partner sees who decided against it: Amazon documents no way back. */
export function cancelledPage({ application, redirectUri }: ConsentRequest): Markup {
  return html`<p>The authorization was cancelled. <strong>${application.name}</strong> received no access.</p>
    <p><a href="${redirectUri.origin}/">Back to ${redirectUri.host}</a></p>`;
}

/** Amazon's error page, and what the simulator knows about the reason. */
export function refusalPage({ code, message, hint }: ConsentRefusal): Markup {
  return html`<p class="note" role="alert"><strong>${code}</strong>: ${message}</p>
    <p>${hint}</p>`;
}
