import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { type Region } from '../config/config.js';
import { type PartnerType } from '../lwa/marketplaces.js';
import {
  type Authorization,
  type AuthorizationStatus,
  type Workflow,
} from '../tokens/authorization.entity.js';
import { renewalStatus, type RenewalStatus } from '../tokens/renewal-status.js';
import { ListQuery } from './list-query.dto.js';

const STATUSES: AuthorizationStatus[] = ['active', 'reauthorization_required', 'disconnected'];
const RENEWALS: RenewalStatus[] = ['current', 'due', 'overdue', 'not_applicable'];
const REGIONS: Region[] = ['NA', 'EU', 'FE'];
const WORKFLOWS: Workflow[] = ['website', 'appstore', 'self'];

export class AuthorizationQuery extends ListQuery {
  @ApiPropertyOptional({ enum: STATUSES })
  @IsOptional()
  @IsIn(STATUSES)
  status?: AuthorizationStatus;

  @ApiPropertyOptional({ enum: RENEWALS })
  @IsOptional()
  @IsIn(RENEWALS)
  renewal?: RenewalStatus;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  sellerId?: string;

  @ApiPropertyOptional()
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

  @ApiPropertyOptional({ enum: WORKFLOWS })
  @IsOptional()
  @IsIn(WORKFLOWS)
  workflow?: Workflow;
}

class RenewalAnswer {
  @ApiProperty({ enum: RENEWALS })
  status: RenewalStatus;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  dueAt: Date | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastReminderAt: Date | null;
}

/** An authorization as the API shows it. The sealed token has no place here, so it cannot leak. */
export class AuthorizationAnswer {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid' })
  applicationId: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  sellerId: string | null;

  @ApiProperty({ type: String, nullable: true })
  contactEmail: string | null;

  @ApiProperty()
  sellingPartnerId: string;

  @ApiProperty({ enum: REGIONS })
  region: Region;

  @ApiProperty({ enum: ['seller', 'vendor'] })
  partnerType: PartnerType;

  @ApiProperty({ type: [String] })
  marketplaceIds: string[];

  @ApiProperty({ enum: WORKFLOWS })
  workflow: Workflow;

  @ApiProperty({ enum: STATUSES })
  status: AuthorizationStatus;

  @ApiProperty({ type: String, nullable: true })
  statusReason: string | null;

  @ApiProperty()
  renewal: RenewalAnswer;

  @ApiProperty({ format: 'date-time' })
  authorizedAt: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastVendedAt: Date | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastCheckedAt: Date | null;

  @ApiProperty({ format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ format: 'date-time' })
  updatedAt: Date;
}

export class AuthorizationListAnswer {
  @ApiProperty({ type: [AuthorizationAnswer] })
  items: AuthorizationAnswer[];

  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

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
    statusReason: row.statusReason,
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
