import type { Stage } from '../stage.js';
import { validSecrets } from '../world/client-secrets.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import { type AccessTokenContent, readToken } from '../world/tokens.js';
import { denied, type SpApiAnswer } from './answers.js';

/** Whom an access token speaks for: an application, on behalf of a partner or with a scope of its own. */
export type Caller =
  { application: Application; partner: SellingPartner } | { application: Application; scopes: string[] };

/** Reads the access token of a request, or says in Amazon's words why it speaks for nobody. */
export function identify({ world }: Stage, header: unknown): Caller | SpApiAnswer {
  if (typeof header !== 'string') return denied('Access token is missing in the request header.');
  const token = readToken('Atza', header);
  const application = token && world.findApplication(token.applicationId);
  if (!application) return INVALID;
  const now = world.now().getTime();
  if (token.expiresAt <= now) return denied('The access token you provided has expired.');
  if (validSecrets(application, world.now()).length === 0) {
    return denied('The LWA secret token you provided has expired.');
  }
  return token.sellingPartnerId === null
    ? { application, scopes: token.scope?.split(' ') ?? [] }
    : onBehalf(world, application, { ...token, sellingPartnerId: token.sellingPartnerId });
}

const INVALID = denied('The access token you provided is revoked, malformed or invalid.');

function onBehalf(
  world: Stage['world'],
  application: Application,
  token: AccessTokenContent & { sellingPartnerId: string },
): Caller | SpApiAnswer {
  if (world.isRevoked(token, token.issuedAt)) return INVALID;
  return { application, partner: world.partner(token.sellingPartnerId) };
}
