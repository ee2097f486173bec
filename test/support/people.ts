import { randomBytes } from 'node:crypto';
import { API_KEY } from './app.js';
import { BrowserClient } from './browser-client.js';

export const PASSWORD = 'correct horse battery staple';

/** A new seller, signed up and signed in. */
export async function signUp(url: string): Promise<BrowserClient & { email: string }> {
  const email = `seller-${randomBytes(6).toString('hex')}@example.com`;
  const browser = new BrowserClient(url);
  const answer = await browser.submit('/signup', 'Sign up', { email, password: PASSWORD });
  if (answer.status !== 303) throw new Error(`Sign-up answered ${answer.status}`);
  return Object.assign(browser, { email });
}

export const randomPartner = (): string => `A2TEST${randomBytes(4).toString('hex').toUpperCase()}`;

/** Calls the API as a program does. */
export async function api<T = Record<string, unknown>>(
  url: string,
  method: string,
  path: string,
  { body, key = API_KEY }: { body?: unknown; key?: string } = {},
): Promise<{ status: number; headers: Headers; body: T }> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text ? JSON.parse(text) : undefined) as T,
  };
}
