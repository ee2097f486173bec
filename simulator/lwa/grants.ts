import type { Stage } from '../stage.js';
import type { AuthorizationKind, AuthorizationRef } from '../world/authorizations.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import { misbehave } from '../world/misbehaviour.js';
import { type AccessTokenContent, issueToken, readToken } from '../world/tokens.js';
import { failureAnswers, type LwaAnswer, lwaErrors, type LwaTokens, missingParameter } from './errors.js';

/** The grants of SP-API applications. */
export type GrantType = 'authorization_code' | 'refresh_token' | 'client_credentials';

/** The parameters of a token request, by name. */
export type LwaParameters = Record<string, string | undefined>;

const ACCESS_TOKEN_SECONDS = 3600;
const GRANTLESS_SCOPES = [
  'sellingpartnerapi::notifications',
  'sellingpartnerapi::client_credential:rotation',
  'sellingpartnerapi::shipments:track',
];

/** Answers the token request of an application that has proved who it is. */
export async function answerGrant(
  stage: Stage,
  application: Application,
  grantType: GrantType,
  parameters: LwaParameters,
): Promise<LwaAnswer> {
  switch (grantType) {
    case 'authorization_code':
      return exchangeCode(stage, application, parameters);
    case 'refresh_token':
      return refresh(stage, application, parameters);
    case 'client_credentials':
      return grantless(stage, application, parameters);
  }
}

async function exchangeCode(
  stage: Stage,
  application: Application,
  parameters: LwaParameters,
): Promise<LwaAnswer> {
  if (!parameters['code']) return missingParameter('code');
  const code = stage.world.findCode(parameters['code']);
  if (!code || code.applicationId !== application.applicationId) return lwaErrors.invalidCode;
  const redirectUri = parameters['redirect_uri'];
  if (redirectUri && code.redirectUri && redirectUri !== code.redirectUri)
    return lwaErrors.invalidRedirectUri;

  const partner = stage.world.partner(code.sellingPartnerId);
  stage.calls.lwaCalledFor(partner.sellingPartnerId, 'authorization_code');
  const failure = await misbehave(partner, stage.closing);
  if (failure) return failureAnswers[failure];
  if (!stage.world.redeemCode(code)) return lwaErrors.invalidCode;
  const ref = refOf(application, partner, 'oauth');
  return tokens(stage, ref, issueRefreshToken(stage, application, partner, 'oauth'));
}

async function refresh(
  stage: Stage,
  application: Application,
  parameters: LwaParameters,
): Promise<LwaAnswer> {
  const token = parameters['refresh_token'];
  if (!token) return missingParameter('refresh_token');
  if (parameters['scope']) return lwaErrors.refreshWithScope;
  const content = readToken('Atzr', token);
  if (!content) return lwaErrors.invalidRefreshToken;
  if (content.applicationId !== application.applicationId) return lwaErrors.unauthorizedClient;

  const { partnerType, region } = content;
  const partner = stage.world.partner(content.sellingPartnerId, { partnerType, region });
  stage.calls.lwaCalledFor(partner.sellingPartnerId, 'refresh_token');
  stage.world.rememberGrant(content, content.issuedAt);
  const failure = await misbehave(partner, stage.closing);
  if (failure) return failureAnswers[failure];
  if (stage.world.isRevoked(content, content.issuedAt)) return lwaErrors.revoked;
  return tokens(stage, content, token);
}

function grantless(stage: Stage, application: Application, parameters: LwaParameters): LwaAnswer {
  if (!parameters['scope']) return missingParameter('scope');
  const scopes = parameters['scope'].split(' ');
  if (!scopes.every((scope) => GRANTLESS_SCOPES.includes(scope))) return lwaErrors.unknownScope;
  const holder = { applicationId: application.applicationId, sellingPartnerId: null, kind: 'oauth' } as const;
  return { status: 200, body: accessToken(stage, holder, parameters['scope']) };
}

/** Makes a refresh token of a partner for an application: Amazon's memory of a grant. */
export function issueRefreshToken(
  { world }: Stage,
  application: Application,
  partner: SellingPartner,
  kind: AuthorizationKind,
): string {
  const { partnerType, region } = partner;
  const issuedAt = world.now().getTime();
  return issueToken('Atzr', { ...refOf(application, partner, kind), partnerType, region, issuedAt });
}

function refOf(
  { applicationId }: Application,
  { sellingPartnerId }: SellingPartner,
  kind: AuthorizationKind,
): AuthorizationRef {
  return { applicationId, sellingPartnerId, kind };
}

function tokens(stage: Stage, ref: AuthorizationRef, refreshToken: string): LwaAnswer {
  return { status: 200, body: { ...accessToken(stage, ref, null), refresh_token: refreshToken } };
}

function accessToken(
  { world }: Stage,
  { applicationId, sellingPartnerId, kind }: Pick<AccessTokenContent, keyof AuthorizationRef>,
  scope: string | null,
): LwaTokens {
  const issuedAt = world.now().getTime();
  const expiresAt = issuedAt + ACCESS_TOKEN_SECONDS * 1000;
  const token = issueToken('Atza', { applicationId, sellingPartnerId, kind, scope, issuedAt, expiresAt });
  return { access_token: token, token_type: 'bearer', expires_in: ACCESS_TOKEN_SECONDS };
}
