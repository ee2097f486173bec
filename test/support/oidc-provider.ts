import { jest } from '@jest/globals';
import { generateKeyPair, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { type Provider } from 'oidc-provider';
import { type BrowserClient } from './browser-client.js';

const CLIENT = { id: 'regrant', secret: 'a-secret-of-the-identity-provider' };

export interface Person {
  sub: string;
  email?: string;
  email_verified?: boolean;
}

/**
 * A real OpenID Connect provider in this process, on a free port of 127.0.0.1. Whoever comes to sign in is `person`.
 */
export class OidcTestProvider {
  /** Who sits at the browser; undefined: somebody who presses "Cancel". */
  person: Person | undefined;
  /** Takes requests and never answers them. */
  hangs = false;
  /** Answered in place of the real keys. */
  forgedKeys: { keys: JsonWebKey[] } | undefined;
  private readonly people = new Map<string, Person>();
  private provider: Provider | undefined;
  private server: Server | undefined;
  private port = 0;
  private redirectTo = '';
  private readonly loading = loadQuietly();

  /** Listens; the same port again after `stop`. */
  async start(): Promise<this> {
    const server = createServer((request, response) => void this.handle(request, response));
    this.server = server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as { port: number }).port;
    await this.rotateKeys();
    return this;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    this.server?.close();
    if (this.server) await once(this.server, 'close');
    this.server = undefined;
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Settings that make sellers sign in here. */
  settings(ways: 'oidc' | 'local,oidc' = 'local,oidc'): Record<string, string> {
    return {
      SELLER_SIGN_IN: ways,
      OIDC_ISSUER: this.issuer,
      OIDC_CLIENT_ID: CLIENT.id,
      OIDC_CLIENT_SECRET: CLIENT.secret,
      OIDC_NAME: 'Acme ID',
    };
  }

  /** Registers the service, whose address is known only after its start. */
  async register(serviceUrl: string): Promise<void> {
    this.redirectTo = serviceUrl;
    await this.rotateKeys();
  }

  /** Signs with a new key from now on, and forgets the old one. */
  async rotateKeys(): Promise<void> {
    const { Provider: RealProvider } = await this.loading;
    const key = await makeKey();
    this.provider = new RealProvider(this.issuer, {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          redirect_uris: [`${this.redirectTo || this.issuer}/login/oidc/callback`],
          post_logout_redirect_uris: [`${this.redirectTo || this.issuer}/login`],
        },
      ],
      jwks: { keys: [key] },
      cookies: { keys: ['cookies of the test provider'] },
      claims: { email: ['email', 'email_verified'] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      findAccount: (_context, sub) => ({
        accountId: sub,
        claims: () => ({ ...(this.people.get(sub) ?? { sub }) }),
      }),
      loadExistingGrant: async ({ oidc }) => {
        const grant = new oidc.provider.Grant({
          clientId: CLIENT.id,
          accountId: oidc.session?.accountId ?? '',
        });
        grant.addOIDCScope('openid email');
        await grant.save();
        return grant;
      },
    });
  }

  /** A public key that looks like the one in use but is another one. */
  async forgeKeys(): Promise<void> {
    const { keys } = (await (await fetch(`${this.issuer}/jwks`)).json()) as { keys: JsonWebKey[] };
    const { n, e } = await makeKey();
    this.forgedKeys = { keys: keys.map((key) => ({ ...key, n, e })) };
  }

  /** Walks through the provider's pages; answers the address it sends the browser back to. */
  async walk(browser: BrowserClient, url: string, back: string): Promise<string> {
    for (let next = url, hops = 0; hops < 10; hops += 1) {
      const answer = await browser.get(next);
      if (!answer.location) throw new Error(`The provider answered ${answer.status} without a redirect`);
      if (answer.location.startsWith(back)) return answer.location;
      next = answer.location;
    }
    throw new Error('The provider never sent the browser back');
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.hangs || !this.provider) return;
    if (request.url === '/jwks' && this.forgedKeys) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(this.forgedKeys));
    } else if (request.url?.startsWith('/interaction/')) {
      if (this.person) this.people.set(this.person.sub, this.person);
      const result = this.person
        ? { login: { accountId: this.person.sub } }
        : { error: 'access_denied', error_description: 'cancelled' };
      await this.provider.interactionFinished(request, response, result);
    } else await this.provider.callback()(request, response);
  }
}

/** The package warns on the console of what does not matter to tests. */
function loadQuietly(): Promise<typeof import('oidc-provider')> {
  for (const level of ['info', 'warn'] as const)
    jest.spyOn(console, level).mockImplementation(() => undefined);
  return import('oidc-provider');
}

const makeKeyPair = promisify(generateKeyPair);

async function makeKey(): Promise<JsonWebKey> {
  const { privateKey } = await makeKeyPair('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' };
}
