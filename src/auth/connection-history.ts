import { type Delivery } from '../events/delivery.entity.js';
import { type AuthorizationEventType, type Event } from '../events/event.entity.js';
import { daysUntil } from '../tokens/renewal-status.js';

/** One line of a connection's history. */
export interface HistoryEntry {
  sentence: string;
  at: Date;
}

/** What a seller is told of. That an operator asked for a reminder is not: the reminder itself stands there. */
const SENTENCES: Record<Exclude<AuthorizationEventType, 'authorization.reminder_asked'>, string> = {
  'authorization.created': 'Connected',
  'authorization.renewed': 'Connected again',
  'authorization.changed': 'Details changed',
  'authorization.renewal_due': 'It is time to renew',
  'authorization.renewal_overdue': 'The date to renew by has passed',
  'authorization.reauthorization_required': 'Amazon stopped accepting the authorization',
  'authorization.recovered': 'Amazon accepts the authorization again',
  'authorization.region_corrected': 'Amazon told us the region of this account, and we corrected it',
  'authorization.disconnected': 'Disconnected',
};

/** Types of events that a history shows. */
export const TOLD_EVENTS = Object.keys(SENTENCES) as (keyof typeof SENTENCES)[];

/** Events and reminders as one history, newest first. */
export function historyOf(events: readonly Event[], reminders: readonly Delivery[]): HistoryEntry[] {
  const told = reminders.flatMap(describeReminder);
  // Reminders first: of one moment, the newest comes first, and a reminder follows from an event.
  return [...told, ...events.map(describeEvent)].sort((a, b) => b.at.getTime() - a.at.getTime());
}

function describeEvent({ type, occurredAt, actor }: Event): HistoryEntry {
  const by = actor.startsWith('api-key:') ? ' by an operator' : '';
  return { sentence: `${SENTENCES[type as keyof typeof SENTENCES]}${by}`, at: occurredAt };
}

/** When it went out, how much time was left, and whose address it went to; never the address itself. */
function describeReminder(delivery: Delivery): HistoryEntry[] {
  const at = delivery.finishedAt ?? delivery.createdAt;
  const outcome = outcomeOf(delivery);
  if (!outcome) return [];
  return [
    {
      sentence: `Reminder by mail (${timeLeft(new Date(String(delivery.data['dueAt'])), at)}): ${outcome}`,
      at,
    },
  ];
}

function timeLeft(dueAt: Date, at: Date): string {
  if (dueAt <= at) return 'overdue';
  const days = daysUntil(dueAt, at);
  return days === 1 ? '1 day left' : `${days} days left`;
}

function outcomeOf({ status, sentTo }: Delivery): string | undefined {
  switch (status) {
    case 'pending':
      return 'on its way';
    case 'sent':
      return {
        seller: 'sent',
        contact: 'sent to the contact address that we were given',
        operator: 'sent to our own team, as we knew no address of yours',
      }[sentTo ?? 'seller'];
    case 'bounced':
      return 'came back, the mail server of the recipient refused it';
    case 'abandoned':
      return 'could not be delivered';
    case 'dropped':
      return undefined;
  }
}
