import { type AuthorizationEventType, type Event } from '../events/event.entity.js';
import { type Marketplaces, REGION_NAMES } from '../lwa/marketplaces.js';
import { type Authorization } from '../tokens/authorization.entity.js';
import { renewalStatus } from '../tokens/renewal-status.js';

/** A state in words, with the tone that the style sheet knows. */
interface Badge {
  label: string;
  tone: 'ok' | 'warn' | 'bad' | 'neutral';
}

const DATE = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' });
const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
const date = (value: Date | null) => (value ? { text: DATE.format(value), iso: value.toISOString() } : null);

/** A connection as the pages show it. Dates are in UTC, like everything an operator sees. */
export function describeConnection(
  row: Authorization,
  marketplaces: Marketplaces,
  now: Date,
  reminderDays: readonly number[],
) {
  const names = row.marketplaceIds.map((id) => marketplaces.byId(id)?.name ?? id);
  return {
    id: row.id,
    sellingPartnerId: row.sellingPartnerId,
    marketplace: shortened(names) || REGION_NAMES[row.region],
    marketplaces: names.join(', '),
    region: REGION_NAMES[row.region],
    regionUnconfirmed: row.regionCheckAt !== null && row.status === 'active',
    accountType: row.partnerType === 'vendor' ? 'Vendor' : 'Seller',
    connected: row.status !== 'disconnected',
    badge: badge(row, now, reminderDays),
    // Neither a disconnected nor a refused one has time until then.
    renewBy: row.status === 'active' ? date(row.renewalDueAt) : null,
    authorizedAt: date(row.authorizedAt),
  };
}

/** A name that fits a heading: Amazon lists every country of the region that the account may sell in. */
function shortened([first, second, ...more]: string[]): string {
  if (!more.length) return [first, second].filter(Boolean).join(', ');
  return `${first} and ${more.length + 1} more`;
}

function badge(row: Authorization, now: Date, reminderDays: readonly number[]): Badge {
  if (row.status === 'disconnected') return { label: 'Disconnected', tone: 'neutral' };
  if (row.status === 'reauthorization_required') return { label: 'Reconnect needed', tone: 'bad' };
  const renewal = renewalStatus(row.renewalDueAt, now, reminderDays);
  if (renewal === 'overdue') return { label: 'Renewal overdue', tone: 'bad' };
  return renewal === 'due' ? { label: 'Renewal due', tone: 'warn' } : { label: 'Connected', tone: 'ok' };
}

const SENTENCES: Record<AuthorizationEventType, string> = {
  'authorization.created': 'Connected',
  'authorization.renewed': 'Connected again',
  'authorization.changed': 'Details changed',
  'authorization.renewal_due': 'It is time to renew',
  'authorization.renewal_overdue': 'The date to renew by has passed',
  'authorization.reminder_asked': 'A reminder was sent',
  'authorization.reauthorization_required': 'Amazon stopped accepting the authorization',
  'authorization.recovered': 'Amazon accepts the authorization again',
  'authorization.region_corrected': 'Amazon told us the region of this account, and we corrected it',
  'authorization.disconnected': 'Disconnected',
};

/** One line of a connection's history. */
export function describeEvent({ type, occurredAt, actor }: Event) {
  const by = actor.startsWith('api-key:') ? ' by an operator' : '';
  return {
    sentence: `${SENTENCES[type as AuthorizationEventType]}${by}`,
    time: TIME.format(occurredAt),
    iso: occurredAt.toISOString(),
  };
}
