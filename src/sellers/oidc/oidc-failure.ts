import { type ErrorCode, RegrantError } from '../../common/errors.js';
import { leadingTo } from '../local-path.js';

interface Failure {
  code: ErrorCode;
  status: number;
  title: string;
  message: string;
  advice: string;
}

const AGAIN = 'Please start again from the sign-in page.';

/** Everything that can end a sign-in by the identity provider without success, and what the person reads then. */
const FAILURES = {
  unavailable: {
    code: 'internal',
    status: 503,
    title: 'Your sign-in service does not answer',
    message: 'We could not reach the service that you sign in with, or it did not answer in time.',
    advice: 'You are not signed in. Please try again in a few minutes.',
  },
  misconfigured: {
    code: 'internal',
    status: 503,
    title: 'Signing in does not work right now',
    message: 'The service that you sign in with does not accept this website. It is nothing you did.',
    advice: 'Please tell those who run this website, with the reference number below.',
  },
  cancelled: {
    code: 'invalid_request',
    status: 400,
    title: 'Signing in was cancelled',
    message: 'The service that you sign in with sent you back without a permission.',
    advice: 'You are not signed in. If you cancelled by mistake, simply start again.',
  },
  refused: {
    code: 'invalid_request',
    status: 400,
    title: 'Signing in did not work',
    message: 'The service that you sign in with sent you back with an error.',
    advice: `You are not signed in. ${AGAIN}`,
  },
  unknown: {
    code: 'invalid_request',
    status: 400,
    title: 'This sign-in is over',
    message: 'It was finished before, took longer than ten minutes, or was never started here.',
    advice: AGAIN,
  },
  foreign: {
    code: 'forbidden',
    status: 403,
    title: 'This sign-in was started elsewhere',
    message: 'It belongs to another browser, or to another account of this website.',
    advice: `Nothing was changed. ${AGAIN}`,
  },
  not_confirmed: {
    code: 'invalid_request',
    status: 400,
    title: 'We could not confirm who you are',
    message: 'The answer of the service that you sign in with did not pass our checks.',
    advice: `You are not signed in. ${AGAIN}`,
  },
  no_email: {
    code: 'invalid_request',
    status: 400,
    title: 'Your mail address is missing',
    message: 'The service that you sign in with did not tell us your mail address, and we need one.',
    advice: 'Allow it to share your address and start again, or ask those who run it.',
  },
  email_taken: {
    code: 'conflict',
    status: 409,
    title: 'There is an account with your address already',
    message: 'It has a password, and we do not join accounts by their mail address alone.',
    advice: 'Sign in with the password once; then link this sign-in on your account page.',
  },
  email_taken_without_password: {
    code: 'conflict',
    status: 409,
    title: 'There is an account with your address already',
    message: 'It belongs to another sign-in, and we do not join accounts by their mail address alone.',
    advice: 'Please ask those who run this website.',
  },
  disabled: {
    code: 'forbidden',
    status: 403,
    title: 'This account is disabled',
    message: 'You cannot sign in with it.',
    advice: 'Please ask those who run this website.',
  },
  linked_elsewhere: {
    code: 'conflict',
    status: 409,
    title: 'This sign-in belongs to another account',
    message: 'It is linked to another account of this website, or your account is linked to another one.',
    advice: 'Nothing was changed.',
  },
} satisfies Record<string, Failure>;

export type OidcFailureName = keyof typeof FAILURES;

/** The end of a sign-in by the identity provider that did not work, as a page. */
export class OidcFailure extends RegrantError {
  /** @param next where the seller was going: the way on leads there still */
  constructor(
    readonly reason: OidcFailureName,
    { next, cause }: { next?: string | null; cause?: unknown } = {},
  ) {
    const { code, status, title, message, advice }: Failure = FAILURES[reason];
    super(code, status, title, message, {
      advice,
      action:
        reason === 'linked_elsewhere'
          ? { label: 'Back to your account', href: '/account' }
          : { label: 'Go to signing in', href: leadingTo('/login', next) },
      cause,
      ...(status === 503 && { retryAfterSeconds: 60 }),
    });
  }

  /** The same failure on the way to `next`. */
  onTheWayTo(next: string | null): OidcFailure {
    return new OidcFailure(this.reason, { next, cause: this.cause });
  }
}
