import { type Failure, GARBAGE } from '../world/misbehaviour.js';

/** An answer of the token endpoint; a body of type string goes out as HTML. */
export interface LwaAnswer {
  status: number;
  body: { error: string; error_description: string } | LwaTokens | string;
  headers?: Record<string, string>;
}

export interface LwaTokens {
  access_token: string;
  token_type: 'bearer';
  expires_in: number;
  refresh_token?: string;
}

function refusal(status: number, error: string, description: string): LwaAnswer {
  return { status, body: { error, error_description: description } };
}

/** Amazon's refusals, word for word where its words are known. */
export const lwaErrors = {
  malformedRequest: refusal(400, 'invalid_request', 'The request is malformed'),
  refreshWithScope: refusal(400, 'invalid_request', 'The request has an invalid parameter : scope'),
  unsupportedGrantType: refusal(
    400,
    'unsupported_grant_type',
    'The authorization grant type is not supported by the authorization server',
  ),
  unknownScope: refusal(400, 'invalid_scope', 'An unknown scope was requested'),
  invalidClient: refusal(401, 'invalid_client', 'Client authentication failed'),
  unauthorizedClient: refusal(400, 'unauthorized_client', 'Not authorized for requested operation'),
  invalidCode: refusal(400, 'invalid_grant', 'The request has an invalid grant parameter : code'),
  invalidRedirectUri: refusal(
    400,
    'invalid_grant',
    'The request has an invalid grant parameter : redirect_uri',
  ),
  invalidRefreshToken: refusal(
    400,
    'invalid_grant',
    'The request has an invalid grant parameter : refresh_token',
  ),
  revoked: refusal(
    400,
    'invalid_grant',
    "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission.",
  ),
};

/** The refusal of a request that lacks a parameter. */
export function missingParameter(name: string): LwaAnswer {
  return refusal(400, 'invalid_request', `The request is missing a required parameter : ${name}`);
}

/** What the token endpoint sends when a scenario makes it fail. */
export const failureAnswers: Record<Failure, LwaAnswer> = {
  throttled: {
    ...refusal(429, 'temporarily_unavailable', 'The request was throttled'),
    headers: { 'retry-after': '1' },
  },
  error500: refusal(500, 'server_error', 'Internal Server Error'),
  garbage: { status: 200, body: GARBAGE },
};
