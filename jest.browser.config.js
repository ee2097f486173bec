import { findChromium } from './test/browser/support/find-chromium.mjs';
import jest from './jest.config.js';

const chromium = findChromium(process.env);
if (!chromium) {
  console.error(
    'The browser tests need Chromium: apt-get install chromium (Debian), or set CHROMIUM_PATH to one.',
  );
  process.exit(1);
}
process.env.CHROMIUM_PATH = chromium;

const e2e = jest.projects.find(({ displayName }) => displayName === 'e2e');

/** @type {import('jest').Config} */
export default {
  ...e2e,
  testPathIgnorePatterns: [],
  displayName: 'browser',
  testMatch: ['<rootDir>/test/browser/**/*.test.ts'],
  testTimeout: 60_000,
};
