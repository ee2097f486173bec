import autocannon from 'autocannon';
import { createHistogram } from 'node:perf_hooks';

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/**
 * Puts load on a server for some seconds: `{ perSecond, p50, p99, cpu, failed }`, the times in milliseconds, `cpu` in
 * microseconds of the server process per request, `failed` the answers that were not 2xx.
 *
 * @param options of autocannon: `connections`, `duration` or `amount`, `requests`
 * @param until ends the load when it resolves, instead of `duration`
 */
export async function load(server, options, until) {
  // autocannon's own histogram counts whole milliseconds: too coarse for what takes two or three.
  const microseconds = createHistogram();
  const before = await server.usage();
  const started = performance.now();
  const running = autocannon({
    url: server.url,
    connections: 64,
    ...(until ? { duration: 3600 } : {}),
    ...options,
  });
  let answers = 0;
  running.on('response', (_client, _status, _bytes, milliseconds) => {
    answers++;
    microseconds.record(Math.max(1, Math.round(milliseconds * 1000)));
  });
  void until?.then(() => running.stop());
  const { non2xx, errors, timeouts } = await running;
  const seconds = (performance.now() - started) / 1000;
  const after = await server.usage();
  return {
    perSecond: answers / seconds,
    p50: microseconds.percentile(50) / 1000,
    p99: microseconds.percentile(99) / 1000,
    cpu: (after.cpuMicroseconds - before.cpuMicroseconds) / answers,
    failed: non2xx + errors + timeouts,
  };
}

/** Requests before the first round: the compiler has then seen everything that it makes faster. */
const WARM_UP = 20_000;

/**
 * Loads the servers in turn, round after round, so that whatever else the machine does hits all of them alike. Answers the medians, by name.
 *
 * @param contestants `{ name: { server, ...options of load } }`
 */
export async function sideBySide(contestants, { rounds, seconds, progress }) {
  const results = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (const [name, { server, ...options }] of Object.entries(contestants)) {
    progress(`${name}: warming up`);
    await load(server, { amount: WARM_UP, ...options });
  }
  for (let round = 1; round <= rounds; round++) {
    for (const [name, { server, ...options }] of Object.entries(contestants)) {
      progress(`${name}: round ${round} of ${rounds}`);
      const result = await load(server, { duration: seconds, ...options });
      if (result.failed)
        throw new Error(`${name}: ${result.failed} requests were not answered as they should`);
      results[name].push(result);
    }
  }
  return Object.fromEntries(Object.entries(results).map(([name, all]) => [name, medians(all)]));
}

const medians = (results) =>
  Object.fromEntries(Object.keys(results[0]).map((key) => [key, median(results.map((one) => one[key]))]));
