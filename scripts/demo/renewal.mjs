import { setTimeout as sleep } from 'node:timers/promises';
import { connectAtAmazon } from './connect.mjs';
import { expectEqual, expectStatus, expectText } from './expect.mjs';
import { EMAIL, PASSWORD } from './people.mjs';

const PARTNER = 'A2SIMULATEDGB1';
const UNITED_KINGDOM = 'A1F83G8C2ARO7P';
const DAY_MILLISECONDS = 86_400_000;
const RUN_MILLISECONDS = 15_000;

/** The yearly duty: a grant that is eleven months old, the reminder, and the consent that it asks for. */
export const renewal = [
  { who: 'Eleven months later', name: 'operator imports an old grant', run: importOldGrant },
  { who: 'Eleven months later', name: 'renewal run finds it', run: runRenewals },
  { who: 'Eleven months later', name: 'seller gets a reminder', run: receiveReminder },
  { who: 'Eleven months later', name: 'seller follows its link, and signs in', run: followLink },
  { who: 'Eleven months later', name: 'seller renews with one button', run: renew },
  { who: 'Eleven months later', name: 'nothing is due any more', run: showCurrent },
];

async function importOldGrant(stage) {
  const { program, simulator } = stage;
  const sellers = expectStatus(await program.call('GET', `/sellers?email=${EMAIL}`), 200);
  const authorizedAt = new Date(Date.now() - 335 * DAY_MILLISECONDS).toISOString();
  const { body } = expectStatus(
    await program.call('POST', '/authorizations', {
      sellingPartnerId: PARTNER,
      marketplaceId: UNITED_KINGDOM,
      refreshToken: await simulator.grant(PARTNER),
      workflow: 'website',
      sellerId: sellers.body.items[0].id,
      authorizedAt,
    }),
    201,
  );
  stage.oldId = body.id;
  expectEqual(body.renewal.status, 'due', 'The renewal');
  return `authorized on ${authorizedAt.slice(0, 10)}, to be renewed by ${body.renewal.dueAt.slice(0, 10)}`;
}

async function runRenewals({ program, oldId }) {
  const { body: run } = expectStatus(await program.call('POST', '/renewals/runs'), 202);
  const finished = await ended(program, run.id);
  expectEqual(finished.status, 'succeeded', 'The run');
  expectEqual(finished.remindersQueued, 1, 'The number of reminders');
  const { body } = await program.call('GET', `/authorizations/${oldId}`);
  expectEqual(typeof body.renewal.lastReminderAt, 'string', 'The type of the moment of the reminder');
  return `${finished.flaggedDue} due, ${finished.remindersQueued} reminder`;
}

async function receiveReminder(stage) {
  const mail = await stage.simulator.mailTo(EMAIL, /left to renew/);
  stage.reminderLink = /https?:\/\/\S+\/connections\/\S+/.exec(mail.text)?.[0];
  if (!stage.reminderLink) throw new Error('The mail holds no link');
  return `"${mail.subject}"`;
}

async function followLink(stage) {
  const { browser, reminderLink } = stage;
  expectStatus(await browser.submit(await browser.get('/connections'), 'Sign out'), 303);
  const toSignIn = expectStatus(await browser.get(reminderLink), 303);
  const form = expectStatus(await browser.get(toSignIn.location), 200);
  const signedIn = await browser.submit(form, 'Sign in', { email: EMAIL, password: PASSWORD });
  expectEqual(expectStatus(signedIn, 303).location, reminderLink, 'Where signing in leads');
  stage.connection = expectStatus(await browser.get(reminderLink), 200);
  expectText(stage.connection, 'Renewal due');
  return 'and is at the Renew button';
}

async function renew(stage) {
  const { browser, connection, oldId } = stage;
  const left = expectStatus(await browser.submit(connection, 'Renew'), 303);
  const { page, id } = await connectAtAmazon(stage, left.location, PARTNER);
  expectEqual(id, oldId, 'The connection');
  expectText(page, 'Connected again');
  const mail = await stage.simulator.mailTo(EMAIL, /is renewed/);
  return `confirmed at Amazon; mail "${mail.subject}"`;
}

async function showCurrent({ program, oldId }) {
  const { body } = expectStatus(await program.call('GET', `/authorizations/${oldId}`), 200);
  expectEqual(body.renewal.status, 'current', 'The renewal');
  expectEqual(body.renewal.lastReminderAt, null, 'The last reminder');
  const due = expectStatus(await program.call('GET', '/renewals'), 200);
  expectEqual(due.body.items.length, 0, 'The number of those that are due');
  return `the next time by ${body.renewal.dueAt.slice(0, 10)}`;
}

/** The run as soon as it is over. */
async function ended(program, id) {
  const deadline = Date.now() + RUN_MILLISECONDS;
  while (Date.now() < deadline) {
    const { body } = expectStatus(await program.call('GET', `/renewals/runs/${id}`), 200);
    if (body.status !== 'running') return body;
    await sleep(50);
  }
  throw new Error(`The run did not end within ${RUN_MILLISECONDS / 1000} seconds`);
}
