import { type Region } from '../config/config.js';
import { type PartnerType } from '../lwa/marketplaces.js';

/** Languages that mails to sellers are written in. The operator's are in English. */
export const LANGUAGES = ['en', 'de', 'fr', 'it', 'es', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Words that stand for values, and the labels that several mails share. */
interface Words {
  direction: 'ltr' | 'rtl';
  accountTypes: Record<PartnerType, string>;
  regions: Record<Region, string>;
  labels: { partner: string; marketplace: string; accountType: string; renewBy: string };
}

export const WORDS: Record<Language, Words> = {
  en: {
    direction: 'ltr',
    accountTypes: { seller: 'Seller', vendor: 'Vendor' },
    regions: { NA: 'North America', EU: 'Europe', FE: 'Far East' },
    labels: {
      partner: 'Selling partner ID:',
      marketplace: 'Marketplace:',
      accountType: 'Account type:',
      renewBy: 'Renew by:',
    },
  },
  de: {
    direction: 'ltr',
    accountTypes: { seller: 'Verkäufer (Seller)', vendor: 'Lieferant (Vendor)' },
    regions: { NA: 'Nordamerika', EU: 'Europa', FE: 'Fernost' },
    labels: {
      partner: 'Verkaufspartner-ID:',
      marketplace: 'Marketplace:',
      accountType: 'Kontoart:',
      renewBy: 'Erneuern bis:',
    },
  },
  fr: {
    direction: 'ltr',
    accountTypes: { seller: 'Vendeur (Seller)', vendor: 'Fournisseur (Vendor)' },
    regions: { NA: 'Amérique du Nord', EU: 'Europe', FE: 'Extrême-Orient' },
    labels: {
      partner: 'Identifiant du partenaire de vente\u00a0:',
      marketplace: 'Site de vente\u00a0:',
      accountType: 'Type de compte\u00a0:',
      renewBy: 'À renouveler avant le\u00a0:',
    },
  },
  it: {
    direction: 'ltr',
    accountTypes: { seller: 'Venditore (Seller)', vendor: 'Fornitore (Vendor)' },
    regions: { NA: 'Nord America', EU: 'Europa', FE: 'Estremo Oriente' },
    labels: {
      partner: 'ID partner di vendita:',
      marketplace: 'Marketplace:',
      accountType: 'Tipo di account:',
      renewBy: 'Da rinnovare entro il:',
    },
  },
  es: {
    direction: 'ltr',
    accountTypes: { seller: 'Vendedor (Seller)', vendor: 'Proveedor (Vendor)' },
    regions: { NA: 'Norteamérica', EU: 'Europa', FE: 'Extremo Oriente' },
    labels: {
      partner: 'ID de socio vendedor:',
      marketplace: 'Tienda de Amazon:',
      accountType: 'Tipo de cuenta:',
      renewBy: 'Renovar antes del:',
    },
  },
  ja: {
    direction: 'ltr',
    accountTypes: { seller: 'セラー', vendor: 'ベンダー' },
    regions: { NA: '北米', EU: 'ヨーロッパ', FE: '極東' },
    labels: {
      partner: '販売パートナーID：',
      marketplace: 'マーケットプレイス：',
      accountType: 'アカウントの種類：',
      renewBy: '更新期限：',
    },
  },
};

/** The language that we write in to somebody who wants `locale` (BCP 47), and the locale of dates and numbers in it. */
export function chooseLocale(locale: string): { language: Language; tag: string } {
  try {
    const wanted = new Intl.Locale(locale);
    const language = LANGUAGES.find((known) => known === wanted.language);
    if (language) return { language, tag: wanted.baseName };
  } catch {
    // Not a locale at all: the default serves.
  }
  return { language: 'en', tag: 'en' };
}

/** Dates and amounts as one writes them there; days are those of UTC. */
export function formatsOf(tag: string) {
  const amount = (unit: 'day' | 'hour' | 'minute') => (value: number) =>
    new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
  return {
    date: (date: Date) => new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeZone: 'UTC' }).format(date),
    days: amount('day'),
    hours: amount('hour'),
    minutes: amount('minute'),
    /** "in 3 days" */
    inDays: (days: number) => new Intl.RelativeTimeFormat(tag, { numeric: 'always' }).format(days, 'day'),
    country: (code: string) => new Intl.DisplayNames(tag, { type: 'region' }).of(code) ?? code,
    list: (names: readonly string[]) => new Intl.ListFormat(tag, { type: 'conjunction' }).format(names),
  };
}

export type Formats = ReturnType<typeof formatsOf>;
