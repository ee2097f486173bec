import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** A data key, wrapped. The one with the highest number seals; each of them opens what it sealed. Never deleted. */
@Entity('data_keys')
@Unique('data_keys_number_key', ['number'])
export class DataKeyRow {
  /** Stands in every envelope that the key sealed. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'data_keys_pkey' })
  id: string;

  /** 1, 2, 3, …: unique, so of replicas that make the next one at once exactly one succeeds. */
  @Column('integer')
  number: number;

  /** Who wrapped it, and by which of its keys. */
  @Column('text')
  provider: string;

  @Column('text')
  keyId: string;

  @Column('bytea')
  wrapped: Buffer;

  /** How often it sealed, as far as replicas have reported. */
  @Column('bigint', { default: 0 })
  seals: string;

  @Column('timestamptz')
  createdAt: Date;
}
