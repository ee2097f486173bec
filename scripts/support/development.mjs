import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

// The application that the simulator knows. Nothing outside this machine accepts it.
const application = {
  SPAPI_APPLICATION_ID: 'amzn1.sp.solution.51a7e000-0000-4000-8000-000000000001',
  LWA_CLIENT_ID: 'amzn1.application-oa2-client.51a7e0000000000000000000000000a1',
  LWA_CLIENT_SECRET: 'amzn1.oa2-cs.v1.51a7e00000000000000000000000000000000000000000000000000000000000a1',
};

/** The environment for Regrant: what the user set, and for the rest what points to the simulator. */
export function serviceEnvironment(user, { amazon, smtpUrl, key }) {
  const environment = {
    ...application,
    LWA_TOKEN_URL: `${amazon}/auth/o2/token`,
    SPAPI_ENDPOINT_NA: `${amazon}/na`,
    SPAPI_ENDPOINT_EU: `${amazon}/eu`,
    SPAPI_ENDPOINT_FE: `${amazon}/fe`,
    AMAZON_CONSENT_ORIGIN: amazon,
    AMAZON_HOSTS_EXTRA: amazon,
    SMTP_URL: smtpUrl,
    MAIL_FROM: 'Regrant <regrant@localhost>',
    OPERATOR_EMAIL: 'operator@regrant.test',
    BOOTSTRAP_API_KEY: key,
  };
  for (const [name, value] of Object.entries(user)) if (value !== '') environment[name] = value;
  return environment;
}

/** The admin key of this checkout, made once and kept in `folder` where only its owner reads it. */
export function developmentKey(folder) {
  const file = join(folder, 'development-api-key');
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (kept) return kept;
  const key = `rgk_${randomBytes(12).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${file}.new`, `${key}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return key;
}

/** Which of the ports we need is taken, by the name of its setting, with a free one to suggest. */
export async function firstTakenPort(user) {
  const needed = { PORT: 3000, SIMULATOR_PORT: 3001, SIMULATOR_SMTP_PORT: 3025 };
  for (const [name, preset] of Object.entries(needed)) {
    const port = Number(user[name] || preset);
    // What is no port at all is refused in its own words by whoever was to listen there.
    if (!(port >= 0 && port < 65536)) continue;
    const host = (name === 'PORT' ? user.HOST : user.SIMULATOR_HOST) || '127.0.0.1';
    if ((await listen(port, host)) === 'EADDRINUSE') return { name, port, free: await listen(0, host) };
  }
  return undefined;
}

/** Listens for a moment: answers the port, or the code of the error. */
function listen(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.code));
    server.listen(port, host, () => {
      const { port: got } = server.address();
      server.close(() => resolve(got));
    });
  });
}
