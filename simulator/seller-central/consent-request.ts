import type { Application } from '../world/default-world.js';
import type { World } from '../world/world.js';
import { type ConsentRefusal, findOpenApplication, REFUSALS } from './consent-refusals.js';
import { readTexts } from './query.js';

/** A request for consent that Amazon would show to a selling partner. */
export interface ConsentRequest {
  application: Application;
  state: string;
  /** The registered redirect URI that counts, to the letter. */
  redirectUri: string;
  /** The redirect URI as it was asked for; empty when the first registered one is meant. */
  statedRedirectUri: string;
  version: string;
}

/** Reads the parameters of a consent page the way Amazon checks them. */
export function readConsentRequest(world: World, parameters: unknown): ConsentRequest | ConsentRefusal {
  const read = readTexts(parameters, ['application_id', 'state', 'redirect_uri', 'version']);
  if (!read) return REFUSALS.malformed;
  const { application_id: applicationId, state, redirect_uri: statedRedirectUri, version } = read;
  // `?application_id=X?version=beta`, a common slip, arrives as an id with a question mark in it.
  if (applicationId.includes('?') || state === '') return REFUSALS.malformed;
  const application = findOpenApplication(world, applicationId);
  if ('code' in application) return application;
  if (application.draft && version !== 'beta') return REFUSALS.draft;
  const redirectUri = chooseRedirectUri(application, statedRedirectUri);
  if (typeof redirectUri !== 'string') return redirectUri;
  return { application, state, redirectUri, statedRedirectUri, version };
}

function chooseRedirectUri({ redirectUris }: Application, stated: string): string | ConsentRefusal {
  const wanted = stated || redirectUris?.[0];
  if (!wanted) return REFUSALS.noRedirectUri;
  if (wanted.includes('#')) return REFUSALS.fragment;
  if (!URL.canParse(wanted)) return REFUSALS.unregistered;
  const registered = redirectUris ? redirectUris.includes(wanted) : isLoopback(new URL(wanted));
  return registered ? wanted : REFUSALS.unregistered;
}

function isLoopback({ protocol, hostname }: URL): boolean {
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
  return loopback && (protocol === 'http:' || protocol === 'https:');
}
