import jest from './jest.config.js';

const e2e = jest.projects.find(({ displayName }) => displayName === 'e2e');

/**
 * What is proved by killing processes, by many processes at once, or by many random runs.
 *
 * @type {import('jest').Config}
 */
export default {
  ...e2e,
  displayName: 'slow',
  testMatch: ['<rootDir>/test/**/*.slow.test.ts'],
  testPathIgnorePatterns: [],
  testTimeout: 60_000,
  maxWorkers: jest.maxWorkers,
};
