import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IsPrintable, MayBeLeftOut } from '../common/validation.js';
import { type Region } from '../config/config.js';
import { REGIONS } from '../lwa/marketplaces.js';
import { AccessTokenRequest } from './access-token.dto.js';

/** A selling partner, and where it sells. */
export class PartnerFields {
  @ApiProperty({ description: 'Merchant token, or vendor group code', example: 'A2SELLER000001' })
  @IsPrintable(100)
  sellingPartnerId: string;

  @ApiPropertyOptional({ enum: REGIONS, description: 'This or marketplaceId' })
  @MayBeLeftOut()
  @IsIn(REGIONS, { message: `must be one of ${REGIONS.join(', ')}` })
  region?: Region;

  @ApiPropertyOptional({ description: 'This or region; both must agree', example: 'A1PA6795UKMFR9' })
  @MayBeLeftOut()
  @IsPrintable(50)
  marketplaceId?: string;
}

export class PartnerTokenRequest extends IntersectionType(PartnerFields, AccessTokenRequest) {
  @ApiPropertyOptional({
    description: "Our id of the application or Amazon's; needed when the API key may use several",
    example: 'amzn1.sp.solution.…',
  })
  @MayBeLeftOut()
  @IsPrintable(200)
  applicationId?: string;
}
