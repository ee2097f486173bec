import { setTimeout as sleep } from 'node:timers/promises';
import { CookieJar } from 'tough-cookie';
import { findForm } from './forms.mjs';

/** The one application that the simulator knows from its start. */
const APPLICATION_ID = 'amzn1.sp.solution.51a7e000-0000-4000-8000-000000000001';
const TIMEOUT_MILLISECONDS = 30_000;
const MAIL_MILLISECONDS = 15_000;

async function send(url, init = {}) {
  const response = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    ...init,
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return {
    url: String(url),
    status: response.status,
    headers: response.headers,
    location: response.headers.has('location') ? new URL(response.headers.get('location'), url).href : '',
    body: /json/.test(type) && text ? JSON.parse(text) : text,
  };
}

/** A seller's browser: cookies, forms and redirects, of which it follows none by itself. */
export class Browser {
  #jar = new CookieJar();

  constructor(origin) {
    this.origin = origin;
  }

  get(address) {
    return this.#request('GET', address);
  }

  /** Sends the form with that button as a person would: hidden and preset fields as they are. */
  async submit(page, button, change = {}) {
    const form = findForm(page.body, button);
    if (!form) throw new Error(`There is no button "${button}" on ${path(page.url)} (HTTP ${page.status})`);
    const fields = { ...form.fields, ...change };
    for (const [name, text] of Object.entries(change))
      fields[name] = form.options[name]?.find((option) => option.text === text)?.value ?? text;
    const target = new URL(form.action || page.url, page.url);
    if (form.method === 'post') return this.#request('POST', target, new URLSearchParams(fields));
    target.search = new URLSearchParams(fields).toString();
    return this.#request('GET', target);
  }

  async #request(method, address, body) {
    const url = new URL(address, this.origin).href;
    const cookie = await this.#jar.getCookieString(url);
    const answer = await send(url, { method, body, headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) await this.#jar.setCookie(line, url);
    return answer;
  }
}

/** An internal program with an API key. */
export class Program {
  constructor(origin, key) {
    this.origin = origin;
    this.key = key;
  }

  call(method, path, body) {
    return send(new URL(`/api/v1${path}`, this.origin), {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  /** As an SDK for the Selling Partner API asks Login with Amazon for a token. */
  callAsSdk(refreshToken) {
    const [clientId, clientSecret] = this.key.split('.', 2);
    return send(new URL('/auth/o2/token', this.origin), {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: clientId,
        client_secret: clientSecret,
      }),
    });
  }

  /** The Selling Partner API itself, at the endpoint that came with the token. */
  callSellingPartnerApi(endpoint, path, accessToken) {
    return send(`${endpoint}${path}`, { headers: { 'x-amz-access-token': accessToken } });
  }
}

/** The control API of the simulated Amazon. */
export class Simulator {
  constructor(origin) {
    this.origin = origin;
  }

  async #control(method, path, body) {
    const answer = await send(`${this.origin}/_simulator${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (answer.status >= 400)
      throw new Error(`The simulator refuses ${method} ${path}: HTTP ${answer.status}`);
    return answer.body;
  }

  async tokenCalls() {
    return (await this.#control('GET', '/calls')).lwa.total;
  }

  script(sellingPartnerId, change) {
    return this.#control('PUT', `/selling-partners/${sellingPartnerId}`, change);
  }

  async scriptApplication(change) {
    return this.#control('PUT', `/applications/${APPLICATION_ID}`, change);
  }

  /** The refresh token of a grant that another system got at Amazon. */
  async grant(sellingPartnerId) {
    const grant = { applicationId: APPLICATION_ID, sellingPartnerId, kind: 'oauth' };
    return (await this.#control('POST', '/grants', grant)).refreshToken;
  }

  /** The newest mail to that address whose subject matches, as soon as it has arrived. */
  async mailTo(address, subject) {
    const deadline = Date.now() + MAIL_MILLISECONDS;
    while (Date.now() < deadline) {
      const mails = await this.#control('GET', `/mails?to=${encodeURIComponent(address)}`);
      const mail = mails.find((candidate) => subject.test(candidate.subject));
      if (mail) return mail;
      await sleep(50);
    }
    throw new Error(`No mail with a subject like ${subject} came to ${address}`);
  }
}

const path = (url) => new URL(url).pathname;
