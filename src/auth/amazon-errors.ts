/** What Amazon itself shows to a person who consents, in its own codes. */
export interface AmazonErrorMeaning {
  codes: readonly string[];
  /** What it means. */
  meaning: string;
  /** What the person can do next. */
  next: string;
}

const tellUs = 'You cannot mend this yourself. Please tell us the code.';

/** From Amazon's page "Authorization errors" and from what users report; Amazon explains no more. */
export const AMAZON_ERRORS: readonly AmazonErrorMeaning[] = [
  {
    codes: ['MD1000', 'MD4100'],
    meaning: 'Amazon cannot find our application: it is not published yet, or its id is wrong.',
    next: tellUs,
  },
  {
    codes: ['MD4010'],
    meaning: 'Most likely you are signed in to an account of another region than the one you chose.',
    next: 'Sign out at Amazon, choose the marketplace you sell in, and start again. If it stays, ask Amazon’s support.',
  },
  {
    codes: ['MD5101', 'MD5110', 'MD9100'],
    meaning: 'The addresses registered for our application at Amazon are missing or wrong.',
    next: tellUs,
  },
  {
    codes: ['MD9010', 'SPDC300', 'SPSA0404'],
    meaning: 'Amazon does not accept this business or this set-up for the application.',
    next: 'Ask Amazon’s support what your account lacks, and tell us.',
  },
  {
    codes: ['MD9999'],
    meaning: 'Amazon had a problem of its own.',
    next: 'Wait a few minutes and start again. If it stays, tell us.',
  },
  {
    codes: ['CONSENT_LIMIT_REACHED'],
    meaning: 'The application has as many authorizations as Amazon allows it.',
    next: 'Tell us: we have to list the application, or somebody has to disable an authorization at Amazon.',
  },
  {
    codes: ['SPDC8143'],
    meaning: 'You are not the primary user of the selling account.',
    next: 'Ask the primary user to sign in at Amazon and to connect.',
  },
  {
    codes: ['SPSA2043'],
    meaning: 'Your vendor group lacks the permission to manage applications.',
    next: 'Ask an administrator of your Vendor Central account for the permission “Manage Your Apps”, then start again.',
  },
  {
    codes: ['“You do not have permissions to view this page”'],
    meaning: 'Your user at Amazon may not authorize applications.',
    next: 'Ask the primary user or an administrator of the account to connect.',
  },
  {
    codes: ['“Suppressed”'],
    meaning: 'Amazon has suspended our application’s listing, so it takes no new authorizations.',
    next: tellUs,
  },
];
