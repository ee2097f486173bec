import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { Environment } from './environment.js';

export type Region = 'NA' | 'EU' | 'FE';
export type KeyProviderName = 'local' | 'aws-kms' | 'vault-transit';

/** Thrown by `parseConfig`: one message that names every missing or bad setting, never a value. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly { name: string; problem: string }[]) {
    const width = Math.max(...problems.map(({ name }) => name.length));
    const rows = problems.map(({ name, problem }) => `  ${name.padEnd(width)}  ${problem}`);
    const count = problems.length === 1 ? '1 setting needs' : `${problems.length} settings need`;
    super([`Regrant cannot start: ${count} attention.`, ...rows].join('\n'));
    this.name = 'ConfigError';
  }
}

/** The company's identity provider. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What people call it: "Continue with …". */
  readonly name: string;
}

/** Every setting, typed and ready to use. The injection token of its only instance. */
export class RegrantConfig {
  readonly production: boolean;
  /** 0: any free port. */
  readonly port: number;
  readonly host: string;
  /** Origin that browsers see, without a trailing slash. Follows the real port when PORT is 0. */
  publicUrl: string;
  readonly trustProxy: readonly string[];
  /** Undefined only in development until the embedded PostgreSQL has been started. */
  databaseUrl: string | undefined;
  /** A direct connection to the same database, where `databaseUrl` leads through a transaction pooler. */
  readonly databaseListenUrl: string | undefined;
  /** Keys of the local provider. The first wraps, all unwrap. 32 bytes each. */
  readonly encryptionKeys: readonly { id: string; key: Buffer }[];
  readonly keyProvider: {
    /** The one that wraps data keys; the others that have settings still unwrap. */
    readonly provider: KeyProviderName;
    /** How long a start waits for a provider that does not answer. */
    readonly waitSeconds: number;
    readonly awsKms:
      { readonly keyIds: readonly string[]; readonly endpoint: string | undefined } | undefined;
    readonly vault:
      | {
          readonly address: string;
          readonly token: string | undefined;
          readonly tokenFile: string | undefined;
          readonly namespace: string | undefined;
          readonly mount: string;
          readonly keys: readonly string[];
        }
      | undefined;
  };
  readonly bootstrapApiKey: string | undefined;
  /** The application that is created at start when it is absent. */
  readonly application:
    | {
        readonly applicationId: string;
        readonly lwaClientId: string;
        readonly lwaClientSecret: string;
        readonly name: string;
        readonly type: 'public' | 'private';
        readonly draft: boolean;
      }
    | undefined;
  readonly lwa: { readonly tokenUrl: string; readonly timeoutSeconds: number };
  /** Where the marketplace table is not to be followed. */
  readonly spApiEndpoints: Readonly<Record<Region, string | undefined>>;
  readonly amazonHostsExtra: readonly string[];
  readonly amazonConsentOrigin: string | undefined;
  /** JSON that overrides rows of the marketplace table. */
  readonly marketplacesFile: string | undefined;
  /** Where the consent URL carries the application id. */
  readonly consentUrlForm: 'query' | 'path';
  readonly mail: { readonly smtpUrl: string | undefined; readonly from: string };
  /** How sellers sign in: with accounts of our own, by the company's OpenID Connect provider, or both. */
  readonly signIn: { readonly local: boolean; readonly oidc: OidcSettings | undefined };
  readonly operatorEmail: string | undefined;
  readonly renewal: {
    readonly periodDays: number;
    /** Days before (negative: after) the due date, largest first. */
    readonly reminderDays: readonly number[];
    readonly selfAuthorizations: boolean;
    /** When a run starts: minute, hour, day, month and weekday in that time zone. */
    readonly cron: string;
    readonly timeZone: string;
  };
  readonly rateLimits: boolean;
  readonly logLevel: string;
  private readonly publicUrlGiven: boolean;

