// Vending over HTTP by the built service, beside bare servers that answer the same and check nothing.
import { prepare } from './support/authorizations.mjs';
import { load, sideBySide } from './support/load.mjs';
import { API_KEY } from './support/stage.mjs';

const [CLIENT_ID, CLIENT_SECRET] = API_KEY.split('.');
const AUTHORIZATIONS = 100;

/** The two endpoints: one request each for an authorization. */
export const byId = (id, options = {}) => ({
  method: 'POST',
  path: `/api/v1/authorizations/${id}/access-token`,
  headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
  body: JSON.stringify({ minimumSeconds: 60, ...options }),
});
const asLwa = (id) => ({
  method: 'POST',
  path: '/auth/o2/token',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: id,
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
  }).toString(),
});
const bare = { ...byId('00000000-0000-4000-8000-000000000000'), path: '/authorizations/1/access-token' };

/** A service that knows so many authorizations, none of them vended yet. */
export async function startRegrant(stage, count, lwaMilliseconds) {
  const { settings, ids } = await prepare(stage, count);
  const lwa = await stage.lwa(lwaMilliseconds);
  const server = await stage.regrant({ ...settings, LWA_TOKEN_URL: lwa });
  return { server, ids };
}

/** Each authorization once, over `connections` connections: whatever is not in memory is fetched. */
export const vendEachOnce = (server, ids, connections) =>
  load(server, { connections, requests: ids.map((id) => byId(id)) });

/** Warm vending by both endpoints beside the bare servers, by name: medians of interleaved rounds. */
export async function measureWarm(stage, options) {
  const { server, ids } = await startRegrant(stage, AUTHORIZATIONS, 0);
  await vendEachOnce(server, ids, 10);
  const [node, fastify, nest] = [
    await stage.bare('node'),
    await stage.bare('fastify'),
    await stage.bare('nest'),
  ];
  const results = await sideBySide(
    {
      'bare node:http': { server: node, requests: [bare] },
      'bare Fastify': { server: fastify, requests: [bare] },
      'bare Nest on Fastify': { server: nest, requests: [bare] },
      'warm, by the API': { server, requests: ids.map((id) => byId(id)) },
      'warm, as LWA': { server, requests: ids.map((id) => asLwa(id)) },
    },
    options,
  );
  await Promise.all([server, node, fastify, nest].map((one) => one.stop()));
  return results;
}

/** Every authorization for the first time, against an LWA that answers in 200 ms: one call and one row each. */
export async function measureCold(stage, { connections = 64, each = 30 } = {}) {
  const { server, ids } = await startRegrant(stage, connections * each, 200);
  const result = await vendEachOnce(server, ids, connections);
  await server.stop();
  return result;
}

/** A tenth of the requests insist on a new token, for which Amazon takes 200 ms; all of them as one load. */
export async function measureRefreshing(stage, { seconds }) {
  const { server, ids } = await startRegrant(stage, 1000, 200);
  await vendEachOnce(server, ids, 50);
  const results = await load(server, {
    duration: seconds,
    requests: ids.slice(0, 500).map((id, n) => byId(id, n % 10 ? {} : { forceRefresh: true })),
  });
  await server.stop();
  return results;
}
