import { expect } from '@jest/globals';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { startTestApp, type TestApp } from '../../support/app.js';
import { OidcTestProvider } from '../../support/oidc-provider.js';
import { Simulator } from '../../support/simulator.js';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Regrant on a database of its own, the simulated Amazon as a process, and Chromium to visit them with. */
export class Website {
  private readonly violations: string[] = [];

  private constructor(
    readonly simulator: Simulator,
    readonly app: TestApp,
    readonly provider: OidcTestProvider,
    private readonly browser: Browser,
  ) {}

  static async open(): Promise<Website> {
    const simulator = await Simulator.start();
    const provider = await new OidcTestProvider().start();
    const app = await startTestApp({ ...simulator.settings, ...provider.settings() });
    await provider.register(app.url);
    const executablePath = process.env['CHROMIUM_PATH'];
    return new Website(simulator, app, provider, await chromium.launch({ executablePath, args: ARGUMENTS }));
  }

  /** A page of somebody with cookies of their own. */
  async visitor(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ baseURL: this.app.url, ...options });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) this.violations.push(message.text());
    });
    page.on('pageerror', (error) => this.violations.push(error.message));
    return page;
  }

  /** Sends everybody home, and fails when a page of theirs broke its Content-Security-Policy. */
  async sendHome(): Promise<void> {
    for (const context of this.browser.contexts()) await context.close();
    expect(this.violations.splice(0)).toEqual([]);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.app.stop();
    await this.provider.stop();
    await this.simulator.stop();
  }
}
