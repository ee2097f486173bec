import type { AddressInfo } from 'node:net';
import formbody from '@fastify/formbody';
import fastify, { type FastifyInstance } from 'fastify';
import { Calls } from './calls.js';
import { registerControl } from './control/control.js';
import { registerHomePage } from './home-page.js';
import { registerLwa } from './lwa/lwa.js';
import { registerMailPages } from './mail/mail-pages.js';
import { Mailbox } from './mail/mailbox.js';
import { createMailCatcher } from './mail/smtp.js';
import { registerAppstore } from './seller-central/appstore.js';
import { registerConsent } from './seller-central/consent.js';
import { registerDevelop } from './seller-central/develop.js';
import { registerManage } from './seller-central/manage.js';
import { registerSpApi } from './sp-api/sp-api.js';
import { UsagePlans } from './sp-api/usage-plans.js';
import type { Stage } from './stage.js';
import { World } from './world/world.js';

/** Where to listen, and by which clock to live. Port 0 takes any free one. */
export interface SimulatorOptions {
  host?: string;
  port?: number;
  smtpPort?: number;
  now?: () => Date;
  /** The OAuth log-in URI of the default application; what `npm start` serves unless stated. */
  loginUri?: string;
}

/** Where a simulator listens. */
export interface SimulatorAddress {
  url: string;
  smtpUrl: string;
}

/** A simulated Amazon with a mail server. */
export interface Simulator {
  /** Starts both servers, or neither. */
  listen(): Promise<SimulatorAddress>;
  /** Ends what is going on, slow answers and idle connections included. */
  close(): Promise<void>;
}

/** Makes a simulator with a world, a mailbox and counts of its own. */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const { host = '127.0.0.1', port = 3001, smtpPort = 3025, now = () => new Date(), loginUri } = options;
  const closing = new AbortController();
  const mailbox = new Mailbox(now);
  const http = createHttpServer({
    world: new World(now, loginUri),
    calls: new Calls(),
    mailbox,
    usagePlans: new UsagePlans(now),
    closing: closing.signal,
  });
  const mailCatcher = createMailCatcher(mailbox);

  async function listen(): Promise<SimulatorAddress> {
    await http.listen({ host, port });
    try {
      const openSmtpPort = await mailCatcher.listen(smtpPort, host);
      const { port: openPort } = http.server.address() as AddressInfo;
      return { url: `http://localhost:${openPort}`, smtpUrl: `smtp://localhost:${openSmtpPort}` };
    } catch (error) {
      await http.close();
      throw error;
    }
  }

  async function close(): Promise<void> {
    closing.abort();
    await Promise.all([http.close(), mailCatcher.close()]);
  }

  return { listen, close };
}

function createHttpServer(stage: Stage): FastifyInstance {
  // Connections that clients keep alive would otherwise keep a closed server waiting.
  const app = fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 200 } });
  app.register(formbody);
  registerHomePage(app, stage);
  registerConsent(app, stage);
  registerAppstore(app, stage);
  registerManage(app, stage);
  registerDevelop(app, stage);
  registerLwa(app, stage);
  registerSpApi(app, stage);
  registerControl(app, stage);
  registerMailPages(app, stage);
  return app;
}
