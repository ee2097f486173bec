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
  async consent(
    consentUrl: string,
    sellingPartnerId: string,
    more: Record<string, string> = {},
  ): Promise<string> {
    const query = Object.fromEntries(new URL(consentUrl).searchParams);
    const fields = { ...query, selling_partner_id: sellingPartnerId, action: 'confirm', ...more };
    return redirection(await this.send('/apps/authorize/consent', fields));
  }

  /** The whole way through Amazon, up to our answer to the callback. */
  async connect(browser: BrowserClient, sellingPartnerId: string, fields: Record<string, string> = {}) {
    const left = await browser.submit('/connections/new', 'Continue to Amazon', fields);
    return browser.get(await this.consent(left.location, sellingPartnerId));
  }

  /**
   * Accepts the application in the Appstore and answers the address at which Amazon loads our log-in page. Where that
   * page is, an application says with `loginUri`.
   */
  async appstore(sellingPartnerId: string): Promise<string> {
    const page = await this.send('/appstore/consent', { ...ids(sellingPartnerId), action: 'confirm' });
    return logInAddress(await page.text());
  }

  /** Presses "Re-Authorize" in Manage Your Apps, accepts, and answers the address of our log-in page. */
  async reauthorize(sellingPartnerId: string): Promise<string> {
    const page = await fetch(`${this.url}/apps/manage?selling_partner_id=${sellingPartnerId}`);
    if (!(await page.text()).includes('>Re-Authorize<')) throw new Error('Amazon offers no "Re-Authorize"');
    return this.appstore(sellingPartnerId);
  }

  /** Presses "Enable Authorization", which a lapsed authorization offers, and answers the callback URL. */
  async enable(sellingPartnerId: string): Promise<string> {
    return redirection(await this.send('/apps/manage/enable', ids(sellingPartnerId)));
  }

  /** Presses "Disable" in Manage Your Apps. */
  async disable(sellingPartnerId: string): Promise<void> {
    const { status } = await this.send('/apps/manage/disable', ids(sellingPartnerId));
    if (status !== 303) throw new Error(`The authorization was not disabled: HTTP ${status}`);
  }

  /** Follows the address of Amazon that our log-in page leads to, and answers the callback URL behind it. */
  async confirm(amazonCallbackUrl: string): Promise<string> {
    return redirection(await fetch(new URL(amazonCallbackUrl, this.url), { redirect: 'manual' }));
  }

  async partner(id: string, change: Record<string, unknown>): Promise<void> {
    await this.control('PUT', `/selling-partners/${id}`, change);
  }

  /** Changes the application, or another one, which is made if there is none. */
  async application(
    change: Record<string, unknown>,
    applicationId = APPLICATION.SPAPI_APPLICATION_ID,
  ): Promise<void> {
    await this.control('PUT', `/applications/${applicationId}`, change);
  }

  /** A refresh token as the developer's console shows it, past its limit of ten accounts. */
  async selfAuthorize(
    sellingPartnerId: string,
    applicationId = APPLICATION.SPAPI_APPLICATION_ID,
  ): Promise<string> {
    const body = { applicationId, sellingPartnerId, kind: 'self' };
    return ((await this.control('POST', '/grants', body)) as { refreshToken: string }).refreshToken;
  }

  /** Switches Amazon's usage plans; they are on from the start. */
  async usagePlans(mode: 'on' | 'off'): Promise<void> {
    await this.control('PUT', '/usage-plans', { mode });
  }

  /** How often LWA answered with that error. */
  async lwaErrors(error: string): Promise<number> {
    const calls = (await this.control('GET', '/calls')) as { lwa: { errors: Record<string, number> } };
    return calls.lwa.errors[error] ?? 0;
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

  private send(path: string, fields: Record<string, string>): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      redirect: 'manual',
    });
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

const ids = (sellingPartnerId: string) => ({
  application_id: APPLICATION.SPAPI_APPLICATION_ID,
  selling_partner_id: sellingPartnerId,
});

/** Where Amazon sends the browser; its error page otherwise ends the test, with the code that it shows. */
async function redirection(response: Response): Promise<string> {
  const location = response.headers.get('location');
  if (response.status === 302 && location) return location;
  const [, code = ''] = /<strong>([^<]*)<\/strong>:/.exec(await response.text()) ?? [];
  throw new Error(`Amazon does not redirect: HTTP ${response.status} ${code}`);
}

function logInAddress(page: string): string {
  const [, href] = /href="([^"]*)">Login to [^<]* now</.exec(page) ?? [];
  if (!href) throw new Error('Amazon offers no link "Login to … now"');
  return href.replaceAll('&amp;', '&');
}
