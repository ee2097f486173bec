import { html, type Markup } from '../html.js';
import type { PartnerScenario, SellingPartner } from '../world/default-world.js';
import { describeMarketplaces, type Region, REGIONS } from '../world/marketplaces.js';
import { isSellingPartnerId } from '../world/selling-partner-id.js';
import type { World } from '../world/world.js';
import { readTexts } from './query.js';

const REGION_NAMES: Record<Region, string> = { NA: 'North America', EU: 'Europe', FE: 'Far East' };

const SCENARIO_NOTES: Record<PartnerScenario, string | null> = {
  normal: null,
  revoked: 'refuses to refresh',
  lapsed: 'lapsed',
  slow: 'answers late',
  throttled: 'answers 429',
  error500: 'answers 500',
  garbage: 'answers garbage',
  cancel: 'cancels',
  notPrimaryUser: 'no primary user',
  missingVendorRole: 'lacks a vendor role',
  wrongRegion: 'sells nowhere',
};

/** What a person answered to the question which account, and whether at all. */
export type Decision = { action: 'confirm'; partner: SellingPartner } | { action: 'cancel' | 'unclear' };

/** What to say to who pressed no button or named no account. */
export const UNCLEAR = 'Choose an account, or type a selling partner id of letters and digits.';

/** One account: who it is, of which kind, where, and how Amazon behaves towards it. */
export function describePartner(partner: SellingPartner): Markup {
  const countries = describeMarketplaces(partner.marketplaceIds).map(({ countryCode }) => countryCode);
  const kind = partner.partnerType === 'vendor' ? 'Vendor' : 'Seller';
  const notes = [
    SCENARIO_NOTES[partner.scenario],
    partner.comesBackAs && `comes back as ${partner.comesBackAs}`,
  ];
  return html`<span class="account">
      ${partner.name} <code class="soft">${partner.sellingPartnerId}</code>
      <small>${kind}, ${REGION_NAMES[partner.region]} (${countries.join(', ')})</small>
    </span>
    ${notes.map((note) => note && html`<span class="badge">${note}</span>`)}`;
}

/** The accounts to pick from, the first of them picked. */
export function accountChoices(legend: string, partners: SellingPartner[]): Markup {
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
  return html`<fieldset>
    <legend>${legend}</legend>
    ${choices}
  </fieldset>`;
}

/** Fields for an account that is not there to pick. */
export function otherAccount(): Markup {
  return html`<fieldset class="fields">
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
  </fieldset>`;
}

/** The two buttons under a question for consent. */
export function decisionButtons(): Markup {
  return html`<div class="buttons">
    <button class="primary" name="action" value="confirm">Confirm</button>
    <button name="action" value="cancel">Cancel</button>
  </div>`;
}

/** Reads what such a form sent. A typed id wins over the picked one; an unknown one springs into existence. */
export function readDecision(world: World, body: unknown): Decision {
  const read = readTexts(body, ['action', 'selling_partner_id', 'other_selling_partner_id', 'other_region']);
  if (read?.action === 'cancel') return { action: 'cancel' };
  const id = read?.other_selling_partner_id.trim() || read?.selling_partner_id;
  if (read?.action !== 'confirm' || !isSellingPartnerId(id)) return { action: 'unclear' };
  const region = REGIONS.find((known) => known === read.other_region);
  const partner = world.partner(id, { region });
  return partner.scenario === 'cancel' ? { action: 'cancel' } : { action: 'confirm', partner };
}

/** A field that the person does not see; nothing for an empty value. */
export function hidden(name: string, value: string): Markup | null {
  return value === '' ? null : html`<input type="hidden" name="${name}" value="${value}" />`;
}
