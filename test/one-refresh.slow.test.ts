import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from './support/encryption.js';
import { randomPartner } from './support/people.js';
import { Replicas } from './support/replicas.js';
import { Simulator } from './support/simulator.js';

const CALLERS = 500;
const TIME_LIMIT = 120_000;
/** Of the test's setting; a lease is five seconds longer. */
const TIMEOUT_SECONDS = 3;

describe('One refresh among three replicas', () => {
  let simulator: Simulator;

  beforeAll(async () => {
    simulator = await Simulator.start();
  });
  afterAll(() => simulator.stop());

  const refreshes = async (partner: string) => (await simulator.lwaCalls(partner))['refresh_token'] ?? 0;
  /** An authorization that nobody has a token of, and how long Amazon takes for one. */
  async function cold(replicas: Replicas, delayMs: number): Promise<{ id: string; partner: string }> {
    const partner = randomPartner();
    const id = await replicas.bring(partner, await simulator.selfAuthorize(partner));
    await simulator.partner(partner, { scenario: 'slow', delayMs });
    return { id, partner };
  }

  it(
    'is all that 500 callers at once cost, whether Amazon takes 0.2 or 13 seconds, and each is served',
    async () => {
      const replicas = await Replicas.start(3, simulator.settings);
      const callAtOnce = async (delayMs: number) => {
        const { id, partner } = await cold(replicas, delayMs);
        const answers = await Promise.all(Array.from({ length: CALLERS }, (_, n) => replicas.vend(n, id)));
        return { answers, calls: await refreshes(partner) };
      };
      try {
        for (const { answers, calls } of await Promise.all([200, 13_000].map(callAtOnce))) {
          expect(answers.filter(({ status }) => status === 200).length).toBe(CALLERS);
          expect(new Set(answers.map(({ body }) => body.accessToken)).size).toBe(1);
          expect(calls).toBe(1);
        }
      } finally {
        await replicas.stop();
      }
    },
    TIME_LIMIT,
  );

  it(
    'is repeated once when the replica that asks is killed with -9, within its lease and two seconds',
    async () => {
      const replicas = await Replicas.start(3, {
        ...simulator.settings,
        LWA_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS),
      });
      try {
        const { id, partner } = await cold(replicas, 60_000);
        const lost = replicas.vend(0, id).catch(() => 'cut off');
        await until(async () => (await refreshes(partner)) === 1);
        const waiting = Array.from({ length: 60 }, (_, n) => replicas.vend(1 + (n % 2), id));
        await simulator.partner(partner, { scenario: 'normal' });
        replicas.all[0]?.kill('SIGKILL');
        const killedAt = performance.now();
        expect(await lost).toBe('cut off');
        const answers = await Promise.all(waiting);
        expect(performance.now() - killedAt).toBeLessThan((TIMEOUT_SECONDS + 5 + 2) * 1000);
        expect(answers.map(({ status }) => status)).toEqual(waiting.map(() => 200));
        expect(new Set(answers.map(({ body }) => body.accessToken)).size).toBe(1);
        expect(await refreshes(partner)).toBe(2);
      } finally {
        await replicas.stop();
      }
    },
    TIME_LIMIT,
  );
});
