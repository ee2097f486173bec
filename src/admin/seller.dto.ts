import { ApiProperty, ApiPropertyOptional, IntersectionType, PartialType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsEmail, IsIn, IsOptional, Matches, MaxLength, ValidateIf } from 'class-validator';
import { MayBeLeftOut } from '../common/validation.js';
import { normalEmail } from '../sellers/forms.js';
import { type Seller } from '../sellers/seller.entity.js';
import { ListQuery } from './list-query.dto.js';

const STATUSES: Seller['status'][] = ['active', 'disabled'];
const LOCALES = ['en', 'de', 'fr', 'it', 'es', 'ja'];
const EXTERNAL_ID = /^(?=.*\S)[^\p{Cc}]{1,200}$/u;
const EXTERNAL_ID_MESSAGE = { message: 'must be 1 to 200 characters of text' };

class Address {
  @ApiProperty({ format: 'email', maxLength: 254 })
  @Transform(({ value }: { value: unknown }) => normalEmail(value))
  @MaxLength(254, { message: 'must be at most 254 characters' })
  @IsEmail({ allow_utf8_local_part: false }, { message: 'must be a mail address' })
  email: string;
}

class Settings {
  @ApiPropertyOptional({
    type: String,
    nullable: true,
    maxLength: 200,
    description: 'What your own programs call this seller; unique',
  })
  @MayBeLeftOut()
  @ValidateIf((_object, value) => value !== null)
  @Matches(EXTERNAL_ID, EXTERNAL_ID_MESSAGE)
  externalId?: string | null;

  @ApiPropertyOptional({ enum: LOCALES, default: 'en', description: 'Language of mails' })
  @MayBeLeftOut()
  @IsIn(LOCALES, { message: `must be one of ${LOCALES.join(', ')}` })
  locale?: string;

  @ApiPropertyOptional({
    enum: STATUSES,
    default: 'active',
    description: 'A disabled seller is signed out and cannot sign in',
  })
  @MayBeLeftOut()
  @IsIn(STATUSES, { message: 'must be active or disabled' })
  status?: Seller['status'];
}

export class NewSellerRequest extends IntersectionType(Address, Settings) {}

export class SellerChangeRequest extends IntersectionType(
  PartialType(Address, { skipNullProperties: false }),
  Settings,
) {}

export class SellerQuery extends ListQuery {
  @ApiPropertyOptional()
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => normalEmail(value))
  @Matches(/^[^\p{Cc}]{1,254}$/u, { message: 'must be a mail address' })
  email?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @Matches(EXTERNAL_ID, EXTERNAL_ID_MESSAGE)
  externalId?: string;

  @ApiPropertyOptional({ enum: STATUSES })
  @IsOptional()
  @IsIn(STATUSES)
  status?: Seller['status'];
}

/** A seller account as the API shows it. The password's hash has no place here. */
export class SellerAnswer {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'email' })
  email: string;

  @ApiProperty()
  emailVerified: boolean;

  @ApiProperty({ type: String, nullable: true })
  externalId: string | null;

  @ApiProperty({ enum: LOCALES })
  locale: string;

  @ApiProperty({ enum: STATUSES })
  status: Seller['status'];

  @ApiProperty({ format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ format: 'date-time' })
  updatedAt: Date;
}

export class SellerListAnswer {
  @ApiProperty({ type: [SellerAnswer] })
  items: SellerAnswer[];

  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

export function showSeller(row: Seller): SellerAnswer {
  const { id, email, emailVerifiedAt, externalId, locale, status, createdAt, updatedAt } = row;
  return { id, email, emailVerified: !!emailVerifiedAt, externalId, locale, status, createdAt, updatedAt };
}