  constructor(environment: Environment) {
    const env = environment;
    this.production = env.NODE_ENV === 'production';
    this.port = env.PORT;
    this.host = env.HOST;
    this.publicUrl = (env.PUBLIC_URL ?? `http://localhost:${env.PORT}`).replace(/\/$/, '');
    this.publicUrlGiven = env.PUBLIC_URL !== undefined;
    this.trustProxy = list(env.TRUST_PROXY);
    this.databaseUrl = env.DATABASE_URL;
    this.databaseListenUrl = env.DATABASE_LISTEN_URL;
    this.encryptionKeys = parseKeys(env.ENCRYPTION_KEYS);
    this.keyProvider = keyProvider(env);
    this.bootstrapApiKey = env.BOOTSTRAP_API_KEY;
    this.application = firstApplication(env);
    this.lwa = { tokenUrl: env.LWA_TOKEN_URL, timeoutSeconds: env.LWA_TIMEOUT_SECONDS };
    this.spApiEndpoints = {
      NA: env.SPAPI_ENDPOINT_NA?.replace(/\/$/, ''),
      EU: env.SPAPI_ENDPOINT_EU?.replace(/\/$/, ''),
      FE: env.SPAPI_ENDPOINT_FE?.replace(/\/$/, ''),
    };
    this.amazonHostsExtra = list(env.AMAZON_HOSTS_EXTRA).map((origin) => origin.replace(/\/$/, ''));
    this.amazonConsentOrigin = env.AMAZON_CONSENT_ORIGIN?.replace(/\/$/, '');
    this.marketplacesFile = env.MARKETPLACES_FILE;
    this.consentUrlForm = env.CONSENT_URL_FORM;
    this.mail = {
      smtpUrl: env.SMTP_URL,
      from: env.MAIL_FROM ?? `Regrant <regrant@${new URL(this.publicUrl).hostname}>`,
    };
    this.signIn = { local: list(env.SELLER_SIGN_IN).includes('local'), oidc: oidcSettings(env) };
    this.operatorEmail = env.OPERATOR_EMAIL;
    this.renewal = {
      periodDays: env.RENEWAL_PERIOD_DAYS,
      reminderDays: list(env.RENEWAL_REMINDER_DAYS)
        .map(Number)
        .sort((a, b) => b - a),
      selfAuthorizations: env.SELF_AUTHORIZATION_RENEWAL,
      cron: env.RENEWAL_CRON,
      timeZone: env.RENEWAL_TIMEZONE,
    };
    this.rateLimits = env.RATE_LIMITS === 'on';
    this.logLevel = env.LOG_LEVEL;
  }

  /** Tells the port that the system chose for PORT=0: without a PUBLIC_URL, browsers find us there. */
  listensOn(port: number): void {
    if (!this.publicUrlGiven) this.publicUrl = `http://localhost:${port}`;
  }

  /** Whether browsers reach us over https: cookies are then Secure and carry the `__Host-` prefix. */
  get secure(): boolean {
    return this.publicUrl.startsWith('https:');
  }
}

/**
 * Reads all settings from `env` (as `process.env`). An empty value counts as unset.
 * @throws ConfigError naming every problem at once
 */
export function parseConfig(env: Record<string, string | undefined>): RegrantConfig {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const environment = plainToInstance(Environment, given, {
    excludeExtraneousValues: true,
    exposeDefaultValues: true,
  });
  const problems = validateSync(environment).map(({ property, constraints }) => ({
    name: property,
    problem: Object.values(constraints ?? {})
      .map((message) => message.replace(`${property} `, ''))
      .join('; '),
  }));
  const bad = new Set(problems.map(({ name }) => name));
  problems.push(...crossChecks(environment).filter(({ name }) => !bad.has(name)));
  if (problems.length) throw new ConfigError(problems.sort((a, b) => a.name.localeCompare(b.name)));
  return new RegrantConfig(environment);
}

/** What no setting can be judged on alone: sets that belong together, and what production refuses. */
function crossChecks(env: Environment): { name: string; problem: string }[] {
  const problems: { name: string; problem: string }[] = [];
  const trio = ['SPAPI_APPLICATION_ID', 'LWA_CLIENT_ID', 'LWA_CLIENT_SECRET'] as const;
  if (trio.some((name) => env[name]))
    for (const name of trio)
      if (!env[name]) problems.push({ name, problem: `is missing: ${trio.join(', ')} belong together` });
  problems.push(...keyProviderChecks(env));
  if (list(env.SELLER_SIGN_IN).includes('oidc'))
    for (const name of ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'OIDC_NAME'] as const)
      if (!env[name]) problems.push({ name, problem: 'is missing: SELLER_SIGN_IN has oidc' });
  if (env.NODE_ENV !== 'production') return problems;

  for (const name of ['DATABASE_URL', 'PUBLIC_URL', 'SMTP_URL'] as const)
    if (!env[name]) problems.push({ name, problem: 'is missing (required in production)' });
  if (env.PUBLIC_URL && !env.PUBLIC_URL.startsWith('https:'))
    problems.push({ name: 'PUBLIC_URL', problem: 'must start with https:// in production' });
  for (const name of ['AMAZON_HOSTS_EXTRA', 'AMAZON_CONSENT_ORIGIN'] as const)
    if (env[name]) problems.push({ name, problem: 'is for development only and refused in production' });
  if (env.RATE_LIMITS === 'off')
    problems.push({ name: 'RATE_LIMITS', problem: 'cannot be off in production' });
  return problems;
}

