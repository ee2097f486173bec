import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import { type Scope } from '../common/access.js';

/** A program that may call us. The secret is stored as its SHA-256 only. */
@Entity('api_keys')
@Unique('api_keys_client_id_key', ['clientId'])
export class ApiKey {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'api_keys_pkey' })
  id: string;

  @Column('text')
  clientId: string;

  @Column('text')
  name: string;

  @Column('bytea')
  secretHash: Buffer;

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
}
