import { IsIn, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { type PartnerType } from '../lwa/marketplaces.js';

/** What a seller fills in to connect an Amazon account. */
export class NewConnectionForm {
  @IsIn(['seller', 'vendor'], { message: 'Choose Seller or Vendor.' })
  partnerType: PartnerType;

  @MaxLength(32, { message: 'Choose one of the marketplaces.' })
  @IsString({ message: 'Choose one of the marketplaces.' })
  marketplaceId: string;

  /** Only asked for when there is more than one. */
  @IsOptional()
  @IsUUID(undefined, { message: 'Choose an application.' })
  applicationId?: string;
}

/** The marketplace at which a connection is renewed; asked for only when we do not know it. */
export class RenewalForm {
  @IsOptional()
  @MaxLength(32)
  @IsString()
  marketplaceId?: string;
}
