import { once } from 'node:events';
import { connect } from 'node:net';
import { createHistogram } from 'node:perf_hooks';

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/**
 * Puts load on a server: `{ perSecond, p50, p99, cpu, failed }`, the times in milliseconds, `cpu` in microseconds of the
 * server process per request, `failed` the answers that were not 2xx. Every connection sends its next request as soon as
 * the one before is answered.
 *
 * Requests are written as they were prepared, and of an answer only its status and its end are looked for: a load
 * generator that does more than that is slower than bare Fastify on one processor, and then all servers look alike.
 *
 * @param requests `{ method, path, headers, body }`, in turn
 * @param duration seconds
 * @param amount of requests in all, instead of `duration`; each request once, where none is given either
 * @param until ends the load when it resolves
 */
export async function load(server, { requests, connections = 64, duration, amount }, until) {
  const microseconds = createHistogram();
  const { host, hostname, port } = new URL(server.url);
  const prepared = requests.map((request) => prepare(request, host));
  let left = amount ?? (duration || until ? Infinity : requests.length);
  let next = 0;
  let answers = 0;
  let failed = 0;
  const take = () => {
    if (left <= 0) return undefined;
    left--;
    return prepared[next++ % prepared.length];
  };
  const answered = (status, milliseconds) => {
    answers++;
    if (status < 200 || status > 299) failed++;
    microseconds.record(Math.max(1, Math.round(milliseconds * 1000)));
  };
  const before = await server.usage();
  const started = performance.now();
  const stop = () => (left = 0);
  const timer = duration && setTimeout(stop, duration * 1000);
  void until?.then(stop);
  const ends = Array.from({ length: connections }, () => converse({ port, host: hostname }, take, answered));
  const broken = (await Promise.allSettled(ends)).find(({ status }) => status === 'rejected');
  clearTimeout(timer);
  if (broken) throw broken.reason;
  const seconds = (performance.now() - started) / 1000;
  const after = await server.usage();
  return {
    perSecond: answers / seconds,
    p50: microseconds.percentile(50) / 1000,
    p99: microseconds.percentile(99) / 1000,
    cpu: (after.cpuMicroseconds - before.cpuMicroseconds) / answers,
    failed,
  };
}

function prepare({ method, path, headers, body = '' }, host) {
  const lines = Object.entries({ host, ...headers, 'content-length': Buffer.byteLength(body) });
  const head = [`${method} ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** One connection, until nothing is left to send. Answers must have a content-length, as all measured ones do. */
async function converse(address, take, answered) {
  const socket = connect({ ...address, noDelay: true });
  let sentAt = 0;
  let received = '';
  const send = () => {
    const request = take();
    if (!request) return socket.end();
    sentAt = performance.now();
    socket.write(request);
  };
  socket.setEncoding('latin1');
  socket.on('connect', send);
  socket.on('data', (chunk) => {
    received = received ? received + chunk : chunk;
    const head = received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const field = received.indexOf('content-length: ') + 16;
    const length = parseInt(received.slice(field, received.indexOf('\r\n', field)), 10);
    if (received.length < head + 4 + length) return;
    answered(Number(received.slice(9, 12)), performance.now() - sentAt);
    received = '';
    send();
  });
  await once(socket, 'close');
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
