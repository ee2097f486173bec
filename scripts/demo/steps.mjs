import { connectAtAmazon } from './connect.mjs';
import { expectEqual, expectStatus, expectText } from './expect.mjs';
import { EMAIL, PASSWORD } from './people.mjs';
import { renewal } from './renewal.mjs';
import { shortened } from './report.mjs';
import { workflows } from './workflows.mjs';

const PARTNER = 'A2SIMULATEDDE1';
const PARTICIPATIONS = '/sellers/v1/marketplaceParticipations';

/**
 * The demo, in order. `run` gets the stage, on which it may keep what later steps need, answers the outcome in a few
 * words, and throws what is wrong.
 */
export const steps = [
  { who: 'A seller', name: 'signs up', run: signUp },
  { who: 'A seller', name: 'gets a verification mail', run: receiveVerificationMail },
  { who: 'A seller', name: 'verifies the address', run: verifyAddress },
  { who: 'A seller', name: 'connects by the website workflow', run: connectByWebsite },

  { who: 'A program', name: 'finds the authorization', run: findAuthorization },
  { who: 'A program', name: 'gets an access token', run: vend },
  { who: 'A program', name: 'gets it again from memory', run: vendAgain },
  { who: 'A program', name: 'gets it as an SDK would', run: vendAsSdk },
  { who: 'A program', name: 'calls the Selling Partner API', run: callAmazon },

  ...workflows,

  { who: 'The grant dies', name: 'seller disables the app at Amazon', run: revokeAtAmazon },
  { who: 'The grant dies', name: 'program is told to ask the seller', run: vendRevoked },
  { who: 'The grant dies', name: 'seller reconnects with one button', run: reconnect },
  { who: 'The grant dies', name: 'program gets tokens again', run: vendReconnected },

  { who: 'A connection ends', name: 'seller disconnects', run: disconnect },
  { who: 'A connection ends', name: 'program is told that it is over', run: vendDisconnected },

  ...renewal,
];

async function signUp({ browser }) {
  const form = expectStatus(await browser.get('/signup'), 200);
  const answer = await browser.submit(form, 'Sign up', { email: EMAIL, password: PASSWORD });
  const page = await browser.get(expectStatus(answer, 303).location);
  expectText(page, EMAIL);
  return `signed in as ${EMAIL}`;
}

async function receiveVerificationMail(stage) {
  const mail = await stage.simulator.mailTo(EMAIL, /verify/i);
  stage.verificationLink = /https?:\/\/\S+\/verify-email\?\S+/.exec(mail.text)?.[0];
  if (!stage.verificationLink) throw new Error('The mail holds no link');
  return `"${mail.subject}"`;
}

async function verifyAddress({ browser, verificationLink }) {
  const page = expectStatus(await browser.get(verificationLink), 200);
  const answer = expectStatus(await browser.submit(page, 'Verify email'), 200);
  expectText(answer, 'Your email address is verified');
  return 'by the link of that mail';
}

async function connectByWebsite(stage) {
  const { browser } = stage;
  const form = expectStatus(await browser.get('/connections/new'), 200);
  const choice = { partnerType: 'seller', marketplaceId: 'Germany' };
  const left = expectStatus(await browser.submit(form, 'Continue to Amazon', choice), 303);
  const { page, id } = await connectAtAmazon(stage, left.location, PARTNER);
  expectText(page, PARTNER);
  stage.authorizationId = id;
  return `${PARTNER} confirmed at Amazon, connected in Germany`;
}

async function findAuthorization({ program, authorizationId }) {
  const { body } = expectStatus(await program.call('GET', '/authorizations'), 200);
  const [authorization] = body.items;
  expectEqual(authorization?.id, authorizationId, 'The id');
  expectEqual(authorization.status, 'active', 'The status');
  const { sellingPartnerId, region, renewal } = authorization;
  return `${sellingPartnerId} in ${region}, to be renewed by ${renewal.dueAt.slice(0, 10)}`;
}

async function vend(stage) {
  const { body } = expectStatus(await stage.program.call('POST', tokenPath(stage), {}), 200);
  stage.token = body;
  return `${shortened(body.accessToken)} for ${body.sellingPartnerId}, ${body.expiresIn} seconds`;
}

async function vendAgain({ program, simulator, token, authorizationId }) {
  const before = await simulator.tokenCalls();
  const { body } = expectStatus(await program.call('POST', tokenPath({ authorizationId }), {}), 200);
  expectEqual(body.accessToken === token.accessToken, true, 'Being the same token');
  expectEqual(await simulator.tokenCalls(), before, 'The number of calls to Amazon');
  return `the same one, Amazon was not asked`;
}

async function vendAsSdk({ program, authorizationId }) {
  const { body } = expectStatus(await program.callAsSdk(authorizationId), 200);
  expectEqual(body.token_type, 'bearer', 'The token type');
  return `${shortened(body.access_token)} from POST /auth/o2/token`;
}

async function callAmazon({ program, token }) {
  const answer = await program.callSellingPartnerApi(token.endpoint, PARTICIPATIONS, token.accessToken);
  const countries = expectStatus(answer, 200).body.payload.map(({ marketplace }) => marketplace.countryCode);
  expectEqual(countries.includes('DE'), true, 'Selling in Germany');
  return `sells in ${countries.join(', ')}`;
}

async function revokeAtAmazon({ simulator }) {
  await simulator.script(PARTNER, { scenario: 'revoked' });
  return 'Regrant has not been told';
}

async function vendRevoked(stage) {
  const { program, authorizationId } = stage;
  const answer = await program.call('POST', tokenPath(stage), { forceRefresh: true });
  expectEqual(expectStatus(answer, 409).body.code, 'reauthorization_required', 'The code');
  const { body } = await program.call('GET', `/authorizations/${authorizationId}`);
  expectEqual(body.status, 'reauthorization_required', 'The status');
  return '409 reauthorization_required';
}

async function reconnect(stage) {
  const { browser, authorizationId } = stage;
  const page = expectStatus(await browser.get(`/connections/${authorizationId}`), 200);
  expectText(page, 'Reconnect needed');
  const left = expectStatus(await browser.submit(page, 'Renew'), 303);
  const { id } = await connectAtAmazon(stage, left.location, PARTNER);
  expectEqual(id, authorizationId, 'The connection');
  return 'the same connection';
}

async function vendReconnected(stage) {
  const { body } = expectStatus(await stage.program.call('POST', tokenPath(stage), {}), 200);
  expectEqual(body.accessToken !== stage.token.accessToken, true, 'Being a new token');
  await callAmazon({ program: stage.program, token: body });
  return `${shortened(body.accessToken)}, and Amazon accepts it`;
}

async function disconnect({ browser, authorizationId }) {
  const page = expectStatus(await browser.get(`/connections/${authorizationId}`), 200);
  const question = expectStatus(await browser.submit(page, 'Disconnect'), 200);
  expectText(question, 'Disconnect this Amazon account?');
  const answer = expectStatus(await browser.submit(question, 'Disconnect'), 303);
  expectText(await browser.get(answer.location), 'Disconnected');
  return 'after being asked once more';
}

async function vendDisconnected(stage) {
  const answer = expectStatus(await stage.program.call('POST', tokenPath(stage), {}), 410);
  expectEqual(answer.body.code, 'disconnected', 'The code');
  return '410 disconnected';
}

const tokenPath = ({ authorizationId }) => `/authorizations/${authorizationId}/access-token`;
