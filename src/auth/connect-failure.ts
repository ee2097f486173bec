import { type ErrorCode, RegrantError } from '../common/errors.js';
import { AMAZON_ERRORS } from './amazon-errors.js';

const again = { label: 'Connect again', href: '/connections/new' };
const signIn = { label: 'Sign in and connect again', href: '/login?next=%2Fconnections%2Fnew' };

const start = { label: 'Go to the start page', href: '/' };

interface Failure {
  code: ErrorCode;
  status: number;
  title: string;
  message: string;
  advice: string;
  action: { label: string; href: string };
}

/** Everything that can end a connection without success, and what the seller reads then. */
const FAILURES = {
  malformed: {
    code: 'invalid_request',
    status: 400,
    title: 'This answer from Amazon is not complete',
    message: 'The address you came back with lacks something, or has it twice.',
    advice: 'Nothing was connected. Please start the connection again.',
    action: again,
  },
  not_authorized: {
    code: 'invalid_request',
    status: 400,
    title: 'The authorization was cancelled',
    message: 'Amazon sent you back without an authorization.',
    advice:
      'Nothing was connected. If you cancelled by mistake, simply start again. If Amazon showed you an error code, /help/amazon-errors says what it means.',
    action: again,
  },
  without_state: {
    code: 'invalid_request',
    status: 400,
    title: 'Please connect from this website',
    message: 'Amazon sent you here with an authorization that was not started on this website.',
    advice:
      'We cannot tell whose it is, so nothing was connected. Sign in and connect again: it takes a minute, and what you had connected before stays.',
    action: signIn,
  },
  unknown: {
    code: 'invalid_request',
    status: 400,
    title: 'We cannot match this answer to a connection you started',
    message: 'It belongs to no connection that we know of, or to one that is long over.',
    advice: 'Nothing was connected. Sign in on this website and connect your Amazon account from here.',
    action: signIn,
  },
  signed_out: {
    code: 'forbidden',
    status: 403,
    title: 'You are not signed in any more',
    message: 'We only connect an Amazon account to the account that started the connection.',
    advice: 'Nothing was connected. Sign in and connect again.',
    action: signIn,
  },
  foreign: {
    code: 'forbidden',
    status: 403,
    title: 'This connection was started elsewhere',
    message: 'It was started in another browser or by another account of this website.',
    advice: 'Nothing was connected. Please start it again in this browser.',
    action: again,
  },
  expired: {
    code: 'invalid_request',
    status: 400,
    title: 'This took too long',
    message: 'A connection must be finished within ten minutes; Amazon asks for that too.',
    advice: 'Nothing was connected. Please start the connection again.',
    action: again,
  },
  interrupted: {
    code: 'internal',
    status: 503,
    title: 'The connection was interrupted',
    message: 'Something stopped on our side before we could finish.',
    advice: 'Nothing was connected. Please start the connection again.',
    action: again,
  },
  other_partner: {
    code: 'conflict',
    status: 409,
    title: 'That was a different Amazon account',
    message: 'You renewed with another Amazon account than the one of this connection.',
    advice:
      'Nothing was replaced. Sign out at Amazon, sign in with the right account there, and renew again.',
    action: { label: 'Back to your connections', href: '/connections' },
  },
  other_region: {
    code: 'conflict',
    status: 409,
    title: 'That was an account of another region',
    message: 'You renewed with an Amazon account that sells in another region than this connection.',
    advice:
      'Nothing was replaced. Renew again and choose the right account at Amazon, or connect the other region as a new connection.',
    action: { label: 'Back to your connections', href: '/connections' },
  },
  link_unknown: {
    code: 'not_found',
    status: 404,
    title: 'This link does not work',
    message: 'It is not complete, or it was withdrawn.',
    advice: 'Open it again from where you got it, or ask for a new one.',
    action: start,
  },
  link_used: {
    code: 'conflict',
    status: 409,
    title: 'This link was used already',
    message: 'It connected an Amazon account, and each link does so once.',
    advice: 'There is nothing left to do. To connect another account, ask for a new link.',
    action: start,
  },
  link_expired: {
    code: 'invalid_request',
    status: 410,
    title: 'This link has expired',
    message: 'It was good for a limited time only.',
    advice: 'Nothing was connected. Please ask for a new link.',
    action: start,
  },
  owned_by_another: {
    code: 'conflict',
    status: 409,
    title: 'This Amazon account is already connected',
    message: 'It is connected to another account of this website.',
    advice:
      'Nothing was changed. Sign in with the account that connected it first, or disconnect it there; if you cannot, ask us for help.',
    action: { label: 'Back to your connections', href: '/connections' },
  },
  code_refused: {
    code: 'invalid_request',
    status: 400,
    title: 'Amazon did not accept the authorization',
    message: 'Amazon says that its code was used before or is older than five minutes.',
    advice: 'Nothing was connected. Please start the connection again.',
    action: again,
  },
  credentials_rejected: {
    code: 'application_credentials_rejected',
    status: 503,
    title: 'We cannot connect Amazon accounts right now',
    message: 'Amazon does not accept the credentials of our application. We have been told.',
    advice: 'Nothing was connected, and it is nothing you did. Please try again later.',
    action: again,
  },
  amazon_unavailable: {
    code: 'amazon_unavailable',
    status: 503,
    title: 'Amazon does not answer right now',
    message: 'We could not finish the connection because Amazon did not answer in time.',
    advice: 'Nothing was connected. Please try again in a few minutes.',
    action: again,
  },
} satisfies Record<string, Failure>;

const openAgain = 'Nothing was connected. Please open your link again to start over.';

export type FailureName = keyof typeof FAILURES;

/** The end of a connection that did not work, as a page. */
export class ConnectFailure extends RegrantError {
  constructor(
    readonly reason: FailureName,
    cause?: unknown,
    change: Partial<Failure> = {},
  ) {
    const { code, status, title, message, advice, action }: Failure = { ...FAILURES[reason], ...change };
    super(code, status, title, message, {
      advice,
      action,
      cause,
      ...(status === 503 && { retryAfterSeconds: 60 }),
    });
  }

  /** The same for somebody who came by a connect link: who has no account here cannot connect from here. */
  forLink(): ConnectFailure {
    if (this.reason.startsWith('link_')) return this;
    return new ConnectFailure(this.reason, this.cause, { advice: openAgain, action: start });
  }

  /** The consent was not given; with Amazon's code for the reason, where there is one that we can explain. */
  static atAmazon(amazonCode?: string): ConnectFailure {
    const known = AMAZON_ERRORS.find(({ codes }) => amazonCode && codes.includes(amazonCode));
    if (!known) return new ConnectFailure('not_authorized');
    return new ConnectFailure('not_authorized', undefined, {
      title: `Amazon did not authorize the connection (${amazonCode})`,
      message: known.meaning,
      advice: `Nothing was connected. ${known.next}`,
    });
  }

  /** From the name that was stored; a name of a later version reads as an interruption. */
  static named(name: string): ConnectFailure {
    return new ConnectFailure(name in FAILURES ? (name as FailureName) : 'interrupted');
  }
}
