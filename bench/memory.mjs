// What a process needs to remember tokens: the vending service's own memory, filled with so many.
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { VendingService } from '../dist/tokens/vending.service.js';
import { settingsFor, withService } from './support/authorizations.mjs';

/** `{ bytes }` of heap and buffers for `count` tokens, in a process of its own that can collect its garbage. */
export async function measureMemory(stage, { count = 100_000 } = {}) {
  const databaseUrl = await stage.database();
  return stage.run(fileURLToPath(import.meta.url), [databaseUrl, String(count)]);
}

async function fill(databaseUrl, count) {
  const bytes = await withService(settingsFor(databaseUrl), async ({ nest }) => {
    const vending = nest.get(VendingService, { strict: false });
    const before = await used();
    for (let n = 0; n < count; n++) vending.remember(...token());
    return (await used()) - before;
  });
  process.send({ bytes });
}

/** As they come from the database and from Amazon: every string one of its own, the application's too. */
function token() {
  const id = whole(randomUUID());
  return [
    id,
    {
      accessToken: whole(`Atza|${randomBytes(255).toString('base64url')}`),
      expiresAt: new Date(Date.now() + 3600_000),
      authorizationId: id,
      applicationId: whole(randomUUID()),
      sellingPartnerId: whole(`A${randomBytes(7).toString('hex').toUpperCase()}`),
      region: 'NA',
      endpoint: 'https://sellingpartnerapi-na.amazon.com',
      version: whole(randomUUID()),
    },
  ];
}

/** A string in one piece, as it is read from a socket; one that was put together keeps its parts in memory. */
const whole = (text) => Buffer.from(text).toString();

async function used() {
  globalThis.gc();
  // Freed buffers are given back a moment later.
  await pause(500);
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await fill(process.argv[2], Number(process.argv[3])).then(() => process.exit());
