import { describe, expect, it } from '@jest/globals';
import { localPath, loginPath } from './local-path.js';

describe('localPath', () => {
  it.each([
    '/',
    '/connections',
    '/connections/new?x=1&y=%2F',
    '/sp-api/login?amazon_callback_uri=https://sellercentral.amazon.com/x',
  ])('accepts %j', (path) => expect(localPath(path)).toBe(path));

  it.each([
    ['another site', 'https://evil.example/'],
    ['a script', 'javascript:alert(1)'],
    ['a host without a scheme', '//evil.example'],
    ['three slashes', '///evil.example'],
    ['a backslash for a slash', '/\\evil.example'],
    ['a backslash further on', '/x\\..\\..'],
    ['a tab that browsers strip', '/\t/evil.example'],
    ['a line break', '/x\r\nSet-Cookie: a=b'],
    ['a leading space', ' //evil.example'],
    ['a relative path', 'connections'],
    ['nothing', ''],
    ['letters that no header can carry', '/grüße'],
    ['more than any of our addresses', `/${'x'.repeat(5000)}`],
    ['a repeated field', ['/a', '/b']],
    ['no value', undefined],
  ])('refuses %s', (_, value) => expect(localPath(value)).toBeUndefined());
});

describe('loginPath', () => {
  it('comes back to where the seller was', () => {
    expect(loginPath('/connections?a=b&c=d')).toBe('/login?next=%2Fconnections%3Fa%3Db%26c%3Dd');
  });

  it('forgets a place that is not ours', () => {
    expect(loginPath('//evil.example')).toBe('/login');
    expect(loginPath()).toBe('/login');
  });
});
