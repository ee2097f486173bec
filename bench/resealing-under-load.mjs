// How vending feels a rotation of the encryption keys: its p99 while everything is sealed anew, and usually.
import { setTimeout as pause } from 'node:timers/promises';
import { load, median } from './support/load.mjs';
import { API_KEY } from './support/stage.mjs';
import { byId, startRegrant, vendEachOnce } from './vending.mjs';

/**
 * `{ usual, during }`: the p99 of vending, and `rowsPerSecond` that were sealed anew; medians of interleaved rounds.
 * The service that re-seals is the one that vends, on one processor.
 */
export async function measureVendingWhileResealing(stage, { rows = 50_000, rounds = 3, seconds, progress }) {
  const { server, ids } = await startRegrant(stage, rows, 0);
  const warm = ids.slice(0, 100);
  await vendEachOnce(server, warm, 10);
  const requests = { connections: 16, requests: warm.map((id) => byId(id)) };
  await load(server, { ...requests, duration: seconds });
  const results = { usual: [], during: [], rowsPerSecond: [] };
  for (let round = 1; round <= rounds; round++) {
    progress(`vending and re-sealing, round ${round} of ${rounds}`);
    results.usual.push(await load(server, { ...requests, duration: seconds }));
    const started = performance.now();
    const { id } = await call(server.url, 'POST', '/encryption/rotations');
    const sealed = progressOf(server.url, id, ({ done, total }) => total > 0 && done >= total);
    results.during.push(await load(server, requests, sealed));
    results.rowsPerSecond.push((await sealed).done / ((performance.now() - started) / 1000));
    await progressOf(server.url, id, () => false);
  }
  await server.stop();
  const p99 = (all) => median(all.map((one) => one.p99));
  return {
    usual: p99(results.usual),
    during: p99(results.during),
    rowsPerSecond: median(results.rowsPerSecond),
  };
}

/** The rotation once `reached` says so of it, or once it is over: it waits a while for replicas that it does not have. */
async function progressOf(url, id, reached) {
  for (;;) {
    const rotation = await call(url, 'GET', `/encryption/rotations/${id}`);
    if (rotation.status === 'failed') throw new Error('the rotation failed');
    if (rotation.status !== 'running' || reached(rotation)) return rotation;
    await pause(50);
  }
}

async function call(url, method, path) {
  const headers = { authorization: `Bearer ${API_KEY}` };
  const response = await fetch(`${url}/api/v1${path}`, { method, headers });
  if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status} ${await response.text()}`);
  return response.json();
}
