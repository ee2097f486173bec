import { describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { compose, messageIdOf } from './compose.js';
import { displayWidth } from './wrap.js';
import { PUBLIC_URL, samples } from './testing/samples.js';

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** What a person reads of the HTML part, as one line. */
const words = (html: string): string =>
  html
    .replace(/^[\s\S]*<div class="sheet">/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(#?\w+);/g, (_entity, name: string) => ENTITIES[name] ?? '?');

const squeezed = (text: string): string => text.replace(/\s+/g, '');

describe('The mails', () => {
  const all = samples().map((sample) => ({
    ...sample,
    mail: compose(sample.template, sample.language, sample.facts, PUBLIC_URL),
  }));

  const shown = (name: string, language: string) =>
    all.find((sample) => sample.name === name && sample.language === language)?.mail;

  it('are written in every language that has a template', () => {
    const folder = new URL('./templates/', import.meta.url);
    const written = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.includes('/'))
      .map((path) => path.replace('.eta', ''));
    const shown = new Set(all.map(({ template, language }) => `${template}/${language}`));
    expect([...shown].sort()).toEqual(written.sort());
  });

  it.each(all)('$name in $language is whole: one subject line, no gap, no markup of its own', ({ mail }) => {
    expect(mail.subject).toMatch(/^\S.{8,98}\S$/u);
    for (const part of [mail.subject, mail.text, words(mail.html)])
      expect(part).not.toMatch(/undefined|\bnull\b|NaN|\[object|<%|%>|[\u2066-\u2069]/);
    expect(mail.text).not.toMatch(/\n{3}|&amp;|^[#>|]|\]\(/m);
    expect(mail.html).not.toMatch(/<table|<img|<script|<<|%>/);
  });

  it.each(all)('$name in $language says the same as text and as HTML', ({ mail, facts }) => {
    const text = mail.text
      .replace(/^-- \nRegrant, .*\n$/m, '')
      .replace(/^- /gm, '')
      .replace(/\n {2}/g, '\n');
    const html = words(mail.html.replace(/<p class="foot">[\s\S]*/, ''));
    expect(squeezed(html)).toBe(squeezed(text));
    const { sellingPartnerId } = facts as { sellingPartnerId?: string };
    if (sellingPartnerId) expect(mail.subject + mail.text).toContain(sellingPartnerId);
  });

  it.each(all)('$name in $language fits a terminal, and links once', ({ mail, facts }) => {
    const wide = mail.text.split('\n').filter((line) => displayWidth(line) > 72 && !/^\S+$/.test(line));
    expect(wide).toEqual([]);
    const links = new Set(mail.html.match(/href="[^"]*"/g));
    const { url } = facts as { url?: string };
    links.delete(`href="${PUBLIC_URL}"`);
    expect(links.size).toBeLessThanOrEqual(1);
    if (links.size) expect([...links]).toEqual([`href="${url}"`]);
  });

  it.each(all)('$name in $language tells its language and direction', ({ mail, language }) => {
    expect(mail.html).toMatch(new RegExp(`^<!doctype html>\n<html lang="${language}" dir="ltr">`));
  });

  it('escape and isolate what comes from outside', () => {
    const mail = shown('reconnect-needed 8', 'de');
    expect(mail?.html).toContain('<bdi>GRP-&lt;7&amp;&gt;</bdi>');
    expect(mail?.text).toContain('Verkaufspartner-ID: GRP-<7&>\nMarketplace: Europa\n');
    const facts = { ...samples()[3]?.facts, sellingPartnerId: '\u2069<b>[x](y)\n# z\u202e' };
    const odd = compose('connected', 'en', facts, PUBLIC_URL);
    expect(odd.html).toContain('<bdi> &lt;b&gt;[x](y) # z </bdi>');
    expect(odd.subject).not.toContain('\n');
  });

  it('name the day in the locale, and count days up to the whole one', () => {
    const text = (language: string) => shown('renewal-reminder 5', language);
    expect(text('en')?.subject).toBe('14 days left to renew the Amazon account A2SELLER000001');
    expect(text('de')?.text).toContain('Erneuern bis: 13. März 2027');
    expect(text('fr')?.subject).toContain('à renouveler dans 14 jours');
    expect(text('ja')?.text).toContain('更新期限： 2027年3月13日');
    expect(text('it')?.text).toContain('Marketplace: Germania e Francia');
  });

  it('fail loudly when a template names what is not there', () => {
    expect(() => compose('renewal-reminder', 'en', {}, PUBLIC_URL)).toThrow('names what is not there');
  });

  it('have one Message-ID per occasion', () => {
    const delivery = { template: 'connected', key: 'connected.1' };
    expect(messageIdOf(delivery, PUBLIC_URL)).toMatch(/^<connected\.[\da-f]{32}@regrant\.example>$/);
    expect(messageIdOf(delivery, PUBLIC_URL)).toBe(messageIdOf({ ...delivery }, PUBLIC_URL));
    expect(messageIdOf({ ...delivery, key: 'connected.2' }, PUBLIC_URL)).not.toBe(
      messageIdOf(delivery, PUBLIC_URL),
    );
  });
});
