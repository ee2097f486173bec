import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type BrowserClient } from './browser-client.js';

export const APPLICATION = {
  SPAPI_APPLICATION_ID: 'amzn1.sp.solution.51a7e000-0000-4000-8000-000000000001',
  LWA_CLIENT_ID: 'amzn1.application-oa2-client.51a7e0000000000000000000000000a1',
  LWA_CLIENT_SECRET: 'amzn1.oa2-cs.v1.51a7e00000000000000000000000000000000000000000000000000000000000a1',
};

export interface CaughtMail {
  to: string[];
  subject: string;
  text: string;
  html: string;
  messageId: string;
}

/** The simulator as a real process, on ports of its own. */
export class Simulator {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly smtpUrl: string,
  ) {}

  static async start(): Promise<Simulator> {
    const child = fork('dist-simulator/main.js', {
      env: { ...process.env, SIMULATOR_PORT: '0', SIMULATOR_SMTP_PORT: '0', NODE_OPTIONS: '' },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [ready] = (await once(child, 'message')) as [{ url: string; smtpUrl: string }];
    return new Simulator(child, ready.url, ready.smtpUrl);
  }

  /** Settings that point Regrant here. */
  get settings(): Record<string, string> {
    return {
      ...APPLICATION,
      LWA_TOKEN_URL: `${this.url}/auth/o2/token`,
      SPAPI_ENDPOINT_NA: `${this.url}/na`,
      SPAPI_ENDPOINT_EU: `${this.url}/eu`,
      SPAPI_ENDPOINT_FE: `${this.url}/fe`,
      AMAZON_CONSENT_ORIGIN: this.url,
      AMAZON_HOSTS_EXTRA: this.url,
      SMTP_URL: this.smtpUrl,
    };
  }

  /** Consents at the page that a consent URL leads to, and answers the callback URL that Amazon redirects to. */
  async consent(consentUrl: string, sellingPartnerId: string): Promise<string> {
    const query = Object.fromEntries(new URL(consentUrl).searchParams);
    const body = new URLSearchParams({ ...query, selling_partner_id: sellingPartnerId, action: 'confirm' });
    const response = await fetch(`${this.url}/apps/authorize/consent`, {
      method: 'POST',
      body,
      redirect: 'manual',
    });
    const location = response.headers.get('location');
    if (response.status !== 302 || !location)
      throw new Error(`The consent was not given: HTTP ${response.status}`);
    return location;
  }

  /** The whole way through Amazon, up to our answer to the callback. */
  async connect(browser: BrowserClient, sellingPartnerId: string, fields: Record<string, string> = {}) {
    const left = await browser.submit('/connections/new', 'Continue to Amazon', fields);
    return browser.get(await this.consent(left.location, sellingPartnerId));
  }

  async partner(id: string, change: Record<string, unknown>): Promise<void> {
    await this.control('PUT', `/selling-partners/${id}`, change);
  }

  async application(change: Record<string, unknown>): Promise<void> {
    await this.control('PUT', `/applications/${APPLICATION.SPAPI_APPLICATION_ID}`, change);
  }

  /** Calls of LWA for one selling partner, by grant type. */
  async lwaCalls(sellingPartnerId: string): Promise<Record<string, number>> {
    const calls = (await this.control('GET', '/calls')) as {
      lwa: { bySellingPartner: Record<string, Record<string, number>> };
    };
    return calls.lwa.bySellingPartner[sellingPartnerId] ?? {};
  }

  async mailsTo(address: string): Promise<CaughtMail[]> {
    return (await this.control('GET', `/mails?to=${encodeURIComponent(address)}`)) as CaughtMail[];
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill();
    await once(this.child, 'exit');
  }

  private async control(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}/_simulator${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }
}
