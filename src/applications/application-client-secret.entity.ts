import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Application } from './application.entity.js';

/** A client secret, sealed. The newest one is current. */
@Entity('application_client_secrets')
@Index('application_client_secrets_newest_idx', ['applicationId', 'createdAt'])
// Over an expression, which decorators cannot say: it stands in the migration (see src/crypto/sealed-columns.ts).
@Index('application_client_secrets_sealed_key_idx', { synchronize: false })
export class ApplicationClientSecret {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'application_client_secrets_pkey' })
  id: string;

  @ForeignKey(() => Application, { name: 'application_client_secrets_application_fkey', onDelete: 'CASCADE' })
  @Column('uuid')
  applicationId: string;

  @Column('text')
  sealed: string;

  @Column('timestamptz')
  createdAt: Date;

  @Column('timestamptz', { nullable: true })
  expiresAt: Date | null;
}
