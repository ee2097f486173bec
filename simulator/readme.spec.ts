import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { APPLICATION_SCENARIOS, PARTNER_SCENARIOS } from './world/default-world.js';

const FOLDER = 'simulator';

describe('the README of the simulator', () => {
  const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');

  it('explains every scenario', () => {
    const table = (title: string) => readme.split(`### ${title}`)[1]?.split('###')[0] ?? '';
    for (const scenario of PARTNER_SCENARIOS) {
      expect(table('Scenarios of a selling partner')).toContain(`| \`${scenario}\``);
    }
    for (const scenario of APPLICATION_SCENARIOS) {
      expect(table('Scenarios of an application')).toContain(`| \`${scenario}\``);
    }
  });

  it('names every route of the control API', () => {
    const sources = readdirSync(join(FOLDER, 'control')).filter((name) =>
      /^control.*(?<!spec)\.ts$/.test(name),
    );
    const routes = sources.flatMap((name) => {
      const source = readFileSync(join(FOLDER, 'control', name), 'utf8');
      return [...source.matchAll(/'(\/_simulator[^']*)'/g)].map(([, path]) => path ?? '');
    });
    expect(routes.length).toBeGreaterThan(10);
    for (const route of new Set(routes)) expect(readme).toContain(`${route}\``);
  });
});
