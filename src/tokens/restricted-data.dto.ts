import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, Matches, ValidateNested } from 'class-validator';
import { IsPrintable, MayBeLeftOut } from '../common/validation.js';
import { type RestrictedResource } from '../lwa/sp-api.js';

const METHODS = ['GET', 'PUT', 'POST', 'DELETE'] as const;
/** One slash first (two would name a host), no query, no fragment, no way up, plain or encoded. */
const PATH = /^\/(?!\/)(?!.*(?:\.|%2e){2})[\x21\x22\x24-\x3e\x40-\x5b\x5d-\x7e]{1,1023}$/i;

class RestrictedResourceRequest implements RestrictedResource {
  @ApiProperty({ enum: METHODS })
  @IsIn(METHODS, { message: `must be one of ${METHODS.join(', ')}` })
  method: RestrictedResource['method'];

  @ApiProperty({
    description: 'Of one resource, or with its placeholders for any of them',
    example: '/orders/v0/orders/{orderId}/address',
    maxLength: 1024,
  })
  @Matches(PATH, {
    message:
      'must be a path such as /orders/v0/orders, without host, query or "..", of at most 1024 characters',
  })
  path: string;

  @ApiPropertyOptional({
    type: [String],
    description:
      'Kinds of personal data. Amazon names buyerInfo, shippingAddress and buyerTaxInformation, and needs them for ' +
      'getOrders, getOrder and getOrderItems only',
    example: ['buyerInfo', 'shippingAddress'],
    maxItems: 20,
  })
  @MayBeLeftOut()
  @IsArray({ message: 'must be a list' })
  @ArrayMaxSize(20, { message: 'must have at most 20 entries' })
  @Matches(/^\w{1,64}$/, { each: true, message: 'must be names such as buyerInfo' })
  dataElements?: string[];
}

export class RestrictedDataTokenBody {
  @ApiProperty({ type: [RestrictedResourceRequest], minItems: 1, maxItems: 50 })
  @IsArray({ message: 'must be a list' })
  @ArrayMinSize(1, { message: 'must have at least one entry' })
  @ArrayMaxSize(50, { message: 'must have at most 50 entries' })
  @ValidateNested({ each: true, message: 'must be objects with method and path' })
  @Type(() => RestrictedResourceRequest)
  restrictedResources: RestrictedResourceRequest[];

  @ApiPropertyOptional({
    description: 'The application that is to use the token, where that is another one',
    example: 'amzn1.sellerapps.app.…',
  })
  @MayBeLeftOut()
  @IsPrintable(256)
  targetApplication?: string;
}

export class RestrictedDataTokenAnswer {
  @ApiProperty({
    description: 'For the header `x-amz-access-token` of calls to these resources',
    example: 'Atz.sprdt|IQEBLjA…',
  })
  restrictedDataToken: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt: string;

  @ApiProperty({ type: 'integer', description: 'Seconds that it still lives', example: 3600 })
  expiresIn: number;
}
