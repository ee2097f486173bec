import { Injectable } from '@nestjs/common';
import { createSecretKey } from 'node:crypto';
import { DataSource } from 'typeorm';
import { RegrantConfig } from '../config/config.js';
import { DataKeyRow } from './data-key.entity.js';
import { openUnder } from './envelope.js';
import { KeyProvider, KeyProviderError } from './key-provider.js';
import { SEALED_COLUMNS } from './sealed-columns.js';
import { SealedValues } from './sealed-values.js';

const FIRST_ROW = '00000000-0000-0000-0000-000000000000';

/** What must be true of the keys before the service may start. */
@Injectable()
export class KeyCheck {
  constructor(
    private readonly dataSource: DataSource,
    private readonly provider: KeyProvider,
    private readonly values: SealedValues,
    private readonly config: RegrantConfig,
  ) {}

  /**
   * The data keys to unwrap at start: those that seal anything, and the newest, which comes last.
   * @throws KeyProviderError when a key that is still needed is not configured, with what it still does
   */
  async neededAtStart(): Promise<DataKeyRow[]> {
    const inUse = await this.values.keysInUse();
    let rows = await this.rows();
    const unknown = [...inUse].filter((id) => !rows.some((row) => row.id === id));
    if (unknown.length) {
      for (const id of unknown) await this.adoptDirectKey(id);
      rows = await this.rows();
    }
    await this.refuseMissingKeys(rows);
    return rows.filter((row, index) => inUse.has(row.id) || index === rows.length - 1);
  }

  private async rows(): Promise<DataKeyRow[]> {
    return this.dataSource.manager.find(DataKeyRow, { order: { number: 'ASC' } });
  }

  private async refuseMissingKeys(rows: DataKeyRow[]): Promise<void> {
    const missing = rows.filter((row) => !this.provider.holds(row));
    if (!missing.length) return;
    const counts = await this.values.countByKey();
    const names = [...new Set(missing.map(({ keyId }) => keyId))];
    const sentences = names.map((name) => {
      const wraps = missing.filter(({ keyId }) => keyId === name);
      const seals = wraps.reduce((sum, { id }) => sum + (counts.get(id) ?? 0), 0);
      const provider = wraps[0]?.provider ?? '';
      return `"${name}" (${provider}) wraps ${plural(wraps.length, 'data key')}, which ${wraps.length === 1 ? 'seals' : 'seal'} ${plural(seals, 'value')}`;
    });
    throw new KeyProviderError(
      'refused',
      `${plural(names.length, 'key')} that the database still needs ${names.length === 1 ? 'is' : 'are'} not configured: ` +
        `${sentences.join('; ')}. Put it back (${SETTINGS}), and drop a key only after a rotation left it with nothing.`,
    );
  }

  /**
   * Before there were data keys, values were sealed directly under a key of ENCRYPTION_KEYS, whose id is then the id in
   * the envelope. Such a key becomes a data key of the same id, wrapped like any other; the next rotation empties it.
   */
  private async adoptDirectKey(id: string): Promise<void> {
    const direct = this.config.encryptionKeys.find((key) => key.id === id);
    if (!direct)
      throw new KeyProviderError(
        'refused',
        `Values are sealed under the key "${id}", which is not configured. Put it back (ENCRYPTION_KEYS).`,
      );
    await this.proveDirectKey(direct);
    const wrapped = await this.provider.wrap(id, direct.key);
    await this.dataSource.query(
      `INSERT INTO data_keys (id, number, provider, key_id, wrapped, created_at)
       SELECT $1, COALESCE(max(number), 0) + 1, $2, $3, $4, $5 FROM data_keys ON CONFLICT DO NOTHING`,
      [id, wrapped.provider, wrapped.keyId, wrapped.wrapped, new Date(0)],
    );
  }

  /** Opens one value, so that a wrong key under the right name is not taken over. */
  private async proveDirectKey({ id, key }: { id: string; key: Buffer }): Promise<void> {
    for (const column of SEALED_COLUMNS) {
      const [sample] = await this.values.page(column, id, FIRST_ROW, 1);
      if (!sample) continue;
      try {
        openUnder({ id, key: createSecretKey(key) }, sample.sealed, { ...column, rowId: sample.id });
      } catch (cause) {
        throw new KeyProviderError(
          'refused',
          `The key "${id}" in ENCRYPTION_KEYS does not open what is sealed under "${id}". Put the right key back.`,
          { cause },
        );
      }
    }
  }
}

const SETTINGS = 'ENCRYPTION_KEYS, AWS_KMS_KEY_IDS or VAULT_TRANSIT_KEYS';

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
