import { randomUUID } from 'node:crypto';
import { LwaError } from '../lwa-error.js';
import { type LwaAccessToken, type LwaClient, type LwaGrant, LwaProvider } from '../lwa-provider.js';

type Grant = { clientId: string; sellingPartner: string; dead: boolean };

/**
 * LWA in memory, for unit tests: knows clients, codes and refresh tokens, refuses as LWA does, counts calls, and can be
 * told to fail. The contract suite holds it to the same behaviour as the real one.
 */
export class FakeLwaProvider extends LwaProvider {
  readonly calls: string[] = [];
  /** The next call rejects with this error. */
  failNext: LwaError | undefined;
  /** Each answer waits for this promise first. */
  gate: Promise<unknown> = Promise.resolve();
  expiresInSeconds = 3600;

  private readonly secrets = new Map<string, string>();
  private readonly codes = new Map<string, { clientId: string; sellingPartner: string }>();
  private readonly grants = new Map<string, Grant>();

  addClient({ clientId, clientSecret }: LwaClient): void {
    this.secrets.set(clientId, clientSecret);
  }

  /** A code as a consent hands it out. */
  consent(clientId: string, sellingPartner: string): string {
    const code = `ANfake${randomUUID()}`;
    this.codes.set(code, { clientId, sellingPartner });
    return code;
  }

  /** A refresh token as an earlier exchange gave it. */
  grantTo(clientId: string, sellingPartner: string): string {
    const token = `Atzr|${randomUUID()}`;
    this.grants.set(token, { clientId, sellingPartner, dead: false });
    return token;
  }

  revoke(sellingPartner: string): void {
    for (const grant of this.grants.values()) if (grant.sellingPartner === sellingPartner) grant.dead = true;
  }

  async exchangeCode(client: LwaClient, code: string): Promise<LwaGrant> {
    await this.enter('exchangeCode', client);
    const consent = this.codes.get(code);
    if (consent?.clientId !== client.clientId) throw new LwaError('grant', 'invalid_grant', { status: 400 });
    this.codes.delete(code);
    return { ...this.accessToken(), refreshToken: this.grantTo(client.clientId, consent.sellingPartner) };
  }

  async refresh(client: LwaClient, refreshToken: string): Promise<LwaGrant> {
    await this.enter('refresh', client);
    const grant = this.grants.get(refreshToken);
    if (grant && grant.clientId !== client.clientId)
      throw new LwaError('client', 'unauthorized_client', { status: 400 });
    if (!grant || grant.dead) throw new LwaError('grant', 'invalid_grant', { status: 400 });
    return { ...this.accessToken(), refreshToken };
  }

  async clientCredentials(client: LwaClient, scope: string): Promise<LwaAccessToken> {
    await this.enter('clientCredentials', client);
    if (!scope.startsWith('sellingpartnerapi::'))
      throw new LwaError('client', 'invalid_scope', { status: 400 });
    return this.accessToken();
  }

  private async enter(call: string, { clientId, clientSecret }: LwaClient): Promise<void> {
    this.calls.push(call);
    await this.gate;
    const failure = this.failNext;
    this.failNext = undefined;
    if (failure) throw failure;
    if (this.secrets.get(clientId) !== clientSecret)
      throw new LwaError('client', 'invalid_client', { status: 401 });
  }

  private accessToken(): LwaAccessToken {
    return { accessToken: `Atza|${randomUUID()}`, expiresInSeconds: this.expiresInSeconds };
  }
}
