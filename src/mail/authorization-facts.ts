import { type Marketplaces } from '../lwa/marketplaces.js';
import { type Authorization } from '../tokens/authorization.entity.js';
import { daysUntil } from '../tokens/renewal-status.js';
import { type Formats, type Language, WORDS } from './locales.js';
import { type Addressee } from './recipients.service.js';

const NAMED_COUNTRIES = 3;

/** What every mail about an authorization says: whose it is, and where to go. */
export function authorizationFacts(
  authorization: Authorization,
  { sentTo }: Pick<Addressee, 'sentTo'>,
  {
    language,
    formats,
    now,
    publicUrl,
  }: { language: Language; formats: Formats; now: Date; publicUrl: string },
  marketplaces: Pick<Marketplaces, 'byId'>,
) {
  const { id, sellingPartnerId, partnerType, renewalDueAt, workflow, region } = authorization;
  const countries = authorization.marketplaceIds
    .map((marketplace) => marketplaces.byId(marketplace)?.country)
    .filter((country) => country !== undefined)
    .map((country) => formats.country(country));
  const words = WORDS[language];
  return {
    sentTo,
    authorizationId: id,
    sellingPartnerId,
    workflow,
    marketplace: placeOf(countries, words.regions[region], formats),
    accountType: words.accountTypes[partnerType],
    // A contact has no account yet that could own the connection; the operator has programs.
    url: `${publicUrl}${{ seller: `/connections/${id}`, contact: '/connections/new', operator: '/api/docs' }[sentTo]}`,
    ...(renewalDueAt && dueFacts(renewalDueAt, now, formats)),
  };
}

/** Few countries by name; of many, the first ones, the seller's own choice leading. */
function placeOf(countries: readonly string[], region: string, formats: Formats): string {
  if (!countries.length) return region;
  if (countries.length <= NAMED_COUNTRIES) return formats.list(countries);
  return `${region} (${countries.slice(0, NAMED_COUNTRIES).join(', ')} …)`;
}

function dueFacts(dueAt: Date, now: Date, formats: Formats) {
  const days = daysUntil(dueAt, now);
  return {
    overdue: dueAt <= now,
    dueOn: formats.date(dueAt),
    daysLeft: formats.days(days),
    inDays: formats.inDays(days),
  };
}
