import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DataKeyRow } from './data-key.entity.js';
import { KeyProvider } from './key-provider.js';
import { SealedValues } from './sealed-values.js';

export interface KeyReport {
  id: string;
  provider: string;
  /** Wraps new data keys. */
  current: boolean;
  values: number;
  dataKeys: { id: string; createdAt: Date; current: boolean; values: number }[];
}

/** Says what each key still does. */
@Injectable()
export class KeyUsage {
  constructor(
    private readonly dataSource: DataSource,
    private readonly provider: KeyProvider,
    private readonly values: SealedValues,
  ) {}

  /** Every configured key, in the order of the settings, with the data keys it wraps and the values these seal. */
  async report(): Promise<KeyReport[]> {
    const counts = await this.values.countByKey();
    const rows = await this.dataSource.manager.find(DataKeyRow, { order: { number: 'ASC' } });
    const newest = rows.at(-1)?.id;
    return this.provider.keys.map(({ provider, keyId }, index) => {
      const dataKeys = rows
        .filter((row) => row.provider === provider && row.keyId === keyId)
        .map(({ id, createdAt }) => ({ id, createdAt, current: id === newest, values: counts.get(id) ?? 0 }));
      const values = dataKeys.reduce((sum, key) => sum + key.values, 0);
      return { id: keyId, provider, current: index === 0, values, dataKeys };
    });
  }
}
