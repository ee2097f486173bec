import { expectStatus } from './expect.mjs';

/** From the consent page at Amazon back to the connection's page; answers that page and the connection's id. */
export async function connectAtAmazon({ browser }, consentUrl, sellingPartnerId) {
  const consent = expectStatus(await browser.get(consentUrl), 200);
  const back = await browser.submit(consent, 'Confirm', { selling_partner_id: sellingPartnerId });
  return comeBack(browser, back);
}

/** From Amazon's redirect back to us to the connection's page; answers that page and the connection's id. */
export async function comeBack(browser, redirect) {
  const connected = expectStatus(await browser.get(expectStatus(redirect, 302).location), 303);
  const page = expectStatus(await browser.get(connected.location), 200);
  return { page, id: new URL(connected.location).pathname.split('/').at(-1) };
}
