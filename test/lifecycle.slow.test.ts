import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../src/database/embedded/processes.js';
import { Regrant } from './support/regrant.js';

let folder: string;
let kept: string;
let regrant: Regrant;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'regrant-lifecycle-')));
  // The server runs as another user than root: it must be able to enter.
  chmodSync(folder, 0o755);
  kept = join(folder, '.regrant');
  mkdirSync(kept);
});
afterEach(async () => {
  regrant.kill('SIGKILL');
  await regrant.ended();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** Resolves once `holds` does: a watcher may miss what is made in a folder that has just been renamed. */
async function comesTrue(holds: () => boolean): Promise<void> {
  expect(await until(holds, 30_000)).toBe(true);
}

const isUnfinished = (name: string): boolean => name.startsWith('postgres.unfinished-');
const hasPidFile = (): boolean => existsSync(join(kept, 'postgres', 'postmaster.pid'));

/** The command lines of all processes that have to do with our folder. */
function processes(): string[] {
  const lines = existsSync('/proc/self/cmdline')
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(commandLine)
    : spawnSync('ps', ['-axww', '-o', 'command='], { encoding: 'utf8' }).stdout.split('\n');
  return lines.filter((line) => line.includes(folder));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Moments of the start, and how to know that one is reached. */
const reached = {
  'makes the data folder': () => comesTrue(() => readdirSync(kept).some(isUnfinished)),
  'starts PostgreSQL': () => comesTrue(hasPidFile),
  'has made the tables': () => regrant.said('migrations applied'),
  'is ready': () => regrant.ready(),
};
const endBy = {
  SIGTERM: () => regrant.kill('SIGTERM'),
  SIGINT: () => regrant.kill('SIGINT'),
  'the death of its parent': () => regrant.disconnect(),
};

describe('Regrant with its embedded PostgreSQL', () => {
  it.each<[keyof typeof endBy, keyof typeof reached]>([
    ['SIGTERM', 'makes the data folder'],
    ['SIGTERM', 'starts PostgreSQL'],
    ['SIGTERM', 'has made the tables'],
    ['SIGTERM', 'is ready'],
    ['SIGINT', 'makes the data folder'],
    ['the death of its parent', 'has made the tables'],
  ])('stops all that it started and ends with status 0 on %s while it %s', async (way, moment) => {
    regrant = Regrant.spawn({ NODE_ENV: 'test', PORT: '0' }, folder);
    await reached[moment]();
    const asked = Date.now();
    endBy[way]();
    expect(await regrant.ended()).toBe(0);
    expect(Date.now() - asked).toBeLessThan(10_000);
    expect(processes()).toEqual([]);
    expect(readdirSync(kept).filter((name) => /unfinished|starting|new$/.test(name))).toEqual([]);
    expect(hasPidFile()).toBe(false);
  });

  it('ends by itself when its parent was gone before it could listen for that, and leaves nothing', async () => {
    regrant = Regrant.spawn({ NODE_ENV: 'test', PORT: '0' }, folder);
    regrant.disconnect();
    expect(await regrant.ended()).toBe(0);
    expect(processes()).toEqual([]);
    expect(regrant.log).not.toContain('Regrant is ready');
  });

  it('starts again after a start that was broken off, and tells the port that it got', async () => {
    regrant = Regrant.spawn({ NODE_ENV: 'test', PORT: '0' }, folder);
    await comesTrue(hasPidFile);
    regrant.kill('SIGTERM');
    await regrant.ended();

    regrant = Regrant.spawn({ NODE_ENV: 'test', PORT: '0' }, folder);
    // Not the message to the parent: that can arrive before the log does.
    await regrant.said('Regrant is ready');
    const url = /"url":"(http:\/\/localhost:[1-9]\d+)"/.exec(regrant.log)?.[1] ?? '';
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    regrant.kill('SIGTERM');
    expect(await regrant.ended()).toBe(0);
    expect(processes()).toEqual([]);
  });
});
