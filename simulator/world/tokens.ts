import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AuthorizationKind } from './authorizations.js';
import type { PartnerType } from './default-world.js';
import type { Region } from './marketplaces.js';

/** What a refresh token says: enough to honour it in a world that was made anew. */
export interface RefreshTokenContent {
  applicationId: string;
  sellingPartnerId: string;
  kind: AuthorizationKind;
  partnerType: PartnerType;
  region: Region;
  issuedAt: number;
}

/** What an access token says; a grantless one has a scope in place of a selling partner. */
export interface AccessTokenContent {
  applicationId: string;
  sellingPartnerId: string | null;
  kind: AuthorizationKind;
  scope: string | null;
  issuedAt: number;
  expiresAt: number;
}

/** What a restricted data token says. */
export interface RestrictedDataTokenContent {
  applicationId: string;
  sellingPartnerId: string;
  expiresAt: number;
}

interface Contents {
  Atzr: RefreshTokenContent;
  Atza: AccessTokenContent;
  'Atz.sprdt': RestrictedDataTokenContent;
}

// Fixed, not secret: it tells the simulator's tokens from mistyped ones, across restarts.
const SIGNING_KEY = 'regrant simulator';

function sign(text: string): string {
  return createHmac('sha256', SIGNING_KEY).update(text).digest('base64url');
}

/** Makes a token that describes itself, so that tokens outlive the process that issued them. */
export function issueToken<P extends keyof Contents>(prefix: P, content: Contents[P]): string {
  const payload = JSON.stringify({ ...content, nonce: randomBytes(48).toString('base64url') });
  const unsigned = `${prefix}|${Buffer.from(payload).toString('base64url')}`;
  return `${unsigned}.${sign(unsigned)}`;
}

/** Reads a token that a simulator issued; null for any other text. */
export function readToken<P extends keyof Contents>(prefix: P, token: string): Contents[P] | null {
  const dot = token.lastIndexOf('.');
  const [unsigned, signature] = [token.slice(0, Math.max(dot, 0)), token.slice(dot + 1)];
  const expected = Buffer.from(sign(unsigned));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  if (!unsigned.startsWith(`${prefix}|`)) return null;
  const payload = Buffer.from(unsigned.slice(prefix.length + 1), 'base64url').toString();
  return JSON.parse(payload) as Contents[P];
}
