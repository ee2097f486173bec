import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { type Region } from '../config/config.js';
import { type PartnerType, REGIONS } from '../lwa/marketplaces.js';
import {
  type Authorization,
  type AuthorizationStatus,
  type Workflow,
} from '../tokens/authorization.entity.js';
import { renewalStatus, type RenewalStatus } from '../tokens/renewal-status.js';
import { ListQuery } from './list-query.dto.js';

const STATUSES: AuthorizationStatus[] = ['active', 'reauthorization_required', 'disconnected'];
const RENEWALS: RenewalStatus[] = ['current', 'due', 'overdue', 'not_applicable'];
export const WORKFLOWS: Workflow[] = ['website', 'appstore', 'self'];

export class AuthorizationQuery extends ListQuery {
  @ApiPropertyOptional({ enum: STATUSES, description: 'Whether tokens can be had' })
  @IsOptional()
  @IsIn(STATUSES)
  status?: AuthorizationStatus;

  @ApiPropertyOptional({
    enum: RENEWALS,
    description: 'Where it stands in the year that a grant is good for',
  })
  @IsOptional()
  @IsIn(RENEWALS)
  renewal?: RenewalStatus;

  @ApiPropertyOptional({ format: 'uuid', description: 'Account on our website' })
  @IsOptional()
  @IsUUID()
  sellerId?: string;

  @ApiPropertyOptional({ description: 'As Amazon names the seller or vendor' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  sellingPartnerId?: string;

  @ApiPropertyOptional({ enum: REGIONS })
  @IsOptional()
  @IsIn(REGIONS)
  region?: Region;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  applicationId?: string;

  @ApiPropertyOptional({ enum: WORKFLOWS, description: 'How it was authorized' })
  @IsOptional()
  @IsIn(WORKFLOWS)
  workflow?: Workflow;
}

class RenewalAnswer {
  @ApiProperty({
    enum: RENEWALS,
    description: '`due` from the first reminder on, `overdue` after the date. Neither stops tokens',
  })
  status: RenewalStatus;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Renew by' })
  dueAt: Date | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the seller was last reminded',
  })
  lastReminderAt: Date | null;
}

/** An authorization as the API shows it. The sealed token has no place here, so it cannot leak. */
export class AuthorizationAnswer {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid', description: 'Our id of the SP-API application' })
  applicationId: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Account on our website' })
  sellerId: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Gets the reminders where there is no account' })
  contactEmail: string | null;

  @ApiProperty({ description: 'As Amazon names the seller or vendor', example: 'A2SELLER000001' })
  sellingPartnerId: string;

  @ApiProperty({ enum: REGIONS, description: 'Of SP-API: North America, Europe or Far East' })
  region: Region;

  @ApiProperty({ enum: ['seller', 'vendor'] })
  partnerType: PartnerType;

  @ApiProperty({
    type: [String],
    description: 'Marketplaces known to belong to it',
    example: ['A1PA6795UKMFR9'],
  })
  marketplaceIds: string[];

  @ApiProperty({ enum: WORKFLOWS, description: 'How it was authorized' })
  workflow: Workflow;

  @ApiProperty({
    enum: STATUSES,
    description:
      '`reauthorization_required`: Amazon refused it, the seller must connect again. `disconnected`: its token is destroyed',
  })
  status: AuthorizationStatus;

  @ApiProperty({
    type: String,
    nullable: true,
    description:
      'Amazon’s or our words for the status; region_unverified: Amazon has not confirmed the region yet',
  })
  statusReason: string | null;

  @ApiProperty()
  renewal: RenewalAnswer;

  @ApiProperty({ format: 'date-time', description: 'When the seller last confirmed at Amazon' })
  authorizedAt: Date;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When a program last got a token',
  })
  lastVendedAt: Date | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When Amazon last accepted or refused it',
  })
  lastCheckedAt: Date | null;

  @ApiProperty({ format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ format: 'date-time' })
  updatedAt: Date;
}

export class AuthorizationListAnswer {
  @ApiProperty({ type: [AuthorizationAnswer] })
  items: AuthorizationAnswer[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: '`cursor` of the next page; null on the last one',
  })
  nextCursor: string | null;
}

/** Whether Amazon has still to confirm the region: it did not answer when the grant was stored. */
const unverified = ({ status, regionCheckAt }: Authorization) =>
  status === 'active' && regionCheckAt !== null;

export function showAuthorization(
  row: Authorization,
  now: Date,
  reminderDays: readonly number[],
): AuthorizationAnswer {
  return {
    id: row.id,
    applicationId: row.applicationId,
    sellerId: row.sellerId,
    contactEmail: row.contactEmail,
    sellingPartnerId: row.sellingPartnerId,
    region: row.region,
    partnerType: row.partnerType,
    marketplaceIds: row.marketplaceIds,
    workflow: row.workflow,
    status: row.status,
    statusReason: row.statusReason ?? (unverified(row) ? 'region_unverified' : null),
    renewal: {
      status:
        row.status === 'disconnected' ? 'not_applicable' : renewalStatus(row.renewalDueAt, now, reminderDays),
      dueAt: row.renewalDueAt,
      lastReminderAt: row.lastReminderAt,
    },
    authorizedAt: row.authorizedAt,
    lastVendedAt: row.lastVendedAt,
    lastCheckedAt: row.lastCheckedAt,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
