import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** One registered SP-API application. Its client secrets stand in a table of their own, sealed. */
@Entity('applications')
@Unique('applications_application_id_key', ['applicationId'])
@Check('applications_type_check', `type IN ('public', 'private')`)
export class Application {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'applications_pkey' })
  id: string;

  /** Amazon's id, `amzn1.sp.solution.…`; not the LWA client id. */
  @Column('text')
  applicationId: string;

  @Column('text')
  name: string;

  @Column('text')
  type: 'public' | 'private';

  /** Not published yet: consent needs `version=beta`. */
  @Column('boolean', { default: false })
  draft: boolean;

  /** To be found in Amazon's Appstore, where its number of authorizations has no limit. */
  @Column('boolean', { default: false })
  listed: boolean;

  @Column('text')
  lwaClientId: string;

  /** Origins that a connect link may lead back to. */
  @Column('text', { array: true, default: [] })
  returnOrigins: string[];

  /** Since when LWA refuses every client secret; null: it knows the application. */
  @Column('timestamptz', { nullable: true })
  credentialsRejectedAt: Date | null;

  /** When one call may try again whether it still does. */
  @Column('timestamptz', { nullable: true })
  credentialsProbeAt: Date | null;

  @Column('timestamptz')
  createdAt: Date;

  @Column('timestamptz')
  updatedAt: Date;
}
