import { describe, expect, it } from '@jest/globals';
import { ConfigError, parseConfig } from './config.js';

const KEY = Buffer.alloc(32, 1).toString('base64');

/** What production needs at least. */
const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://regrant.example.com',
  DATABASE_URL: 'postgresql://regrant:hidden@db.example.com/regrant?sslmode=verify-full',
  ENCRYPTION_KEYS: `k1:${KEY}`,
  SMTP_URL: 'smtps://mail.example.com',
};
const application = {
  SPAPI_APPLICATION_ID: 'amzn1.sp.solution.0',
  LWA_CLIENT_ID: 'amzn1.application-oa2-client.0',
  LWA_CLIENT_SECRET: 'amzn1.oa2-cs.v1.0',
};

function failure(env: Record<string, string>): ConfigError {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('Every setting was accepted.');
}

describe('parseConfig', () => {
  it('needs nothing in development, and then means the real Amazon', () => {
    expect(parseConfig({})).toMatchObject({
      production: false,
      port: 3000,
      host: '127.0.0.1',
      publicUrl: 'http://localhost:3000',
      secure: false,
      trustProxy: [],
      databaseUrl: undefined,
      bootstrapApiKey: undefined,
      application: undefined,
      lwa: { tokenUrl: 'https://api.amazon.com/auth/o2/token', timeoutSeconds: 20 },
      // Overrides only: where Amazon's are stands with the marketplaces.
      spApiEndpoints: { NA: undefined, EU: undefined, FE: undefined },
      amazonHostsExtra: [],
      amazonConsentOrigin: undefined,
      mail: { smtpUrl: undefined, from: 'Regrant <regrant@localhost>' },
      operatorEmail: undefined,
      renewal: {
        periodDays: 365,
        reminderDays: [60, 30, 14, 7, 1, 0, -7, -14],
        selfAuthorizations: false,
      },
      rateLimits: true,
      logLevel: 'info',
    });
  });

  it('turns what is set into what the code works with', () => {
    const config = parseConfig({
      ...production,
      ...application,
      PUBLIC_URL: 'https://regrant.example.com/',
      PORT: '8080',
      TRUST_PROXY: '10.0.0.0/8, ::1',
      ENCRYPTION_KEYS: `new:${KEY}, old:${KEY}`,
      SPAPI_APPLICATION_DRAFT: 'true',
      SPAPI_APPLICATION_TYPE: 'private',
      SPAPI_ENDPOINT_EU: 'http://localhost:3001/eu/',
      RENEWAL_REMINDER_DAYS: '-3, 10, 0',
    });
    expect(config).toMatchObject({
      port: 8080,
      publicUrl: 'https://regrant.example.com',
      secure: true,
      trustProxy: ['10.0.0.0/8', '::1'],
      application: { name: 'Regrant', type: 'private', draft: true },
      spApiEndpoints: { EU: 'http://localhost:3001/eu' },
      mail: { from: 'Regrant <regrant@regrant.example.com>' },
      renewal: { reminderDays: [10, 0, -3] },
    });
    expect(config.encryptionKeys.map(({ id, key }) => [id, key.length])).toEqual([
      ['new', 32],
      ['old', 32],
    ]);
  });

  it('takes an empty or blank value as unset', () => {
    const blank = Object.fromEntries(
      Object.keys({ ...production, ...application }).map((name) => [name, ' ']),
    );
    expect(parseConfig({ ...blank, PORT: '', LOG_LEVEL: '' })).toEqual(parseConfig({}));
  });

  it.each([
    ['NODE_ENV', 'staging'],
    ['PORT', '70000'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', 'http'],
    ['PUBLIC_URL', 'shop.example.org'],
    ['PUBLIC_URL', 'https://regrant.example.com/path'],
    ['PUBLIC_URL', 'https://user:word@regrant.example.com'],
    ['PUBLIC_URL', 'ftp://regrant.example.com'],
    ['TRUST_PROXY', 'all'],
    ['TRUST_PROXY', 'face'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0.0/8/8'],
    ['TRUST_PROXY', '10.0.0.1,'],
    ['DATABASE_URL', 'mysql://db.example.com'],
    ['DATABASE_URL', 'db.example.com'],
    ['ENCRYPTION_KEYS', KEY],
    ['ENCRYPTION_KEYS', 'k1:c2hvcnQ='],
    ['ENCRYPTION_KEYS', `k1:${KEY},k1:${KEY}`],
    ['ENCRYPTION_KEYS', `k 1:${KEY}`],
    ['BOOTSTRAP_API_KEY', 'rgk_short.short'],
    ['BOOTSTRAP_API_KEY', `rgk_${'a'.repeat(16)}`],
    ['SPAPI_APPLICATION_ID', 'amzn1.application-oa2-client.0'],
    ['SPAPI_APPLICATION_TYPE', 'secret'],
    ['SPAPI_APPLICATION_DRAFT', 'yes'],
    ['LWA_TOKEN_URL', 'http://api.amazon.com/auth/o2/token'],
    ['LWA_TIMEOUT_SECONDS', '0'],
    ['LWA_TIMEOUT_SECONDS', '121'],
    ['SPAPI_ENDPOINT_NA', 'http://127.0.0.2'],
    ['SPAPI_ENDPOINT_EU', 'sellingpartnerapi-eu.amazon.com'],
    ['SPAPI_ENDPOINT_FE', '//sellingpartnerapi-fe.amazon.com'],
    ['AMAZON_HOSTS_EXTRA', 'https://a.example.com,b.example.com'],
    ['AMAZON_CONSENT_ORIGIN', 'https://a.example.com/apps'],
    ['SMTP_URL', 'mail.example.com:25'],
    ['MAIL_FROM', 'Sender'],
    ['MAIL_FROM', 'Regrant <a@example.com>\r\nBcc: b@example.com'],
    ['OPERATOR_EMAIL', 'operator'],
    ['RENEWAL_PERIOD_DAYS', '0'],
    ['RENEWAL_REMINDER_DAYS', '30;7'],
    ['RENEWAL_REMINDER_DAYS', '30,,7'],
    ['SELF_AUTHORIZATION_RENEWAL', '1'],
    ['RATE_LIMITS', 'none'],
    ['KEY_PROVIDER', 'vault'],
    ['KEY_PROVIDER_WAIT_SECONDS', '601'],
    ['LOG_LEVEL', 'verbose'],
  ])('refuses %s=%j in one sentence that does not repeat it', (name, value) => {
    const others: Record<string, string> = name in application ? application : {};
    const { problems, message } = failure({ ...others, [name]: value });
    expect(problems).toEqual([{ name, problem: expect.stringMatching(/^(must|is) [^;]+$/) }]);
    if (value.length > 5) expect(message).not.toContain(value);
  });

  it('names all problems at once, sorted, and no value', () => {
    const { message } = failure({
      PORT: 'port-value',
      SMTP_URL: 'smtp-value',
      LWA_CLIENT_SECRET: 'secret-value',
      DATABASE_URL: 'mysql://user:database-value@db',
    });
    expect(message.split('\n').map((line) => line.trim().split(' ')[0])).toEqual([
      ...['Regrant', 'DATABASE_URL', 'LWA_CLIENT_ID', 'PORT', 'SMTP_URL', 'SPAPI_APPLICATION_ID'],
    ]);
    expect(message).toContain('5 settings need attention');
    expect(message).not.toContain('-value');
  });

  it.each(Object.keys(application))('asks for the other two when only %s is set', (name) => {
    const { problems } = failure({ [name]: application[name as keyof typeof application] });
    const others = Object.keys(application).filter((other) => other !== name);
    expect(problems.map((problem) => problem.name).sort()).toEqual(others.sort());
  });
});

describe('parseConfig in production', () => {
  it('accepts what it needs at least', () => {
    expect(parseConfig(production)).toMatchObject({ production: true, secure: true });
  });

  it.each(['DATABASE_URL', 'ENCRYPTION_KEYS', 'PUBLIC_URL', 'SMTP_URL'])(
    'refuses to go without %s',
    (name) => {
      expect(failure({ ...production, [name]: '' }).problems.map((problem) => problem.name)).toEqual([name]);
    },
  );

  it.each([
    ['PUBLIC_URL', 'http://regrant.example.com'],
    ['AMAZON_HOSTS_EXTRA', 'https://amazon.example.com'],
    ['AMAZON_CONSENT_ORIGIN', 'https://amazon.example.com'],
    ['RATE_LIMITS', 'off'],
  ])('refuses %s=%s, which development allows', (name, value) => {
    expect(failure({ ...production, [name]: value }).problems.map((problem) => problem.name)).toEqual([name]);
    expect(() => parseConfig({ [name]: value })).not.toThrow();
  });
});

describe('the port that the system chooses', () => {
  it('becomes part of the public URL, unless that is set', () => {
    const open = parseConfig({ PORT: '0' });
    open.listensOn(4711);
    expect(open.publicUrl).toBe('http://localhost:4711');
    const fixed = parseConfig({ PORT: '0', PUBLIC_URL: 'https://regrant.example.com' });
    fixed.listensOn(4711);
    expect(fixed.publicUrl).toBe('https://regrant.example.com');
  });
});
