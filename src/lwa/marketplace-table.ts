import { readFileSync } from 'node:fs';
import { ConfigError, type Region } from '../config/config.js';

/** One of Amazon's marketplaces. Hosts without scheme; `country` is ISO 3166-1 alpha-2. */
export interface Marketplace {
  id: string;
  country: string;
  name: string;
  region: Region;
  sellerCentral: string;
  vendorCentral: string;
  /** Other hosts that this marketplace's Seller Central has been seen on. */
  otherHosts?: string[];
}

interface TableFile {
  regions: Record<Region, { endpoint: string }>;
  marketplaces: Marketplace[];
}

const FORMS: Record<keyof Marketplace, (value: unknown) => boolean> = {
  id: (value) => typeof value === 'string' && /^[A-Z0-9]{8,20}$/.test(value),
  country: (value) => typeof value === 'string' && /^[A-Z]{2}$/.test(value),
  name: (value) => typeof value === 'string' && value.trim().length > 0,
  region: (value) => value === 'NA' || value === 'EU' || value === 'FE',
  sellerCentral: isHost,
  vendorCentral: isHost,
  otherHosts: (value) => value === undefined || (Array.isArray(value) && value.every(isHost)),
};

/**
 * The table of marketplaces, ordered by name. `overrides` is a JSON file with a list of rows: one with a known `id`
 * replaces the fields it names, another one is added, because Amazon's own lists disagree and change.
 * @throws ConfigError naming MARKETPLACES_FILE and the bad row
 */
export function readMarketplaceTable(overrides?: string): {
  marketplaces: Marketplace[];
  endpoints: Record<Region, string>;
} {
  const file = new URL('./marketplaces.json', import.meta.url);
  const { regions, marketplaces } = JSON.parse(readFileSync(file, 'utf8')) as TableFile;
  const rows = new Map(marketplaces.map((row) => [row.id, row]));
  for (const change of overrides ? readOverrides(overrides) : []) {
    const country = change.country === 'UK' ? { country: 'GB' } : {};
    const row = { ...rows.get(change.id), ...change, ...country };
    for (const [field, accepts] of Object.entries(FORMS))
      if (!accepts(row[field as keyof Marketplace]))
        throw unusable(`row ${change.id}: bad or missing ${field}`);
    rows.set(row.id, row as Marketplace);
  }
  return {
    marketplaces: [...rows.values()].sort((a, b) => a.name.localeCompare(b.name, 'en')),
    endpoints: { NA: regions.NA.endpoint, EU: regions.EU.endpoint, FE: regions.FE.endpoint },
  };
}

function readOverrides(file: string): (Partial<Marketplace> & { id: string })[] {
  let rows: unknown;
  try {
    rows = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw unusable('cannot be read as JSON');
  }
  if (!Array.isArray(rows)) throw unusable('must hold a list of marketplaces');
  return rows.map((row: unknown, index) => {
    if (typeof row !== 'object' || row === null || !('id' in row) || typeof row.id !== 'string')
      throw unusable(`entry ${index + 1}: has no id`);
    const unknown = Object.keys(row).find((field) => !(field in FORMS));
    if (unknown) throw unusable(`row ${row.id}: unknown field ${unknown}`);
    return row as Partial<Marketplace> & { id: string };
  });
}

function isHost(value: unknown): boolean {
  return typeof value === 'string' && /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(value);
}

function unusable(problem: string): ConfigError {
  return new ConfigError([{ name: 'MARKETPLACES_FILE', problem }]);
}
