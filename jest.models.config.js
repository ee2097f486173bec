import { existsSync } from 'node:fs';
import jest from './jest.config.js';

if (!existsSync(process.env.AMAZON_MODELS_DIR ?? '')) {
  console.error(
    'Set AMAZON_MODELS_DIR to a folder with the Swagger files of github.com/amzn/selling-partner-api-models.',
  );
  process.exit(1);
}

const e2e = jest.projects.find(({ displayName }) => displayName === 'e2e');

/** @type {import('jest').Config} */
export default {
  ...e2e,
  // Nothing here touches a database.
  globalSetup: undefined,
  globalTeardown: undefined,
  testPathIgnorePatterns: [],
  displayName: 'models',
  testMatch: ['<rootDir>/test/models/**/*.test.ts'],
  testTimeout: 30_000,
};
