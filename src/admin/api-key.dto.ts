import { ApiProperty, ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsUUID,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { type IssuedKey } from '../api-keys/api-key-administration.service.js';
import { type Scope, SCOPES } from '../common/access.js';
import { IsMoment, MayBeLeftOut } from '../common/validation.js';

const STATUSES = ['active', 'expired', 'revoked'] as const;
const MOST_APPLICATIONS = 100;
const A_DAY = 86_400;
const THIRTY_DAYS = 30 * A_DAY;

const lowerCase = ({ value }: { value: unknown }): unknown =>
  Array.isArray(value) ? value.map((id: unknown) => (typeof id === 'string' ? id.toLowerCase() : id)) : value;

class Named {
  @ApiProperty({
    minLength: 1,
    maxLength: 200,
    description: 'Which program it is for',
    example: 'Order import',
  })
  @Matches(/^(?=.*\S)[^\p{Cc}]{1,200}$/u, { message: 'must be 1 to 200 characters of text' })
  name: string;

  @ApiProperty({
    enum: SCOPES,
    isArray: true,
    description: 'What it may do; at most what the calling key may',
  })
  @IsArray({ message: 'must be a list' })
  @ArrayNotEmpty({ message: 'must name at least one scope' })
  @ArrayUnique({ message: 'must not name one twice' })
  @IsIn(SCOPES, { each: true, message: `must be of ${SCOPES.join(', ')}` })
  scopes: Scope[];
}

export class NewApiKeyRequest extends Named {
  @ApiPropertyOptional({
    type: [String],
    format: 'uuid',
    nullable: true,
    description: 'Our ids of the applications that it is limited to; all applications when left out or null',
  })
  @IsOptional()
  @Transform(lowerCase)
  @IsArray({ message: 'must be a list' })
  @ArrayNotEmpty({ message: 'must name at least one application; null means all of them' })
  @ArrayMaxSize(MOST_APPLICATIONS, { message: `must be at most ${MOST_APPLICATIONS}` })
  @ArrayUnique({ message: 'must not name one twice' })
  @IsUUID(undefined, { each: true, message: 'must be our ids of applications' })
  applicationIds?: string[] | null;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it ends by itself; never when left out or null',
  })
  @IsOptional()
  @IsMoment()
  expiresAt?: Date | null;
}

/** What is left out stays. */
export class ApiKeyChangeRequest extends PartialType(NewApiKeyRequest, { skipNullProperties: false }) {}

export class ApiKeyRotationRequest {
  @ApiPropertyOptional({
    type: 'integer',
    default: A_DAY,
    minimum: 0,
    maximum: THIRTY_DAYS,
    description:
      'How long the secrets until now are still taken. 0: they end at once, as they should after a leak',
  })
  @MayBeLeftOut()
  @IsInt({ message: 'must be a whole number of seconds' })
  @Min(0, { message: 'must be at least 0' })
  @Max(THIRTY_DAYS, { message: `must be at most ${THIRTY_DAYS}: 30 days` })
  overlapSeconds: number = A_DAY;
}

/** An API key as the API shows it. Its secret has no place here, so it cannot leak. */
export class ApiKeyAnswer {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({
    example: 'rgk_5f0c2a9e8b7d6c5f4e3d2c1b',
    description: 'Stays the same when the secret is rotated',
  })
  clientId: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes: Scope[];

  @ApiProperty({ type: [String], format: 'uuid', nullable: true, description: 'null: all applications' })
  applicationIds: string[] | null;

  @ApiProperty({ enum: STATUSES, description: 'Only an active one is taken' })
  status: (typeof STATUSES)[number];

  @ApiProperty({ format: 'date-time' })
  createdAt: Date;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'null: it does not end by itself',
  })
  expiresAt: Date | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt: Date | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When a program last called with it; up to a minute late',
  })
  lastUsedAt: Date | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Until when a secret from before a rotation is still taken; null: none is',
  })
  oldSecretValidUntil: Date | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When such an old secret was last used since the last rotation; up to a minute late',
  })
  oldSecretLastUsedAt: Date | null;
}

/** The only answers that hold a secret: nobody can read it again. */
export class IssuedApiKeyAnswer extends ApiKeyAnswer {
  @ApiProperty({ description: 'Shown this once' })
  clientSecret: string;

  @ApiProperty({
    description: 'Both together, as `Authorization: Bearer …` takes them. Shown this once',
    example: 'rgk_5f0c2a9e8b7d6c5f4e3d2c1b.…',
  })
  apiKey: string;
}

export class ApiKeyListAnswer {
  @ApiProperty({ type: [ApiKeyAnswer] })
  items: ApiKeyAnswer[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: '`cursor` of the next page; null on the last one',
  })
  nextCursor: string | null;
}

export function showApiKey(key: ApiKey, now: Date): ApiKeyAnswer {
  const { id, clientId, name, scopes, applicationIds, createdAt, expiresAt, revokedAt, lastUsedAt } = key;
  const expired = expiresAt !== null && expiresAt <= now;
  const oldSecrets = key.oldSecrets.map(({ validUntil }) => validUntil.getTime());
  const oldest = Math.max(...oldSecrets);
  return {
    ...{ id, clientId, name, scopes, applicationIds },
    status: revokedAt ? 'revoked' : expired ? 'expired' : 'active',
    ...{ createdAt, expiresAt, revokedAt, lastUsedAt },
    oldSecretValidUntil: oldest > now.getTime() ? new Date(oldest) : null,
    oldSecretLastUsedAt: key.oldSecretUsedAt,
  };
}

export function showIssuedKey({ key, secret }: IssuedKey, now: Date): IssuedApiKeyAnswer {
  return { ...showApiKey(key, now), clientSecret: secret, apiKey: `${key.clientId}.${secret}` };
}
