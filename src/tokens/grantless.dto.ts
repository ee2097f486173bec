import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { TokenAnswer } from './access-token.dto.js';
import { GRANTLESS_SCOPE } from './grantless-tokens.service.js';

export class GrantlessTokenRequest {
  @ApiProperty({
    description: 'One scope, or up to ten with single spaces between them',
    example: 'sellingpartnerapi::notifications',
    pattern: GRANTLESS_SCOPE.source,
  })
  @Matches(GRANTLESS_SCOPE, {
    message: 'must be a name such as sellingpartnerapi::notifications, or several with single spaces between',
  })
  scope: string;
}

export class GrantlessTokenAnswer extends TokenAnswer {
  @ApiProperty({ format: 'uuid' })
  applicationId: string;

  @ApiProperty({ description: 'The scopes, each once', example: 'sellingpartnerapi::notifications' })
  scope: string;
}
