import { RegrantError } from '../common/errors.js';

/** What Amazon opens the log-in URI with. */
export interface LoginRequest {
  callbackUri: string;
  /** As it stood in the query, still encoded: it goes back byte for byte. */
  rawAmazonState: string;
  sellingPartnerId: string;
  /** Amazon says `version=beta` while the application is a draft. */
  beta: boolean;
}

/**
 * Reads the log-in URI's query: each parameter exactly once and of a sane length, others are let pass.
 * @param url path and query as they came in
 * @throws LoginRefused
 */
export function readLoginRequest(url: string): LoginRequest {
  const query = url.slice(url.indexOf('?') + 1 || url.length);
  const callbackUri = decoded(only(query, 'amazon_callback_uri'));
  const rawAmazonState = only(query, 'amazon_state');
  const sellingPartnerId = decoded(only(query, 'selling_partner_id'));
  if (!callbackUri || !sellingPartnerId || !/^[A-Za-z0-9._-]{1,100}$/.test(sellingPartnerId))
    throw incomplete();
  if (!rawAmazonState || !/^[!"$-~]{1,2048}$/.test(rawAmazonState)) throw incomplete();
  const beta = values(query, 'version').includes('beta');
  return { callbackUri, rawAmazonState, sellingPartnerId, beta };
}

/** The parameter's value as it is written; undefined when it is absent or repeated. */
function only(query: string, name: string): string | undefined {
  const found = values(query, name);
  return found.length === 1 ? found[0] : undefined;
}

function values(query: string, name: string): string[] {
  return query
    .split('&')
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1));
}

function decoded(value: string | undefined): string | undefined {
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

const REFUSALS = {
  incomplete: {
    title: 'This address is not complete',
    message: 'Amazon opens this page with a few parameters, and some are missing or given twice.',
    advice: 'Start again from Amazon: in the Selling Partner Appstore, or under Manage Your Apps.',
  },
  foreign_callback: {
    title: 'This address does not come from Amazon',
    message: 'It asks to continue at a place that is not one of Amazon’s, so we stopped here.',
    advice:
      'Nothing was connected and you were sent nowhere. If somebody gave you this link, do not use it. To connect, start in the Selling Partner Appstore or on this website.',
  },
  unknown_application: {
    title: 'This is about an application that we do not know',
    message: 'Amazon asks to authorize an application that is not set up here.',
    advice: 'Start again from the application’s page in the Selling Partner Appstore.',
  },
} as const;

/** The log-in URI was opened with something that we do not act on. Redirects nowhere. */
export class LoginRefused extends RegrantError {
  constructor(readonly reason: keyof typeof REFUSALS) {
    const { title, message, advice } = REFUSALS[reason];
    const action = { label: 'Connect from this website', href: '/connections/new' };
    super('invalid_request', 400, title, message, { advice, action });
  }
}

const incomplete = () => new LoginRefused('incomplete');
