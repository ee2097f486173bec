import { createHash } from 'node:crypto';
import { renderTemplate } from '../common/pages.js';
import { readLetter, toHtml, toText } from './letter.js';
import { type Language, WORDS } from './locales.js';
import { type OutgoingMail } from './mail-transport.js';

/** Subject and both parts of a mail, from one template, so that they say the same. */
export function compose(
  template: string,
  language: Language,
  facts: object,
  publicUrl: string,
): Pick<OutgoingMail, 'subject' | 'text' | 'html'> {
  const { direction, labels } = WORDS[language];
  const letter = readLetter(template, language, { ...facts, labels, publicUrl });
  const { subject } = letter;
  const frame = { language, direction, subject, publicUrl, body: toHtml(letter) };
  const html = renderTemplate('mail/templates/layout', frame).trim();
  return { subject, text: toText(letter, publicUrl), html };
}

/** The same for the same occasion, so that a mail that was sent twice is seen once. With angle brackets. */
export function messageIdOf({ template, key }: { template: string; key: string }, publicUrl: string): string {
  const occasion = createHash('sha256').update(key).digest('hex').slice(0, 32);
  return `<${template}.${occasion}@${new URL(publicUrl).hostname}>`;
}
