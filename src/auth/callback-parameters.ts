import { ConnectFailure } from './connect-failure.js';

/** What Amazon's redirect brings; without code and partner when the consent was not given. */
export interface CallbackParameters {
  state: string;
  sellingPartnerId?: string;
  code?: string;
  /** Amazon's own error code, should one arrive: Amazon documents none, but some have seen it. */
  amazonError?: string;
}

/**
 * Reads the redirect's query: each parameter exactly once and of a sane length; parameters that we do not know
 * (`mws_auth_token`, say) are let pass.
 * @throws ConnectFailure `malformed`; `without_state` when Amazon was left by another door than ours, as a lapsed
 * seller does who presses "Enable Authorization" at Amazon
 */
export function readCallback(query: Record<string, unknown>): CallbackParameters {
  const { state: rawState, spapi_oauth_code: rawCode, selling_partner_id: rawId } = query;
  if (rawState === undefined && (rawCode !== undefined || rawId !== undefined))
    throw new ConnectFailure('without_state');
  const state = single(rawState, /^[\w-]{20,128}$/);
  if (state && rawCode === undefined) {
    const amazonError = single(query['error_code'] ?? query['error'], /^[A-Z]{2,}[A-Z0-9_]{2,40}$/);
    return { state, ...(amazonError && { amazonError }) };
  }
  const code = single(rawCode, /^[\x21-\x7e]{1,2048}$/);
  const sellingPartnerId = single(rawId, /^[\x21-\x7e]{1,100}$/);
  if (!state || !code || !sellingPartnerId) throw new ConnectFailure('malformed');
  return { state, sellingPartnerId, code };
}

function single(value: unknown, form: RegExp): string | undefined {
  return typeof value === 'string' && form.test(value) ? value : undefined;
}
