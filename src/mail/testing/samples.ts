import { Marketplaces } from '../../lwa/marketplaces.js';
import { parseConfig } from '../../config/config.js';
import { type Authorization } from '../../tokens/authorization.entity.js';
import { authorizationFacts } from '../authorization-facts.js';
import { chooseLocale, formatsOf, type Language, LANGUAGES } from '../locales.js';

export const PUBLIC_URL = 'https://regrant.example';
const now = new Date('2027-02-27T23:30:00Z');

/** A mail with imagined data, as the channel would compose it. */
export interface Sample {
  name: string;
  template: string;
  language: Language;
  facts: object;
}

function authorization(change: Partial<Authorization> = {}): Authorization {
  return {
    id: '0f3c1b52-98f6-4c40-9d3c-0a4f3a3e7b11',
    sellingPartnerId: 'A2SELLER000001',
    partnerType: 'seller',
    marketplaceIds: ['A1PA6795UKMFR9', 'A13V1IB3VIYZZH'],
    region: 'EU',
    workflow: 'website',
    renewalDueAt: new Date('2027-03-13T12:00:00Z'),
    ...change,
  } as Authorization;
}

const marketplaces = new Marketplaces(parseConfig({}));

function about(
  language: Language,
  row = authorization(),
  sentTo: 'seller' | 'contact' | 'operator' = 'seller',
) {
  const context = { language, formats: formatsOf(language), now, publicUrl: PUBLIC_URL };
  return authorizationFacts(row, { sentTo }, context, marketplaces);
}

/** Every mail in every language that it is written in. */
export function samples(): Sample[] {
  return [...LANGUAGES.flatMap(forSellers), ...forOperators()];
}

function forSellers(language: Language): Sample[] {
  const formats = formatsOf(chooseLocale(language).tag);
  const token = 'Zm9yIG5vYm9keSBidXQgdGhlIG93bmVyIG9mIHRoaXM';
  const past = authorization({ renewalDueAt: new Date('2027-02-20T12:00:00Z') });
  const vendor = authorization({ partnerType: 'vendor', sellingPartnerId: 'GRP-<7&>', marketplaceIds: [] });
  return [
    ['verify-email', { url: `${PUBLIC_URL}/verify-email?token=${token}`, validFor: formats.hours(48) }],
    ['reset-password', { url: `${PUBLIC_URL}/reset-password?token=${token}`, validFor: formats.minutes(60) }],
    ['account-locked', { minutes: formats.minutes(15) }],
    ['connected', { ...about(language), renewed: false }],
    ['connected', { ...about(language, authorization({ renewalDueAt: null })), renewed: true }],
    ['renewal-reminder', about(language)],
    ['renewal-reminder', about(language, authorization({ renewalDueAt: new Date('2027-02-28T12:00:00Z') }))],
    ['renewal-overdue', about(language, past)],
    ['reconnect-needed', about(language, vendor)],
    ['disconnected', about(language)],
  ].map(([template, facts], index) => ({
    name: `${template as string} ${index}`,
    template: template as string,
    language,
    facts: facts as object,
  }));
}

function forOperators(): Sample[] {
  const application = { application: 'Ledger <beta> & more', applicationId: authorization().id };
  const row = { authorizationId: authorization().id, sellingPartnerId: 'A2SELLER000001', region: 'EU' };
  const counts = { flaggedDue: 12, flaggedOverdue: 3, remindersQueued: 15, failures: 0 };
  const failure = { template: 'renewal-reminder', status: 'bounced', reason: '550 5.1.1 at RCPT TO' };
  const asked = ['renewal-reminder', 'renewal-overdue', 'reconnect-needed', 'connected', 'disconnected'];
  const unowned = (['contact', 'operator'] as const).flatMap((sentTo) =>
    asked.map((template): [string, object] => [
      template,
      { ...about('en', authorization(), sentTo), renewed: true },
    ]),
  );
  const digest = { ...counts, runId: authorization().id };
  const list: [string, object][] = [
    ...unowned,
    ['renewal-digest', { ...digest, soonest: [{ ...row, dueOn: 'March 13, 2027' }] }],
    ['renewal-digest', { ...digest, failures: 2, soonest: [] }],
    [
      'secret-expiring',
      { ...application, expiresOn: 'March 13, 2027', expired: false, inDays: 'in 14 days' },
    ],
    ['secret-expiring', { ...application, expiresOn: 'March 13, 2027', expired: true, inDays: 'in 0 days' }],
    ['credentials-rejected', application],
    [
      'delivery-failed',
      { total: 2, failures: [{ ...failure, about: `authorization ${row.authorizationId}` }], more: 1 },
    ],
    ['delivery-failed', { total: 1, failures: [{ ...failure, about: 'seller 1' }], more: 0 }],
  ];
  return list.map(([template, facts], index) => ({
    name: `${template} to others ${index}`,
    template,
    language: 'en',
    facts,
  }));
}
