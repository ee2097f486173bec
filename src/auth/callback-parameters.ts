import { ConnectFailure } from './connect-failure.js';

/** What Amazon's redirect brings. */
export interface CallbackParameters {
  state: string;
  sellingPartnerId: string;
  code: string;
}

/**
 * Reads the redirect's query: each parameter exactly once and of a sane length; parameters that we do not know
 * (`mws_auth_token`, say) are let pass.
 * @throws ConnectFailure `malformed`, or `not_authorized` when there is a state but no code
 */
export function readCallback(query: Record<string, unknown>): CallbackParameters {
  const state = single(query['state'], /^[\w-]{20,128}$/);
  if (state && query['spapi_oauth_code'] === undefined) throw new ConnectFailure('not_authorized');
  const code = single(query['spapi_oauth_code'], /^[\x21-\x7e]{1,2048}$/);
  const sellingPartnerId = single(query['selling_partner_id'], /^[\x21-\x7e]{1,100}$/);
  if (!state || !code || !sellingPartnerId) throw new ConnectFailure('malformed');
  return { state, sellingPartnerId, code };
}

function single(value: unknown, form: RegExp): string | undefined {
  return typeof value === 'string' && form.test(value) ? value : undefined;
}
