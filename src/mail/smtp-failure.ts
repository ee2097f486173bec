import { ChannelDown, DeliveryDeferred, DeliveryRefused } from '../events/delivery-channel.js';

/** What nodemailer tells of a failure. */
interface SmtpError {
  code?: string;
  command?: string;
  responseCode?: number;
  response?: string;
}

/**
 * What a failure at the mail server means. Only an answer to the recipient or to the mail itself says something about
 * this mail; whatever fails before that would fail for every other one. The code holds no text of the server, which may
 * repeat an address.
 */
export function meaningOf(error: unknown): DeliveryRefused | DeliveryDeferred | ChannelDown {
  const { code = 'error', command = '', responseCode, response = '' } = error as SmtpError;
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  const said = [responseCode ?? code, enhanced, command && `at ${command}`].filter(Boolean).join(' ');
  const aboutThisMail =
    /^(RCPT TO|DATA)$/.test(command) && responseCode !== undefined && responseCode !== 421;
  if (!aboutThisMail) return new ChannelDown(said);
  return responseCode >= 500 ? new DeliveryRefused(said) : new DeliveryDeferred(said);
}
