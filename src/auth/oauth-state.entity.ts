import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Application } from '../applications/application.entity.js';
import { type Region } from '../config/config.js';
import { type PartnerType } from '../lwa/marketplaces.js';
import { Seller } from '../sellers/seller.entity.js';
import { Authorization, type Workflow } from '../tokens/authorization.entity.js';
import { ConnectLink } from './connect-link.entity.js';

/** One consent under way: what `state` stands for. Kept for a while after its end, to answer a repeated callback. */
@Entity('oauth_states')
@Index('oauth_states_expires_idx', ['expiresAt'])
export class OAuthState {
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'oauth_states_pkey' })
  stateHash: Buffer;

  @Column('bytea')
  browserHash: Buffer;

  @ForeignKey(() => Seller, { name: 'oauth_states_seller_fkey', onDelete: 'CASCADE' })
  @Column('uuid')
  sellerId: string;

  @ForeignKey(() => Application, { name: 'oauth_states_application_fkey', onDelete: 'CASCADE' })
  @Column('uuid')
  applicationId: string;

  @Column('text')
  region: Region;

  @Column('text')
  marketplaceId: string;

  @Column('text')
  partnerType: PartnerType;

  @Column('text')
  workflow: Workflow;

  /** The selling partner that must come back, where it is known beforehand: a renewal, the Appstore. */
  @Column('text', { nullable: true })
  sellingPartnerId: string | null;

  /** For a consent that a connect link began: then no account has to be signed in. */
  @ForeignKey(() => ConnectLink, { name: 'oauth_states_connect_link_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { nullable: true })
  connectLinkId: string | null;

  @Column('text')
  redirectUri: string;

  @Column('timestamptz')
  createdAt: Date;

  @Column('timestamptz')
  expiresAt: Date;

  /** Set by the one callback that may exchange the code. */
  @Column('timestamptz', { nullable: true })
  usedAt: Date | null;

  /** Set together with the outcome: an authorization, or the name of a failure. */
  @Column('timestamptz', { nullable: true })
  finishedAt: Date | null;

  @ForeignKey(() => Authorization, { name: 'oauth_states_authorization_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { nullable: true })
  authorizationId: string | null;

  @Column('text', { nullable: true })
  failure: string | null;
}
