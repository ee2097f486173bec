import { CookieJar } from 'tough-cookie';

export interface Answer {
  status: number;
  headers: Headers;
  /** Where a redirect points, absolute; empty without one. */
  location: string;
  body: string;
}

/** A browser without a screen: cookies, forms and redirects over plain HTTP. Follows no redirect by itself. */
export class BrowserClient {
  readonly jar = new CookieJar();

  constructor(private readonly origin: string) {}

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('GET', path, { headers });
  }

  async post(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return this.request('POST', path, { body: new URLSearchParams(fields), headers });
  }

  /** Fills in and sends the form with that button, hidden fields included, as a person would. */
  async submit(path: string, button: string, fields: Record<string, string> = {}): Promise<Answer> {
    const page = await this.get(path);
    return this.submitForm(page, path, button, fields);
  }

  async submitForm(
    page: Answer,
    path: string,
    button: string,
    fields: Record<string, string> = {},
  ): Promise<Answer> {
    const form = findForm(page.body, button);
    if (!form) throw new Error(`No form with a button "${button}" on ${path} (status ${page.status})`);
    const all = { ...form.fields, ...fields };
    if (form.method === 'get')
      return this.get(`${form.action || path}?${new URLSearchParams(all).toString()}`);
    return this.post(form.action || path, all);
  }

  private async request(method: string, path: string, init: RequestInit): Promise<Answer> {
    const url = new URL(path, this.origin).href;
    const response = await fetch(url, {
      ...init,
      method,
      redirect: 'manual',
      headers: { ...(init.headers as Record<string, string>), cookie: await this.jar.getCookieString(url) },
    });
    for (const cookie of response.headers.getSetCookie()) await this.jar.setCookie(cookie, url);
    const location = response.headers.get('location');
    return {
      status: response.status,
      headers: response.headers,
      location: location ? new URL(location, url).href : '',
      body: await response.text(),
    };
  }
}

/** Reads the form around a button: its action and the fields it would send unchanged. */
function findForm(
  html: string,
  button: string,
): { action: string; method: string; fields: Record<string, string> } | undefined {
  for (const [, attributes = '', content = ''] of html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)) {
    const buttons = [...content.matchAll(/<button[^>]*>([\s\S]*?)<\/button>/g)].map(([, text]) =>
      text?.trim(),
    );
    if (!buttons.includes(button)) continue;
    const fields: Record<string, string> = {};
    for (const [input] of content.matchAll(/<input[^>]*>/g)) {
      const name = attribute(input, 'name');
      const unchosen = /type="(radio|checkbox)"/.test(input) && !/\schecked/.test(input);
      if (name && !unchosen) fields[name] = attribute(input, 'value');
    }
    for (const [, select = '', options = ''] of content.matchAll(/<select([^>]*)>([\s\S]*?)<\/select>/g)) {
      const tags = [...options.matchAll(/<option[^>]*>/g)].map(([tag]) => tag);
      const chosen = tags.find((tag) => /\sselected/.test(tag)) ?? tags[0];
      if (chosen) fields[attribute(select, 'name')] = attribute(chosen, 'value');
    }
    return { action: attribute(attributes, 'action'), method: attribute(attributes, 'method'), fields };
  }
  return undefined;
}

function attribute(tag: string, name: string): string {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
  return value
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
