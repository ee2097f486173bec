import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import { isIP } from 'node:net';

// What a setting may be, as decorators and questions for the list in environment.ts. No message ever contains a value.

/** A check of one setting that says in one sentence what it must be. */
const Setting = (name: string, meaning: string, accepts: (value: unknown) => boolean): PropertyDecorator =>
  ValidateBy({ name, validator: { validate: accepts, defaultMessage: () => meaning } });

export const StringSetting = (
  name: string,
  meaning: string,
  accepts: (value: string) => boolean,
): PropertyDecorator => Setting(name, meaning, (value) => typeof value === 'string' && accepts(value));

export const WholeNumber = (from: number, to: number, what: string): PropertyDecorator =>
  Setting(
    'wholeNumber',
    `must be ${what} from ${from} to ${to}`,
    (value) => Number.isInteger(value) && Number(value) >= from && Number(value) <= to,
  );

export const toInt = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value,
);
export const toBoolean = Transform(({ value }: { value: unknown }) =>
  value === 'true' ? true : value === 'false' ? false : value,
);

export function parseUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

export const isOrigin = (value: string): boolean => {
  const url = parseUrl(value);
  return !!url && /^https?:$/.test(url.protocol) && url.origin === value.replace(/\/$/, '');
};
export const isAmazonUrl = (value: string): boolean => {
  const url = parseUrl(value);
  return !!url && (url.protocol === 'https:' || (url.protocol === 'http:' && loopback.has(url.hostname)));
};
export const isKeyList = (value: string): boolean =>
  value.split(',').every((entry) => {
    const [id, key, ...rest] = entry.trim().split(':');
    return !rest.length && /^[\w-]{1,32}$/.test(id ?? '') && Buffer.from(key ?? '', 'base64').length === 32;
  }) && new Set(value.split(',').map((entry) => entry.trim().split(':')[0])).size === value.split(',').length;

export const isAddressRange = (value: string): boolean => {
  const [address = '', bits, ...rest] = value.split('/');
  const width = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return (
    !rest.length && width > 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= width))
  );
};

const isListOf =
  (entry: RegExp) =>
  (value: string): boolean => {
    const entries = value.split(',').map((part) => part.trim());
    return entries.every((part) => entry.test(part)) && new Set(entries).size === entries.length;
  };
export const isArnList = isListOf(/^arn:aws[a-z-]*:kms:[a-z\d-]+:\d{12}:key\/[\w-]+$/);
export const isTransitKeyList = isListOf(/^\w[\w.-]{0,127}$/);

export const isTimeZone = (value: string): boolean => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: value }));
  } catch {
    return false;
  }
};

export const Origin = StringSetting(
  'origin',
  'must be an origin such as https://regrant.example.com',
  isOrigin,
);
export const isIssuer = (value: string): boolean => isAmazonUrl(value) && !/[?#]/.test(value);
export const AmazonUrl = StringSetting(
  'amazonUrl',
  'must be an https URL (http only for loopback)',
  isAmazonUrl,
);

export const PostgresUrl = StringSetting('postgresUrl', 'must be a postgresql:// URL', (value) =>
  /^postgres(ql)?:$/.test(parseUrl(value)?.protocol ?? ''),
);