/** The settings of each key provider: complete when it is the one that wraps, and when it may only unwrap. */
function keyProviderChecks(env: Environment): { name: string; problem: string }[] {
  const missing = (name: keyof Environment, why: string) => ({ name, problem: `is missing (${why})` });
  const problems: { name: string; problem: string }[] = [];
  if (env.KEY_PROVIDER === 'local' && env.NODE_ENV === 'production' && !env.ENCRYPTION_KEYS)
    problems.push(missing('ENCRYPTION_KEYS', 'required in production, or set KEY_PROVIDER'));
  if (env.KEY_PROVIDER === 'aws-kms' && !env.AWS_KMS_KEY_IDS)
    problems.push(missing('AWS_KMS_KEY_IDS', 'KEY_PROVIDER is aws-kms'));
  if (env.KEY_PROVIDER !== 'vault-transit' && !env.VAULT_TRANSIT_KEYS) return problems;
  const why =
    env.KEY_PROVIDER === 'vault-transit' ? 'KEY_PROVIDER is vault-transit' : 'VAULT_TRANSIT_KEYS is set';
  for (const name of ['VAULT_ADDR', 'VAULT_TRANSIT_KEYS'] as const)
    if (!env[name]) problems.push(missing(name, why));
  if (!env.VAULT_TOKEN === !env.VAULT_TOKEN_FILE)
    problems.push({ name: 'VAULT_TOKEN', problem: 'or VAULT_TOKEN_FILE must be set, one of the two' });
  return problems;
}

function keyProvider(env: Environment): RegrantConfig['keyProvider'] {
  const awsKeyIds = list(env.AWS_KMS_KEY_IDS);
  const vaultKeys = list(env.VAULT_TRANSIT_KEYS);
  return {
    provider: env.KEY_PROVIDER,
    waitSeconds: env.KEY_PROVIDER_WAIT_SECONDS,
    awsKms: awsKeyIds.length ? { keyIds: awsKeyIds, endpoint: env.AWS_KMS_ENDPOINT } : undefined,
    vault: vaultKeys.length
      ? {
          address: (env.VAULT_ADDR ?? '').replace(/\/$/, ''),
          token: env.VAULT_TOKEN,
          tokenFile: env.VAULT_TOKEN_FILE,
          namespace: env.VAULT_NAMESPACE,
          mount: env.VAULT_TRANSIT_MOUNT.replace(/^\/|\/$/g, ''),
          keys: vaultKeys,
        }
      : undefined,
  };
}

function oidcSettings(env: Environment): OidcSettings | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = env;
  if (!list(env.SELLER_SIGN_IN).includes('oidc') || !issuer || !clientId || !clientSecret) return undefined;
  return { issuer, clientId, clientSecret, name: env.OIDC_NAME ?? '' };
}

function firstApplication(env: Environment): RegrantConfig['application'] {
  if (!env.SPAPI_APPLICATION_ID || !env.LWA_CLIENT_ID || !env.LWA_CLIENT_SECRET) return undefined;
  return {
    applicationId: env.SPAPI_APPLICATION_ID,
    lwaClientId: env.LWA_CLIENT_ID,
    lwaClientSecret: env.LWA_CLIENT_SECRET,
    name: env.SPAPI_APPLICATION_NAME,
    type: env.SPAPI_APPLICATION_TYPE,
    draft: env.SPAPI_APPLICATION_DRAFT,
  };
}

/** `id:base64,id:base64` as a list of keys, in order. */
export function parseKeys(value: string | undefined): { id: string; key: Buffer }[] {
  return list(value).map((entry) => {
    const [id = '', key = ''] = entry.split(':');
    return { id, key: Buffer.from(key, 'base64') };
  });
}

function list(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}
