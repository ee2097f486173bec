import { describe, expect, it } from '@jest/globals';
import { hashPassword, passwordProblem, verifyPassword } from './passwords.js';

const EMAIL = 'marlene@example.com';

describe('passwordProblem', () => {
  it.each([
    'seven blue otters paddle',
    'correct horse battery staple',
    'Tq8!vzR2#pLm',
    'пароль из семи слов',
    '合言葉は十二文字以上ですよ',
  ])('accepts %j', (password) => expect(passwordProblem(password, EMAIL)).toBeUndefined());

  it.each(['', 'short', 'elevenchars'])('refuses %j as too short', (password) =>
    expect(passwordProblem(password, EMAIL)).toMatch(/at least 12/),
  );

  it('counts characters as people do, not UTF-16 units', () => {
    expect(passwordProblem('🦊🐢🐙🦉🐝🐌', EMAIL)).toMatch(/at least 12/);
  });

  it('refuses more than 200 characters', () => {
    const long = [...Array(201).keys()].map((i) => String.fromCodePoint(0x4e00 + i)).join('');
    expect(passwordProblem(long, EMAIL)).toMatch(/at most 200/);
    expect(passwordProblem(long.slice(1), EMAIL)).toBeUndefined();
  });

  it.each([
    'passwordpassword', 'P@ssw0rd-2024!!', 'Password1234', 'Welcome123456', '12345iloveyou', 'sellercentral', 'administrator1',
  ])('refuses %j as common', (password) => expect(passwordProblem(password, EMAIL)).toMatch(/too easy/)); // prettier-ignore

  it.each([
    'aaaaaaaaaaaa', 'abababababab', 'abcdefabcdef', '123456789012', '210987654321', 'qwertyuiopas', 'mnbvcxzlkjhgf', 'ABCDEFGHIJKLMN', 'aaaaaaaaaaab',
  ])('refuses %j as a pattern', (password) => expect(passwordProblem(password, EMAIL)).toMatch(/too easy/)); // prettier-ignore

  it.each(['marlene@example.com', 'marlene12345', 'MARLENE-2026!'])(
    'refuses %j, which is the address and little else',
    (password) => expect(passwordProblem(password, EMAIL)).toMatch(/address/),
  );

  it('accepts a password that mentions the address among enough else', () => {
    expect(passwordProblem('marlene paints seven doors', EMAIL)).toBeUndefined();
  });
});

describe('hashPassword', () => {
  it('makes Argon2id hashes with the recommended cost', async () => {
    expect(await hashPassword('seven blue otters paddle')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('takes the same characters typed in another Unicode form for the same password', async () => {
    const hashed = await hashPassword('Zoë’s ﬁne password');
    expect(await verifyPassword(hashed, 'Zoe\u0308’s fine password')).toBe(true);
    expect(await verifyPassword(hashed, 'Zoe’s fine password')).toBe(false);
  });
});
