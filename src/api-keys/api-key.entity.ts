import { Column, Entity, Index, PrimaryColumn, Unique, type ValueTransformer } from 'typeorm';
import { type Scope } from '../common/access.js';

/** A secret from before a rotation that is still taken for a while. */
export interface OldSecret {
  hash: Buffer;
  validUntil: Date;
}

const asJson: ValueTransformer = {
  to: (secrets: OldSecret[]) =>
    secrets.map(({ hash, validUntil }) => ({ hash: hash.toString('hex'), validUntil })),
  from: (secrets: { hash: string; validUntil: string }[]): OldSecret[] =>
    secrets.map(({ hash, validUntil }) => ({
      hash: Buffer.from(hash, 'hex'),
      validUntil: new Date(validUntil),
    })),
};

/** A program that may call us. Of its secrets only the SHA-256 is stored. */
@Entity('api_keys')
@Unique('api_keys_client_id_key', ['clientId'])
@Index('api_keys_created_idx', ['createdAt', 'id'])
export class ApiKey {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'api_keys_pkey' })
  id: string;

  @Column('text')
  clientId: string;

  @Column('text')
  name: string;

  @Column('bytea')
  secretHash: Buffer;

  /** Newest first; those that are over may still stand here. */
  @Column('jsonb', { default: [], transformer: asJson })
  oldSecrets: OldSecret[];

  @Column('text', { array: true })
  scopes: Scope[];

  /** The applications it is limited to; null: all of them. */
  @Column('uuid', { array: true, nullable: true })
  applicationIds: string[] | null;

  @Column('timestamptz')
  createdAt: Date;

  @Column('timestamptz', { nullable: true })
  expiresAt: Date | null;

  @Column('timestamptz', { nullable: true })
  revokedAt: Date | null;

  @Column('timestamptz', { nullable: true })
  lastUsedAt: Date | null;

  /** When an old secret was last used, since the last rotation: whether some program has still to move over. */
  @Column('timestamptz', { nullable: true })
  oldSecretUsedAt: Date | null;
}
