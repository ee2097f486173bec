import { Expose } from 'class-transformer';
import { IsBoolean, IsEmail, IsIn, IsOptional, IsString } from 'class-validator';
import { isSchedule } from './schedule.js';
import {
  AmazonUrl,
  isAddressRange,
  isAmazonUrl,
  isArnList,
  isIssuer,
  isKeyList,
  isOrigin,
  isTimeZone,
  isTransitKeyList,
  Origin,
  parseUrl,
  PostgresUrl,
  StringSetting,
  toBoolean,
  toInt,
  WholeNumber,
} from './setting-checks.js';

/** Amazon's id of an application, easily confused with its LWA client id. */
export const APPLICATION_ID = /^amzn1\.(sp\.solution|sellerapps\.app)\.[\w-]+$/;

/**
 * The settings as they stand in the environment, under the names that operators know.
 * Validated by class-validator; `parseConfig` turns it into the object the code works with.
 */
export class Environment {
  @Expose()
  @IsIn(['production', 'development', 'test'], { message: 'must be production, development or test' })
  NODE_ENV: 'production' | 'development' | 'test' = 'development';

  @Expose()
  @toInt
  @WholeNumber(0, 65_535, 'a port number')
  PORT: number = 3000;

  @Expose()
  @IsString()
  HOST: string = '127.0.0.1';

  @Expose()
  @IsOptional()
  @Origin
  PUBLIC_URL?: string;

  @Expose()
  @IsOptional()
  @StringSetting('addresses', 'must be IP addresses or ranges, comma separated', (value) =>
    value.split(',').every((part) => isAddressRange(part.trim())),
  )
  TRUST_PROXY?: string;

  @Expose()
  @IsOptional()
  @PostgresUrl
  DATABASE_URL?: string;

  @Expose()
  @IsOptional()
  @PostgresUrl
  DATABASE_LISTEN_URL?: string;

  @Expose()
  @IsOptional()
  @StringSetting('keyList', 'must be id:base64-of-32-bytes, comma separated, each id once', isKeyList)
  ENCRYPTION_KEYS?: string;

  @Expose()
  @IsIn(['local', 'aws-kms', 'vault-transit'], { message: 'must be local, aws-kms or vault-transit' })
  KEY_PROVIDER: 'local' | 'aws-kms' | 'vault-transit' = 'local';

  @Expose()
  @toInt
  @WholeNumber(1, 600, 'a whole number of seconds')
  KEY_PROVIDER_WAIT_SECONDS: number = 30;

  @Expose()
  @IsOptional()
  @StringSetting('keyArns', 'must be key ARNs (arn:aws:kms:…:key/…), comma separated, each once', isArnList)
  AWS_KMS_KEY_IDS?: string;

  @Expose()
  @IsOptional()
  @AmazonUrl
  AWS_KMS_ENDPOINT?: string;

  @Expose()
  @IsOptional()
  @StringSetting(
    'vaultAddress',
    'must be an https URL such as https://vault.example.com:8200 (http only for loopback)',
    (value) => isAmazonUrl(value) && isOrigin(value),
  )
  VAULT_ADDR?: string;

  @Expose()
  @IsOptional()
  @StringSetting('token', 'must be a token without spaces or line breaks', (value) =>
    /^[\x21-\x7e]+$/.test(value),
  )
  VAULT_TOKEN?: string;

  @Expose()
  @IsOptional()
  @IsString()
  VAULT_TOKEN_FILE?: string;

  @Expose()
  @IsOptional()
  @StringSetting('namespace', 'must be a path such as team/a', (value) => /^[\w.\-/]+$/.test(value))
  VAULT_NAMESPACE?: string;

  @Expose()
  @StringSetting('mount', 'must be a path such as transit', (value) => /^[\w.\-/]+$/.test(value))
  VAULT_TRANSIT_MOUNT: string = 'transit';

  @Expose()
  @IsOptional()
  @StringSetting('transitKeys', 'must be names of transit keys, comma separated, each once', isTransitKeyList)
  VAULT_TRANSIT_KEYS?: string;

  @Expose()
  @IsOptional()
  @StringSetting('apiKey', 'must be rgk_<16 or more characters>.<32 or more characters>', (value) =>
    /^rgk_[\w-]{16,}\.[\w-]{32,}$/.test(value),
  )
  BOOTSTRAP_API_KEY?: string;

  @Expose()
  @IsOptional()
  @StringSetting(
    'applicationId',
    'must be an application id such as amzn1.sp.solution.…, not a client id',
    (value) => APPLICATION_ID.test(value),
  )
  SPAPI_APPLICATION_ID?: string;

  @Expose()
  @IsOptional()
  @IsString()
  SPAPI_APPLICATION_NAME: string = 'Regrant';

