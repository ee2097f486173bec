import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsEmail, IsIn, IsOptional, Matches, MaxLength } from 'class-validator';
import { IsId, IsMoment, IsPrintable, MayBeLeftOut } from '../common/validation.js';
import { type PartnerType } from '../lwa/marketplaces.js';
import { type Workflow } from '../tokens/authorization.entity.js';
import { PartnerFields } from '../tokens/partner-token.dto.js';
import { WORKFLOWS } from './authorization.dto.js';

const IsMailAddress = () => IsEmail({}, { message: 'must be a mail address' });

/** A grant that an operator brings: a self-authorization, or one that another system kept so far. */
export class NewAuthorizationRequest extends PartnerFields {
  @ApiPropertyOptional({
    description: "Our id of the application or Amazon's; needed when there are several",
    example: 'amzn1.sp.solution.…',
  })
  @MayBeLeftOut()
  @IsPrintable(200)
  applicationId?: string;

  @ApiPropertyOptional({ enum: ['seller', 'vendor'], default: 'seller' })
  @MayBeLeftOut()
  @IsIn(['seller', 'vendor'], { message: 'must be seller or vendor' })
  partnerType?: PartnerType;

  @ApiProperty({ description: 'Never shown again', writeOnly: true, example: 'Atzr|IwEBIA…' })
  @IsPrintable(2048)
  @Matches(/^(?!Atza\|)/, { message: 'is an access token (Atza|…); the refresh token begins with Atzr|' })
  refreshToken: string;

  @ApiPropertyOptional({ enum: WORKFLOWS, default: 'self', description: 'How the grant came about' })
  @MayBeLeftOut()
  @IsIn(WORKFLOWS, { message: `must be one of ${WORKFLOWS.join(', ')}` })
  workflow?: Workflow;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'Now when left out; must not be in the future',
  })
  @MayBeLeftOut()
  @IsMoment()
  authorizedAt?: Date;

  @ApiPropertyOptional({ format: 'uuid', description: 'The account on our website that it belongs to' })
  @MayBeLeftOut()
  @IsId()
  sellerId?: string;

  @ApiPropertyOptional({ format: 'email', description: 'Where reminders go when there is no account' })
  @MayBeLeftOut()
  @MaxLength(254)
  @IsMailAddress()
  contactEmail?: string;

  @ApiPropertyOptional({
    default: true,
    description: 'Exchange the token once first and store nothing when Amazon refuses it',
  })
  @MayBeLeftOut()
  @IsBoolean({ message: 'must be true or false' })
  verify?: boolean;
}

/** What is left out stays; null empties a field. */
export class AuthorizationChangeRequest {
  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When Amazon wants the consent again; null: never',
  })
  @IsOptional()
  @IsMoment()
  renewalDueAt?: Date | null;

  @ApiPropertyOptional({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The account on our website that it belongs to',
  })
  @IsOptional()
  @IsId()
  sellerId?: string | null;

  @ApiPropertyOptional({
    type: String,
    format: 'email',
    nullable: true,
    description: 'Where reminders go when there is no account',
  })
  @IsOptional()
  @MaxLength(254)
  @IsMailAddress()
  contactEmail?: string | null;
}
