import { comeBack, connectAtAmazon } from './connect.mjs';
import { expectEqual, expectStatus, expectText } from './expect.mjs';
import { shortened } from './report.mjs';

const APPSTORE_PARTNER = 'A2SIMULATEDUS1';
const SELF_PARTNER = 'A2SIMULATEDJP1';
const VENDOR = 'A2SIMVENDORUS1';

/** The other ways into an authorization, and the renewal that begins at Amazon. */
export const workflows = [
  { who: 'In the Appstore', name: 'seller authorizes the application', run: authorizeInAppstore },
  { who: 'In the Appstore', name: 'Amazon hands over to our log-in page', run: continueFromAppstore },
  { who: 'In the Appstore', name: 'seller re-authorizes there', run: reauthorizeAtAmazon },
  { who: 'A vendor', name: 'connects by the website workflow', run: connectVendor },
  { who: 'An operator', name: 'self-authorizes at the console', run: selfAuthorize },
  { who: 'An operator', name: 'brings the refresh token', run: bringRefreshToken },
  { who: 'An operator', name: 'gets a token for it at once', run: vendSelfAuthorized },
];

async function authorizeInAppstore(stage) {
  const { browser, simulator } = stage;
  await simulator.scriptApplication({ loginUri: `${browser.origin}/sp-api/login` });
  const page = expectStatus(await browser.get(`${simulator.origin}/appstore`), 200);
  expectText(page, 'Authorize Now');
  stage.loginUri = await accept(browser, link(page, 'Authorize Now'));
  return `${APPSTORE_PARTNER} accepts`;
}

async function continueFromAppstore(stage) {
  const { page, id } = await throughLoginUri(stage, stage.loginUri);
  expectText(page, APPSTORE_PARTNER);
  stage.appstoreId = id;
  return 'confirmed, connected by the Appstore workflow';
}

async function reauthorizeAtAmazon(stage) {
  const { browser, simulator, appstoreId } = stage;
  const address = `${simulator.origin}/apps/manage?selling_partner_id=${APPSTORE_PARTNER}`;
  const apps = expectStatus(await browser.get(address), 200);
  const { id } = await throughLoginUri(stage, await accept(browser, link(apps, 'Re-Authorize')));
  expectEqual(id, appstoreId, 'The connection');
  return 'at Manage Your Apps; the connection stays the same one';
}

async function connectVendor(stage) {
  const { browser } = stage;
  const form = expectStatus(await browser.get('/connections/new'), 200);
  const choice = { partnerType: 'vendor', marketplaceId: 'United States' };
  const left = expectStatus(await browser.submit(form, 'Continue to Amazon', choice), 303);
  const { page } = await connectAtAmazon(stage, left.location, VENDOR);
  expectText(page, 'Vendor');
  return `${VENDOR} confirmed at Vendor Central`;
}

async function selfAuthorize(stage) {
  const { browser, simulator } = stage;
  const console = expectStatus(await browser.get(`${simulator.origin}/apps/develop`), 200);
  const choice = { selling_partner_id: SELF_PARTNER };
  const shown = expectStatus(await browser.submit(console, 'Authorize app', choice), 200);
  stage.refreshToken = /Atzr\|[\w.~+=/-]+/.exec(shown.body)?.[0];
  if (!stage.refreshToken) throw new Error('Amazon shows no refresh token');
  return `Amazon shows ${shortened(stage.refreshToken)} once`;
}

async function bringRefreshToken(stage) {
  const { program, refreshToken } = stage;
  const body = { sellingPartnerId: SELF_PARTNER, region: 'FE', refreshToken };
  const answer = expectStatus(await program.call('POST', '/authorizations', body), 201);
  expectEqual(answer.body.workflow, 'self', 'The workflow');
  stage.selfId = answer.body.id;
  return 'tried with one exchange, and sealed';
}

async function vendSelfAuthorized({ program, selfId }) {
  const { body } = expectStatus(
    await program.call('POST', `/authorizations/${selfId}/access-token`, {}),
    200,
  );
  return `${shortened(body.accessToken)} for ${body.sellingPartnerId} in ${body.region}`;
}

/** From the address at which Amazon loads our log-in page to the connection's page. */
async function throughLoginUri({ browser }, address) {
  const question = expectStatus(await browser.get(address), 200);
  expectText(question, 'Connect this Amazon account?');
  const left = expectStatus(await browser.submit(question, 'Continue to Amazon'), 303);
  return comeBack(browser, await browser.get(left.location));
}

/** Accepts at Amazon; answers the address at which Amazon loads our log-in page. */
async function accept(browser, consentUrl) {
  const consent = expectStatus(await browser.get(consentUrl), 200);
  const choice = { selling_partner_id: APPSTORE_PARTNER };
  return link(expectStatus(await browser.submit(consent, 'Confirm', choice), 200), 'Login to');
}

/** Where the first link whose text begins so leads to. */
function link(page, text) {
  for (const [, attributes, label] of page.body.matchAll(/<a\s([^>]*)>([^<]*)<\/a/g)) {
    const href = /href="([^"]*)"/.exec(attributes)?.[1];
    if (href && label.trim().startsWith(text)) return new URL(href.replaceAll('&amp;', '&'), page.url).href;
  }
  throw new Error(`There is no link "${text}" on ${new URL(page.url).pathname}`);
}
