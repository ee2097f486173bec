import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsString, IsUrl, Max, MaxLength, Min } from 'class-validator';
import { MayBeLeftOut } from '../common/validation.js';
import { type PartnerType } from '../lwa/marketplaces.js';

const WEEK = 7 * 86_400;

export class NewConnectLinkRequest {
  @ApiPropertyOptional({
    description: 'Id of an application, ours or Amazon’s; needed when there are several',
  })
  @MayBeLeftOut()
  @IsString()
  @MaxLength(200)
  applicationId?: string;

  @ApiProperty({ description: 'Where the seller sells; decides the consent page', example: 'A1PA6795UKMFR9' })
  @IsString()
  @MaxLength(32)
  marketplaceId: string;

  @ApiPropertyOptional({ enum: ['seller', 'vendor'], default: 'seller' })
  @MayBeLeftOut()
  @IsIn(['seller', 'vendor'])
  partnerType: PartnerType = 'seller';

  @ApiPropertyOptional({
    description:
      'Where the browser goes afterwards, with `outcome` (connected, cancelled, failed), `authorizationId` or `reason`. Its origin must be one of the application’s returnOrigins.',
    example: 'https://shop.example.com/amazon/done',
  })
  @MayBeLeftOut()
  @IsUrl(
    { require_tld: false, require_protocol: true, protocols: ['https', 'http'] },
    { message: 'must be an absolute URL' },
  )
  @MaxLength(2000)
  returnUrl?: string;

  @ApiPropertyOptional({ description: 'Seconds', default: WEEK, minimum: 60, maximum: 30 * 86_400 })
  @MayBeLeftOut()
  @IsInt({ message: 'must be a whole number of seconds' })
  @Min(60, { message: 'must be at least 60' })
  @Max(30 * 86_400, { message: 'must be at most 2592000: thirty days' })
  expiresInSeconds: number = WEEK;
}

export class ConnectLinkAnswer {
  @ApiProperty({ description: 'Shown this once', example: 'https://regrant.example.com/connect/…' })
  url: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt: Date;
}
