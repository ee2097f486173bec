import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inParallel } from '../src/renewal/in-parallel.js';
import { RenewalSchedule } from '../src/renewal/renewal-schedule.js';
import { startTestApp, type TestApp } from './support/app.js';
import { drain } from './support/deliveries.js';
import { type MailServer, startMailServer } from './support/mail-server.js';
import { type Grant, run } from './support/renewals.js';
import { api } from './support/people.js';
import { APPLICATION } from './support/simulator.js';

const SELLERS = 1000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const THRESHOLDS = [60, 30, 14, 7, 1, 0, -7, -14];
/** From before both changes of the clocks until after the leap day. */
const FROM = new Date('2027-03-01T12:00:00Z');
const RUNS = 370;

/** A seller's consent, and the number of the run before which it was given; 0: before the year. */
interface Consent {
  at: Date;
  beforeRun: number;
}

/** Random numbers from 0 to 1, the same ones every time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A first consent up to fourteen months ago, then none, one or two more, each two hours before some run. */
function makeConsents(random: () => number, runs: readonly Date[]): Consent[] {
  const first = new Date(FROM.getTime() - (Math.floor(random() * 425) + random() / 4) * DAY);
  const numbers = Array.from({ length: Math.floor(random() * 3) }, () => Math.floor(random() * RUNS));
  const later = [...new Set(numbers)].sort((a, b) => a - b);
  return [
    { at: first, beforeRun: 0 },
    ...later.map((beforeRun) => ({ at: before(runs[beforeRun] as Date), beforeRun })),
  ];
}

const before = (moment: Date): Date => new Date(moment.getTime() - 2 * HOUR);

/**
 * What a seller is to be told, as the rule says it: for every consent, each threshold once, at the first run from 24
 * hours times the threshold before the date on, unless another consent came first; of several at one run the tightest.
 */
function expectedOf(address: string, consents: readonly Consent[], runs: readonly Date[]): string[] {
  return consents.flatMap(({ at, beforeRun }, index) => {
    const dueAt = at.getTime() + 365 * DAY;
    const end = consents[index + 1]?.beforeRun ?? RUNS;
    const byRun = new Map<number, number>();
    for (const days of THRESHOLDS) {
      const number = runs.findIndex((moment, n) => n >= beforeRun && moment.getTime() >= dueAt - days * DAY);
      if (number >= 0 && number < end) byRun.set(number, Math.min(days, byRun.get(number) ?? Infinity));
    }
    return [...byRun].map(([number, days]) => `${number} ${address} ${days > 0 ? 'reminder' : 'overdue'}`);
  });
}

let mailServer: MailServer;
let app: TestApp;

beforeAll(async () => {
  mailServer = await startMailServer();
  app = await startTestApp({
    ...APPLICATION,
    SMTP_URL: mailServer.url,
    RENEWAL_TIMEZONE: 'Europe/Berlin',
    LOG_LEVEL: 'warn',
  });
});
afterAll(async () => {
  await app.stop();
  await mailServer.stop();
});

const setClock = (moment: Date): void =>
  app.clock.advance((moment.getTime() - app.clock.now().getTime()) / 1000);

async function consent(seller: number, { at }: Consent): Promise<void> {
  const { status, body } = await api<Grant>(app.url, 'POST', '/api/v1/authorizations', {
    body: {
      sellingPartnerId: `A2YEAR${seller}`,
      region: 'EU',
      contactEmail: addressOf(seller),
      refreshToken: `Atzr|${seller}-${at.getTime()}`,
      ...{ workflow: 'website', authorizedAt: at.toISOString(), verify: false },
    },
  });
  if (status > 201) throw new Error(`The import answered ${status}: ${JSON.stringify(body)}`);
}

const addressOf = (seller: number): string => `seller-${seller}@example.com`;

/** Which reminders arrived, as `expectedOf` names them; each mail is looked at once. */
function arrived(runNumber: number): string[] {
  const mails = mailServer.mails.splice(0);
  return mails.flatMap(({ to, messageId = '' }) => {
    const [, kind] = /^<renewal-(reminder|overdue)\./.exec(messageId) ?? [];
    return kind ? [`${runNumber} ${to && 'text' in to ? to.text : ''} ${kind}`] : [];
  });
}

describe('A year of daily runs over a thousand sellers who renew at random', () => {
  it('sends exactly the mails that the policy lists, through a leap day and both changes of the clocks', async () => {
    setClock(FROM);
    const schedule = app.nest.get(RenewalSchedule);
    const runs: Date[] = [];
    for (let moment = FROM; runs.length < RUNS; runs.push(moment)) moment = schedule.nextAfter(moment);
    const random = seeded(20270301);
    const consents = Array.from({ length: SELLERS }, () => makeConsents(random, runs));

    const sent: string[] = [];
    for (const [number, moment] of runs.entries()) {
      setClock(before(moment));
      await inParallel([...consents.entries()], 8, async ([seller, given]) => {
        for (const one of given) if (one.beforeRun === number) await consent(seller, one);
      });
      setClock(moment);
      const { failures, status } = await run(app);
      expect({ failures, status }).toEqual({ failures: 0, status: 'succeeded' });
      await drain(app);
      // Of a large run most reminders wait that long. Not before: a claim would end while its mail is on the way.
      app.clock.advance(60);
      await drain(app);
      sent.push(...arrived(number));
    }

    const expected = consents.flatMap((given, seller) => expectedOf(addressOf(seller), given, runs));
    expect(sent.sort()).toEqual(expected.sort());
    // It was a year in which much happened.
    expect(sent.length).toBeGreaterThan(3 * SELLERS);
    expect(runs.some((moment) => moment.toISOString().startsWith('2028-02-29'))).toBe(true);
  }, 1_800_000);
});
