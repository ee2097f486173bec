import { describe, expect, it } from '@jest/globals';
import { readAmazonCallback } from './amazon-callback.js';

const ID = 'amzn1.sp.solution.51a7e000-0000-4000-8000-000000000001';
const PATH = `/apps/authorize/confirm/${ID}`;
const ORIGINS = new Set(['https://sellercentral.amazon.com', 'https://amazon.com', 'http://localhost:3001']);
const read = (value: string) => readAmazonCallback(value, (origin) => ORIGINS.has(origin));

describe('readAmazonCallback', () => {
  it.each([
    `https://sellercentral.amazon.com${PATH}`,
    `https://amazon.com${PATH}`,
    `http://localhost:3001${PATH}`,
    'https://sellercentral.amazon.com/apps/authorize/confirm/amzn1.sellerapps.app.x-1',
  ])('accepts %s', (value) => {
    expect(read(value)?.url?.href).toBe(value);
  });

  it('knows a relative address by its path, and the application by its last part', () => {
    expect(read(PATH)).toEqual({ url: undefined, path: PATH, applicationId: ID });
  });

  it.each([
    ['nothing', ''],
    ['another site', `https://evil.example${PATH}`],
    ['a look-alike below another domain', `https://sellercentral.amazon.com.evil.example${PATH}`],
    ['a look-alike with another ending', `https://sellercentral.amazon.attacker.com${PATH}`],
    ['a look-alike with a hyphen', `https://sellercentral-amazon.com${PATH}`],
    ['a look-alike with a prefix', `https://evilsellercentral.amazon.com${PATH}`],
    ['a host that ends in Amazon’s', `https://evil-amazon.com${PATH}`],
    ['a subdomain that nobody listed', `https://x.amazon.com${PATH}`],
    ['a marketplace’s shop', `https://www.amazon.de${PATH}`],
    ['userinfo', `https://sellercentral.amazon.com@evil.example${PATH}`],
    ['userinfo on the right host', `https://evil@sellercentral.amazon.com${PATH}`],
    ['a password on the right host', `https://a:b@sellercentral.amazon.com${PATH}`],
    ['an empty userinfo', `https://@sellercentral.amazon.com${PATH}`],
    ['another port', `https://sellercentral.amazon.com:8443${PATH}`],
    ['the default port, spelled out', `https://sellercentral.amazon.com:443${PATH}`],
    ['an empty port', `https://sellercentral.amazon.com:${PATH}`],
    ['plain http', `http://sellercentral.amazon.com${PATH}`],
    ['a script', `javascript:location='https://sellercentral.amazon.com${PATH}'`],
    ['data', `data:text/html,<script>https://sellercentral.amazon.com${PATH}</script>`],
    ['a file', `file://sellercentral.amazon.com${PATH}`],
    ['ftp', `ftp://sellercentral.amazon.com${PATH}`],
    ['a blob', `blob:https://sellercentral.amazon.com${PATH}`],
    ['no scheme', `//evil.example${PATH}`],
    ['no scheme on the right host', `//sellercentral.amazon.com${PATH}`],
    ['three slashes', `///evil.example${PATH}`],
    ['one slash after the scheme', `https:/sellercentral.amazon.com${PATH}`],
    ['no slash after the scheme', `https:sellercentral.amazon.com${PATH}`],
    ['backslashes', `https:\\\\evil.example${PATH}`],
    ['a backslash before the right host', `https://evil.example\\@sellercentral.amazon.com${PATH}`],
    ['a backslash in the path', `https://sellercentral.amazon.com/apps\\authorize/confirm/${ID}`],
    ['a backslash that starts a relative one', `/\\evil.example${PATH}`],
    ['a trailing dot', `https://sellercentral.amazon.com.${PATH}`],
    ['upper case', `https://SellerCentral.amazon.com${PATH}`],
    ['a Cyrillic letter', `https://sellercentral.аmazon.com${PATH}`],
    ['full-width letters', `https://sellercentral.ａmazon.com${PATH}`],
    ['a full-width dot', `https://sellercentral．amazon.com${PATH}`],
    ['an ideographic full stop', `https://evil.example。sellercentral.amazon.com${PATH}`],
    ['a soft hyphen', `https://sellercentral.ama\u00adzon.com${PATH}`],
    ['a zero-width space', `https://sellercentral.amazon.com\u200b${PATH}`],
    ['a percent-encoded host', `https://sellercentral%2eamazon.com${PATH}`],
    ['an encoded slash in the host', `https://evil.example%2fsellercentral.amazon.com${PATH}`],
    ['a line feed', `https://sellercentral.amazon.com\n${PATH}`],
    ['a header of its own', `https://sellercentral.amazon.com${PATH}\r\nSet-Cookie: a=b`],
    ['an encoded line break', `https://sellercentral.amazon.com${PATH}%0d%0aSet-Cookie:%20a=b`],
    ['a tab within the scheme', `ht\ttps://sellercentral.amazon.com${PATH}`],
    ['a leading space', ` https://sellercentral.amazon.com${PATH}`],
    ['a trailing space', `https://sellercentral.amazon.com${PATH} `],
    ['a null byte', `https://sellercentral.amazon.com\u0000.evil.example${PATH}`],
    ['another path', 'https://sellercentral.amazon.com/gp/redirect?url=https://evil.example'],
    ['the path without an application', 'https://sellercentral.amazon.com/apps/authorize/confirm/'],
    ['a way up', `https://sellercentral.amazon.com/apps/authorize/confirm/../../../redirect/${ID}`],
    ['a way up instead of an application', 'https://sellercentral.amazon.com/apps/authorize/confirm/..'],
    ['an encoded way up', `https://sellercentral.amazon.com/apps/authorize/confirm/%2e%2e/${ID}`],
    ['an encoded slash', `https://sellercentral.amazon.com/apps/authorize/confirm%2f${ID}`],
    ['a double slash', `https://sellercentral.amazon.com//apps/authorize/confirm/${ID}`],
    ['more path', `https://sellercentral.amazon.com${PATH}/more`],
    ['parameters of its own', `https://sellercentral.amazon.com${PATH}?redirect_uri=https://evil.example`],
    ['an empty query', `https://sellercentral.amazon.com${PATH}?`],
    ['a fragment', `https://sellercentral.amazon.com${PATH}#x`],
    ['path parameters', `https://sellercentral.amazon.com${PATH};x=y`],
    ['a relative path without a slash', PATH.slice(1)],
    ['a relative way up', `/apps/authorize/confirm/../${ID}`],
    ['an IP address', `https://127.0.0.1${PATH}`],
    ['an IP address as a number', `https://2130706433${PATH}`],
    ['an IPv6 address', `https://[::1]${PATH}`],
    ['more than any of Amazon’s addresses', `https://sellercentral.amazon.com${PATH}${'x'.repeat(2000)}`],
  ])('refuses %s', (_what, value) => {
    expect(read(value)).toBeUndefined();
  });
});
