import { type Marketplaces, REGION_NAMES } from '../lwa/marketplaces.js';
import { type Authorization } from '../tokens/authorization.entity.js';
import { DAY, daysUntil, renewalStatus } from '../tokens/renewal-status.js';
import { type HistoryEntry } from './connection-history.js';

/** What the owner has to do about a connection: nothing, renew it soon or at once, or connect it again. */
type ConnectionState = 'current' | 'due' | 'overdue' | 'refused' | 'disconnected';

/** A state in words, with the tone that the style sheet knows. */
const BADGES: Record<ConnectionState, { label: string; tone: 'ok' | 'warn' | 'bad' | 'neutral' }> = {
  current: { label: 'Connected', tone: 'ok' },
  due: { label: 'Renewal due', tone: 'warn' },
  overdue: { label: 'Renewal overdue', tone: 'bad' },
  refused: { label: 'Reconnect needed', tone: 'bad' },
  disconnected: { label: 'Disconnected', tone: 'neutral' },
};

const DATE = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' });
const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
const DISTANCE = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
const date = (value: Date | null) => (value ? { text: DATE.format(value), iso: value.toISOString() } : null);

/** A connection as the pages show it. Dates are in UTC, like everything an operator sees. */
export function describeConnection(
  row: Authorization,
  marketplaces: Marketplaces,
  now: Date,
  reminderDays: readonly number[],
) {
  const names = row.marketplaceIds.map((id) => marketplaces.byId(id)?.name ?? id);
  const state = stateOf(row, now, reminderDays);
  return {
    id: row.id,
    sellingPartnerId: row.sellingPartnerId,
    marketplace: shortened(names) || REGION_NAMES[row.region],
    marketplaces: names.join(', '),
    region: REGION_NAMES[row.region],
    regionUnconfirmed: row.regionCheckAt !== null && row.status === 'active',
    accountType: row.partnerType === 'vendor' ? 'Vendor' : 'Seller',
    state,
    connected: row.status !== 'disconnected',
    badge: BADGES[state],
    // Neither a disconnected nor a refused one has time until then.
    renewBy: row.status === 'active' ? date(row.renewalDueAt) : null,
    when:
      row.renewalDueAt && (state === 'due' || state === 'overdue') ? distance(row.renewalDueAt, now) : null,
    authorizedAt: date(row.authorizedAt),
  };
}

/** A history for its page. */
export const describeHistory = (entries: readonly HistoryEntry[]) =>
  entries.map(({ sentence, at }) => ({ sentence, time: TIME.format(at), iso: at.toISOString() }));

function stateOf(row: Authorization, now: Date, reminderDays: readonly number[]): ConnectionState {
  if (row.status === 'disconnected') return 'disconnected';
  if (row.status === 'reauthorization_required') return 'refused';
  const renewal = renewalStatus(row.renewalDueAt, now, reminderDays);
  return renewal === 'due' || renewal === 'overdue' ? renewal : 'current';
}

/** "in 5 days", "today", "3 days ago": ahead, a day that has begun counts; after, only whole ones. */
function distance(dueAt: Date, now: Date): string {
  if (dueAt > now) return DISTANCE.format(daysUntil(dueAt, now), 'day');
  const past = Math.floor((now.getTime() - dueAt.getTime()) / DAY);
  return past ? DISTANCE.format(-past, 'day') : 'today';
}

/** A name that fits a heading: Amazon lists every country of the region that the account may sell in. */
function shortened([first, second, ...more]: string[]): string {
  if (!more.length) return [first, second].filter(Boolean).join(', ');
  return `${first} and ${more.length + 1} more`;
}
