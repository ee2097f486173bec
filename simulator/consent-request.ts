import type { Application } from './default-world.js';
import type { World } from './world.js';

/** A request for consent that Amazon would show to a selling partner. */
export interface ConsentRequest {
  application: Application;
  state: string;
  redirectUri: URL;
  /** The redirect URI as it was asked for; empty when the first registered one is meant. */
  statedRedirectUri: string;
  version: string;
}

/** Why Amazon shows an error page instead, in the codes of its documentation. */
export interface ConsentRefusal {
  code: 'MD1000' | 'MD5101' | 'MD5110' | 'MD9100' | 'MD9999';
  message: string;
  hint: string;
}

const REFUSALS = {
  malformed: {
    code: 'MD9999',
    message: 'Something went wrong on our side.',
    hint: 'The address is malformed: a parameter is missing, is given twice, or swallowed the next one.',
  },
  unknownApplication: {
    code: 'MD1000',
    message: 'We were unable to find the application.',
    hint: 'Check application_id: it is the id of the application, not its LWA client id.',
  },
  draft: {
    code: 'MD1000',
    message: 'We were unable to find the application.',
    hint: 'The application is a draft: add version=beta.',
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
  noRedirectUri: {
    code: 'MD9100',
    message: 'The OAuth set-up of the application is incomplete.',
    hint: 'The application has no registered redirect URI, so the request must carry redirect_uri.',
  },
} satisfies Record<string, ConsentRefusal>;

/** Reads the parameters of a consent page the way Amazon checks them. */
export function readConsentRequest(world: World, parameters: unknown): ConsentRequest | ConsentRefusal {
  const read = reader(parameters);
  const [applicationId, state, statedRedirectUri, version] = [
    read('application_id'),
    read('state'),
    read('redirect_uri'),
    read('version'),
  ];
  // `?application_id=X?version=beta`, a common slip, arrives as an id with a question mark in it.
  if (applicationId === null || state === null || statedRedirectUri === null || version === null) {
    return REFUSALS.malformed;
  }
  if (applicationId.includes('?') || state === '') return REFUSALS.malformed;
  const application = world.findApplication(applicationId);
  if (!application) return REFUSALS.unknownApplication;
  if (application.draft && version !== 'beta') return REFUSALS.draft;
  const redirectUri = chooseRedirectUri(application, statedRedirectUri);
  if ('code' in redirectUri) return redirectUri;
  return { application, state, redirectUri, statedRedirectUri, version };
}

/** Reads single texts: empty when absent, null when repeated. */
function reader(parameters: unknown): (name: string) => string | null {
  const values = (parameters ?? {}) as Record<string, unknown>;
  return (name) => {
    const value = values[name] ?? '';
    return typeof value === 'string' ? value : null;
  };
}

function chooseRedirectUri({ redirectUris }: Application, stated: string): URL | ConsentRefusal {
  const wanted = stated || redirectUris?.[0];
  if (!wanted) return REFUSALS.noRedirectUri;
  if (wanted.includes('#')) return REFUSALS.fragment;
  if (!URL.canParse(wanted)) return REFUSALS.unregistered;
  const uri = new URL(wanted);
  const registered = redirectUris ? redirectUris.includes(wanted) : isLoopback(uri);
  return registered ? uri : REFUSALS.unregistered;
}

function isLoopback({ protocol, hostname }: URL): boolean {
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
  return loopback && (protocol === 'http:' || protocol === 'https:');
}
