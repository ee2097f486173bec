import { measureDispatch } from './dispatch.mjs';
import { measureMemory } from './memory.mjs';
import { measureVendingWhileResealing } from './resealing-under-load.mjs';
import { measureRenewals } from './renewals.mjs';
import { measureResealing, measureSealing } from './sealing.mjs';
import { makeRoomForTheServer } from './support/processors.mjs';
import { decimal, table, whole } from './support/table.mjs';
import { measureCold, measureRefreshing, measureWarm } from './vending.mjs';

/**
 * What can be measured, by name, in the order of a whole run. Each part takes a stage and `{ quick, progress }` and
 * answers a text to print and `marks`: figures that must be reached.
 */
export const parts = { warm, cold, sealing, resealing, memory, dispatch, renewals };

const atLeast = (what, wanted, measured) => ({
  what,
  wanted: `at least ${decimal(wanted)}`,
  measured: decimal(measured),
  holds: measured >= wanted,
});
const atMost = (what, wanted, measured, digits = 2) => ({
  what,
  wanted: `at most ${decimal(wanted, digits)}`,
  measured: decimal(measured, digits),
  holds: measured <= wanted,
});

async function warm(stage, { quick, progress }) {
  makeRoomForTheServer();
  const results = await measureWarm(stage, {
    rounds: quick ? 3 : 7,
    seconds: quick ? 2 : 4,
    progress,
  });
  const fastify = results['bare Fastify'];
  const nest = results['bare Nest on Fastify'];
  const rows = Object.entries(results).map(([name, one]) => [
    name,
    whole(one.perSecond),
    decimal(one.perSecond / fastify.perSecond),
    decimal(one.p50),
    decimal(one.p99),
    decimal(one.cpu, 1),
    decimal(fastify.cpu / one.cpu),
  ]);
  const head = ['64 connections', 'req/s', '× Fastify', 'p50 ms', 'p99 ms', 'CPU µs/req', 'Fastify / it'];
  const marks = ['warm, by the API', 'warm, as LWA'].flatMap((name) => [
    atLeast(`${name}: req/s beside bare Fastify`, 0.6, results[name].perSecond / fastify.perSecond),
    atMost(`${name}: p99 beside bare Nest`, 2, results[name].p99 / nest.p99),
  ]);
  return { text: table(head, rows), marks };
}

async function cold(stage, { quick, progress }) {
  makeRoomForTheServer();
  const rows = [];
  for (const connections of [64, 256]) {
    progress(`cold vending over ${connections} connections`);
    rows.push([
      `cold, ${connections} connections`,
      await measureCold(stage, { connections, each: quick ? 10 : 30 }),
    ]);
  }
  progress('vending while a tenth insists on a new token');
  rows.push(['a tenth refreshes', await measureRefreshing(stage, { seconds: quick ? 4 : 10 })]);
  const head = ['LWA answers in 200 ms', 'req/s', 'p50 ms', 'p99 ms', 'CPU µs/req', 'failed'];
  const text = table(
    head,
    rows.map(([name, one]) => [
      name,
      whole(one.perSecond),
      decimal(one.p50),
      decimal(one.p99),
      whole(one.cpu),
      one.failed,
    ]),
  );
  return { text, marks: [] };
}

async function sealing(stage, { quick, progress }) {
  progress('sealing and opening');
  const { seals, opens } = await measureSealing({ rounds: quick ? 3 : 5 });
  progress('re-sealing beside a plain UPDATE');
  const { resealed, updated, ratio } = await measureResealing(await stage.database(), {
    rows: quick ? 10_000 : 20_000,
    rounds: quick ? 3 : 5,
  });
  const text = table(
    ['Per second', ''],
    [
      ['refresh tokens sealed', whole(seals)],
      ['refresh tokens opened', whole(opens)],
      ['rows sealed anew', whole(resealed)],
      ['the same rows by one plain UPDATE', whole(updated)],
    ],
  );
  return { text, marks: [atLeast('re-sealing beside a plain UPDATE', 0.25, ratio)] };
}

async function resealing(stage, { quick, progress }) {
  makeRoomForTheServer();
  const { usual, during, rowsPerSecond } = await measureVendingWhileResealing(stage, {
    rows: quick ? 10_000 : 50_000,
    rounds: quick ? 1 : 3,
    seconds: quick ? 3 : 8,
    progress,
  });
  const text = table(
    ['Vending while everything is sealed anew', ''],
    [
      ['p99 as usual, ms', decimal(usual)],
      ['p99 during a rotation, ms', decimal(during)],
      ['rows per second of the whole rotation', whole(rowsPerSecond)],
    ],
  );
  return { text, marks: [atMost('p99 while re-sealing beside the usual', 3, during / usual)] };
}

async function memory(stage, { progress }) {
  progress('remembering 100,000 tokens');
  const { bytes } = await measureMemory(stage);
  const row = ['heap and buffers of 100,000 remembered tokens, MB', decimal(bytes / 1e6, 1)];
  return { text: table(['Memory', ''], [row]), marks: [] };
}

async function dispatch(stage, { quick, progress }) {
  progress('dispatching mails');
  const { dispatched, bare, ratio } = await measureDispatch(await stage.database(), {
    mails: quick ? 1_000 : 5_000,
  });
  const text = table(
    ['Mails per second to a local SMTP server', ''],
    [
      ['the dispatcher', whole(dispatched)],
      ['nodemailer alone, one connection', whole(bare)],
      ['the dispatcher beside nodemailer', decimal(ratio)],
    ],
  );
  return { text, marks: [] };
}

async function renewals(stage, { quick, progress }) {
  const sizes = quick ? [10_000, 100_000] : [10_000, 1_000_000, 10_000_000];
  const results = await measureRenewals(await stage.database(), {
    sizes,
    rounds: quick ? 1 : 3,
    log: progress,
  });
  const text = table(
    ['A run with 10,000 due, among', 'seconds', 'CPU s', 'reminders/s', 'peak MB', '× the first'],
    results.map(({ size, seconds, cpuSeconds, perSecond, peakMegabytes, ratio }) => [
      whole(size),
      decimal(seconds),
      decimal(cpuSeconds, 1),
      whole(perSecond),
      whole(peakMegabytes),
      decimal(ratio),
    ]),
  );
  const last = results.at(-1);
  const marks = [
    atMost(`run among ${whole(last.size)} beside one among 10,000, time`, 1.5, last.ratio),
    atMost(
      '10,000 due flagged and queued, seconds',
      30,
      Math.max(...results.map(({ seconds }) => seconds)),
      1,
    ),
  ];
  return { text, marks };
}
