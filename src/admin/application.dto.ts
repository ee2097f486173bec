import { ApiProperty, ApiPropertyOptional, IntersectionType, PartialType } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsIn, Matches, ValidateBy } from 'class-validator';
import { type ApplicationClientSecret } from '../applications/application-client-secret.entity.js';
import { type Application } from '../applications/application.entity.js';
import { IsMoment, IsPrintable, MayBeLeftOut } from '../common/validation.js';
import { APPLICATION_ID } from '../config/environment.js';
import { type ApplicationUsage } from '../tokens/application-grants.js';

const TYPES: Application['type'][] = ['public', 'private'];
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** `https://portal.example.com`: no path, and plain http for this machine only. */
function isReturnOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 300 || !URL.canParse(value)) return false;
  const { origin, protocol, hostname } = new URL(value);
  return origin === value && (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname)));
}

const AreReturnOrigins = () =>
  ValidateBy(
    { name: 'returnOrigin', validator: { validate: isReturnOrigin } },
    {
      each: true,
      message: 'must be origins such as https://portal.example.com (plain http for loopback only)',
    },
  );

export class NewClientSecretRequest {
  @ApiProperty({ example: 'amzn1.oa2-cs.v1.…', writeOnly: true, description: 'Never shown again' })
  @IsPrintable(512)
  clientSecret: string;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'When Amazon ends it; 180 days from now when left out',
  })
  @MayBeLeftOut()
  @IsMoment()
  expiresAt?: Date;

  @ApiPropertyOptional({
    default: false,
    description: 'Ask Login with Amazon first, and store nothing when it refuses the secret',
  })
  @MayBeLeftOut()
  @IsBoolean({ message: 'must be true or false' })
  verify?: boolean;
}

class Identity {
  @ApiProperty({ example: 'amzn1.sp.solution.…', description: "Amazon's id of the application" })
  @Matches(APPLICATION_ID, {
    message: 'must be an application id such as amzn1.sp.solution.…, not a client id',
  })
  applicationId: string;

  @ApiProperty({ minLength: 1, maxLength: 200 })
  @Matches(/^(?=.*\S)[^\p{Cc}]{1,200}$/u, { message: 'must be 1 to 200 characters of text' })
  name: string;

  @ApiProperty({ enum: TYPES })
  @IsIn(TYPES, { message: 'must be public or private' })
  type: Application['type'];

  @ApiProperty({ example: 'amzn1.application-oa2-client.…' })
  @IsPrintable(200)
  @Matches(/^(?!amzn1\.(sp\.solution|sellerapps\.app)\.)/, {
    message: 'must be the LWA client id (amzn1.application-oa2-client.…), not the application id',
  })
  lwaClientId: string;
}

class Settings {
  @ApiProperty({ default: false, description: 'Not published yet: consent runs with version=beta' })
  @IsBoolean({ message: 'must be true or false' })
  draft: boolean;

  @ApiProperty({
    default: false,
    description: "Listed in Amazon's Appstore, where sellers are without limit",
  })
  @IsBoolean({ message: 'must be true or false' })
  listed: boolean;

  @ApiProperty({
    type: [String],
    default: [],
    description: 'Origins that the returnUrl of a connect link may have: https, or http for loopback',
    example: ['https://portal.example.com'],
  })
  @IsArray({ message: 'must be a list' })
  @ArrayMaxSize(50, { message: 'must be at most 50' })
  @ArrayUnique({ message: 'must not name one twice' })
  @AreReturnOrigins()
  returnOrigins: string[];
}

const leftOut = { skipNullProperties: false };

export class NewApplicationRequest extends IntersectionType(Identity, PartialType(Settings, leftOut)) {
  @ApiProperty({ example: 'amzn1.oa2-cs.v1.…', writeOnly: true, description: 'Never shown again' })
  @IsPrintable(512)
  clientSecret: string;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'When Amazon ends the secret; 180 days from now when left out',
  })
  @MayBeLeftOut()
  @IsMoment()
  clientSecretExpiresAt?: Date;
}

export class ApplicationChangeRequest extends PartialType(IntersectionType(Identity, Settings), leftOut) {}

class ClientSecretAnswer {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt: Date | null;

  @ApiProperty({ description: 'The newest one; those before serve while Amazon refuses it' })
  current: boolean;
}

class SlotsAnswer {
  @ApiProperty({ description: 'Every one made through Regrant' })
  used: number;

  @ApiProperty({ type: Number, nullable: true, description: 'What Amazon allows; null: no limit' })
  limit: number | null;
}

class UsageAnswer {
  @ApiProperty()
  selfAuthorizations: SlotsAnswer;

  @ApiProperty({ description: 'OAuth authorizations of sellers; vendors have no limit and are not counted' })
  sellerAuthorizations: SlotsAnswer;
}

/** An application as the API shows it. Sealed secrets have no place here, so they cannot leak. */
export class ApplicationAnswer extends IntersectionType(Identity, Settings) {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ type: [ClientSecretAnswer], description: 'Newest first, without the secrets themselves' })
  clientSecrets: ClientSecretAnswer[];

  @ApiProperty({
    description:
      "Use of Amazon's limits. Disconnected authorizations count too: a disconnect here does not free Amazon's slot, " +
      'only a revocation by the seller does, and Amazon tells nobody of it. So Amazon may count fewer. ' +
      'Regrant never refuses because of these numbers.',
  })
  usage: UsageAnswer;

  @ApiProperty({ type: [String], description: 'Sentences on limits that are nearly or fully used' })
  warnings: string[];

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description:
      'Since when Login with Amazon refuses the client id and secret; null when it knows the application. ' +
      'Cleared by the first call that succeeds.',
  })
  credentialsRejectedAt: Date | null;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: Date;
}

export class ApplicationListAnswer {
  @ApiProperty({ type: [ApplicationAnswer] })
  items: ApplicationAnswer[];

  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

export function showApplication(
  row: Application,
  secrets: readonly ApplicationClientSecret[],
  { warnings, ...usage }: ApplicationUsage,
): ApplicationAnswer {
  return {
    id: row.id,
    applicationId: row.applicationId,
    name: row.name,
    type: row.type,
    draft: row.draft,
    listed: row.listed,
    lwaClientId: row.lwaClientId,
    returnOrigins: row.returnOrigins,
    clientSecrets: secrets.map(({ id, createdAt, expiresAt }, index) => ({
      id,
      createdAt,
      expiresAt,
      current: index === 0,
    })),
    usage,
    warnings,
    credentialsRejectedAt: row.credentialsRejectedAt,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
