import type { AuthorizationKind } from '../world/authorizations.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import type { World } from '../world/world.js';

/** Why Amazon shows an error page in place of a consent; its code where Amazon has one. */
export interface ConsentRefusal {
  code: string;
  message: string;
  hint: string;
}

/** Amazon's refusals, in the codes of its documentation. */
export const REFUSALS = {
  malformed: {
    code: 'MD9999',
    message: 'Something went wrong on our side.',
    hint: 'The address is malformed: a parameter is missing, is given twice, or swallowed the next one.',
  },
  staleAppstoreState: {
    code: 'MD9999',
    message: 'Something went wrong on our side.',
    hint: 'amazon_state is not, byte by byte, what the log-in page was given, or it was used already, or it is older than ten minutes.',
  },
  unknownApplication: {
    code: 'MD1000',
    message: 'We were unable to find the application.',
    hint: 'Check application_id: it is the id of the application, not its LWA client id.',
  },
  privateApplication: {
    code: 'MD1000',
    message: 'We were unable to find the application.',
    hint: 'The application is private: only its developer can authorize it, at the console.',
  },
  draft: {
    code: 'MD1000',
    message: 'We were unable to find the application.',
    hint: 'The application is a draft: add version=beta.',
  },
  suppressed: {
    code: 'Application suppressed',
    message: 'This application takes no new authorizations.',
    hint: 'The application is in the scenario suppressed, as after a complaint of Amazon.',
  },
  unregistered: {
    code: 'MD5101',
    message: 'The redirect URI is not registered for the application.',
    hint: 'Use a redirect URI of the application, character by character.',
  },
  fragment: {
    code: 'MD5110',
    message: 'The redirect URI contains a fragment.',
    hint: 'Remove the # and all that follows it.',
  },
  noLoginUri: {
    code: 'MD9100',
    message: 'The OAuth set-up of the application is incomplete.',
    hint: 'The application has no OAuth log-in URI. Amazon wants it of every application, whichever workflow it uses.',
  },
  noRedirectUri: {
    code: 'MD9100',
    message: 'The OAuth set-up of the application is incomplete.',
    hint: 'The application has no registered redirect URI, so the request must carry redirect_uri.',
  },
  notPrimaryUser: {
    code: 'SPDC8143',
    message: 'Only the primary user of the account can authorize applications.',
    hint: 'The account is in the scenario notPrimaryUser.',
  },
  missingVendorRole: {
    code: 'SPSA2043',
    message: 'Your vendor group lacks the permission SPDS-VC-MYA.',
    hint: 'The account is in the scenario missingVendorRole.',
  },
  limitReached: {
    code: 'CONSENT_LIMIT_REACHED',
    message: 'This application has reached the OAuthorization usage limit.',
    hint: 'As many accounts have authorized the application as its sellerLimit or selfAuthorizationLimit allows.',
  },
} satisfies Record<string, ConsentRefusal>;

/** The application, if any partner may authorize it on Amazon's pages. */
export function findOpenApplication(world: World, applicationId: string): Application | ConsentRefusal {
  const application = world.findApplication(applicationId);
  if (!application) return REFUSALS.unknownApplication;
  if (application.type === 'private') return REFUSALS.privateApplication;
  if (application.scenario === 'suppressed') return REFUSALS.suppressed;
  return application.loginUri === null ? REFUSALS.noLoginUri : application;
}

/** Why this partner cannot authorize the application, however willing. */
export function refusalOf(
  world: World,
  application: Application,
  partner: SellingPartner,
  kind: AuthorizationKind = 'oauth',
): ConsentRefusal | null {
  if (partner.scenario === 'notPrimaryUser') return REFUSALS.notPrimaryUser;
  if (partner.scenario === 'missingVendorRole') return REFUSALS.missingVendorRole;
  return world.hasRoomFor(application, partner, kind) ? null : REFUSALS.limitReached;
}