  @Expose()
  @IsIn(['public', 'private'], { message: 'must be public or private' })
  SPAPI_APPLICATION_TYPE: 'public' | 'private' = 'public';

  @Expose()
  @toBoolean
  @IsBoolean({ message: 'must be true or false' })
  SPAPI_APPLICATION_DRAFT: boolean = false;

  @Expose()
  @IsOptional()
  @IsString()
  LWA_CLIENT_ID?: string;

  @Expose()
  @IsOptional()
  @IsString()
  LWA_CLIENT_SECRET?: string;

  @Expose()
  @AmazonUrl
  LWA_TOKEN_URL: string = 'https://api.amazon.com/auth/o2/token';

  @Expose()
  @toInt
  @WholeNumber(1, 120, 'a whole number of seconds')
  LWA_TIMEOUT_SECONDS: number = 20;

  @Expose()
  @IsOptional()
  @AmazonUrl
  SPAPI_ENDPOINT_NA?: string;

  @Expose()
  @IsOptional()
  @AmazonUrl
  SPAPI_ENDPOINT_EU?: string;

  @Expose()
  @IsOptional()
  @AmazonUrl
  SPAPI_ENDPOINT_FE?: string;

  @Expose()
  @IsOptional()
  @StringSetting('origins', 'must be origins, comma separated', (value) =>
    value.split(',').every((origin) => isOrigin(origin.trim())),
  )
  AMAZON_HOSTS_EXTRA?: string;

  @Expose()
  @IsOptional()
  @Origin
  AMAZON_CONSENT_ORIGIN?: string;

  @Expose()
  @IsOptional()
  @IsString()
  MARKETPLACES_FILE?: string;

  @Expose()
  @IsIn(['query', 'path'], { message: 'must be query or path' })
  CONSENT_URL_FORM: 'query' | 'path' = 'query';

  @Expose()
  @IsOptional()
  @StringSetting('smtpUrl', 'must be an smtp:// or smtps:// URL', (value) =>
    /^smtps?:$/.test(parseUrl(value)?.protocol ?? ''),
  )
  SMTP_URL?: string;

  @Expose()
  @IsOptional()
  @StringSetting('sender', 'must be an address such as Regrant <regrant@example.com>', (value) =>
    /^[^<>\r\n]*<?[^\s<>@]+@[^\s<>@]+>?$/.test(value),
  )
  MAIL_FROM?: string;

  @Expose()
  @IsIn(['local', 'oidc', 'local,oidc', 'oidc,local'], { message: 'must be local, oidc or local,oidc' })
  SELLER_SIGN_IN: string = 'local';

  @Expose()
  @IsOptional()
  @StringSetting('issuer', 'must be an https URL without a query (http only for loopback)', isIssuer)
  OIDC_ISSUER?: string;

  @Expose()
  @IsOptional()
  @IsString()
  OIDC_CLIENT_ID?: string;

  @Expose()
  @IsOptional()
  @IsString()
  OIDC_CLIENT_SECRET?: string;

  @Expose()
  @IsOptional()
  @StringSetting('name', 'must be at most 60 characters', (value) => value.length <= 60)
  OIDC_NAME?: string;

  @Expose()
  @IsOptional()
  @IsEmail({ require_tld: false }, { message: 'must be a mail address' })
  OPERATOR_EMAIL?: string;

  @Expose()
  @toInt
  @WholeNumber(1, 3650, 'a whole number of days')
  RENEWAL_PERIOD_DAYS: number = 365;

  @Expose()
  @StringSetting('days', 'must be whole numbers of days, comma separated', (value) =>
    value.split(',').every((day) => /^-?\d{1,4}$/.test(day.trim())),
  )
  RENEWAL_REMINDER_DAYS: string = '60,30,14,7,1,0,-7,-14';

  @Expose()
  @StringSetting('schedule', 'must be minute, hour, day, month and weekday, such as 0 7 * * *', isSchedule)
  RENEWAL_CRON: string = '0 7 * * *';

  @Expose()
  @StringSetting('timeZone', 'must be a time zone such as Europe/Berlin', isTimeZone)
  RENEWAL_TIMEZONE: string = 'UTC';

  @Expose()
  @toBoolean
  @IsBoolean({ message: 'must be true or false' })
  SELF_AUTHORIZATION_RENEWAL: boolean = false;

  @Expose()
  @IsIn(['on', 'off'], { message: 'must be on or off' })
  RATE_LIMITS: 'on' | 'off' = 'on';

  @Expose()
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    message: 'must be fatal, error, warn, info, debug, trace or silent',
  })
  LOG_LEVEL: string = 'info';
}
