import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { type VendedToken } from './vended-token.js';

/** SDKs treat a token as expired a minute early; this keeps them from asking again at once. */
export const SDK_MINIMUM_SECONDS = 120;

/** What SDKs send, as a form or as JSON. */
export class LwaTokenRequest {
  @ApiProperty({ enum: ['refresh_token', 'client_credentials'] })
  @IsString()
  @MaxLength(64)
  grant_type: string;

  @ApiProperty({ description: 'Client id of an API key with tokens:vend', example: 'rgk_…' })
  @IsString()
  @MaxLength(128)
  client_id: string;

  @ApiProperty({ description: 'Secret of that API key' })
  @IsString()
  @MaxLength(256)
  client_secret: string;

  @ApiPropertyOptional({
    description: "For refresh_token: the authorization's id, in place of a refresh token",
    format: 'uuid',
  })
  @IsOptional()
  @IsString()
  @MaxLength(4096)
  refresh_token?: string;

  @ApiPropertyOptional({
    description: 'For client_credentials: grantless scopes with spaces between; otherwise ignored',
    example: 'sellingpartnerapi::notifications',
  })
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  scope?: string;
}

export class LwaTokenAnswer {
  @ApiProperty({ description: 'For the header `x-amz-access-token`' })
  access_token: string;

  @ApiProperty({ example: 'bearer' })
  token_type: string;

  @ApiProperty({ type: 'integer', description: 'Seconds that it still lives' })
  expires_in: number;

  @ApiPropertyOptional({ description: 'The refresh_token of the request' })
  refresh_token?: string;
}

/** `refreshToken` is the one of the request; a grantless token has none. */
export const lwaTokenAnswer = (
  { accessToken }: Pick<VendedToken, 'accessToken'>,
  secondsLeft: number,
  refreshToken?: string,
): LwaTokenAnswer => ({
  access_token: accessToken,
  token_type: 'bearer',
  expires_in: secondsLeft,
  ...(refreshToken !== undefined && { refresh_token: refreshToken }),
});
