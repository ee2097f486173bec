import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folder for what development keeps between starts: encryption keys and the embedded database. */
export const developmentFolder = (): string => join(process.cwd(), '.regrant');

/**
 * The environment that settings are read from: `.env` (if there is one) below `process.env`, and outside
 * production an encryption key made once into `.regrant/encryption-keys`, so that a first start needs no setting.
 */
export function readEnvironment(): Record<string, string | undefined> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  if (process.env['NODE_ENV'] === 'production' || process.env['ENCRYPTION_KEYS']) return process.env;
  return { ...process.env, ENCRYPTION_KEYS: developmentKeys() };
}

function developmentKeys(): string {
  const file = join(developmentFolder(), 'encryption-keys');
  if (!existsSync(file)) {
    mkdirSync(developmentFolder(), { recursive: true });
    // Written aside, then linked: a kill leaves no half key, and of two first starts both read the same one.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, `dev1:${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      unlinkSync(draft);
    }
  }
  return readFileSync(file, 'utf8').trim();
}
