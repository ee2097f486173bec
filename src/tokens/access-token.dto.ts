import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import { type VendedToken } from './vended-token.js';

/** The bounds of `minimumSeconds`. */
export const LIFE_TO_ASK_FOR = { least: 1, most: 3540 } as const;

export class AccessTokenRequest {
  @ApiPropertyOptional({
    type: 'integer',
    description: 'Seconds that the token must still live; a shorter-lived one is refreshed first',
    default: 60,
    minimum: LIFE_TO_ASK_FOR.least,
    maximum: LIFE_TO_ASK_FOR.most,
  })
  @IsOptional()
  @IsInt({ message: 'must be a whole number of seconds' })
  @Min(LIFE_TO_ASK_FOR.least, { message: `must be at least ${LIFE_TO_ASK_FOR.least}` })
  @Max(LIFE_TO_ASK_FOR.most, { message: `must be at most ${LIFE_TO_ASK_FOR.most}: tokens live an hour` })
  minimumSeconds?: number;

  @ApiPropertyOptional({
    description: 'Ask Amazon for a new token even when the present one is still good',
    default: false,
  })
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  forceRefresh?: boolean;
}

/** What every access token is answered with, whomever it speaks for. */
export class TokenAnswer {
  @ApiProperty({ description: 'For the header `x-amz-access-token`', example: 'Atza|IwEBIA…' })
  accessToken: string;

  @ApiProperty({ example: 'bearer' })
  tokenType: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt: string;

  @ApiProperty({ type: 'integer', description: 'Seconds that it still lives', example: 3540 })
  expiresIn: number;
}

export class AccessTokenAnswer extends TokenAnswer {
  @ApiProperty({ format: 'uuid' })
  authorizationId: string;

  @ApiProperty({ example: 'A2SELLER000001' })
  sellingPartnerId: string;

  @ApiProperty({ enum: ['NA', 'EU', 'FE'] })
  region: string;

  @ApiProperty({
    description: 'SP-API endpoint to call with the token',
    example: 'https://sellingpartnerapi-eu.amazon.com',
  })
  endpoint: string;
}

export const accessTokenAnswer = (token: VendedToken, secondsLeft: number): AccessTokenAnswer => ({
  accessToken: token.accessToken,
  tokenType: 'bearer',
  expiresAt: token.expiresAt.toISOString(),
  expiresIn: secondsLeft,
  authorizationId: token.authorizationId,
  sellingPartnerId: token.sellingPartnerId,
  region: token.region,
  endpoint: token.endpoint,
});
