import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, ApiResponse } from '@nestjs/swagger';

class FieldProblemModel {
  @ApiProperty()
  path: string;

  @ApiProperty()
  message: string;
}

/** RFC 9457. */
export class ProblemModel {
  @ApiProperty({ example: 'urn:regrant:problem:not-found' })
  type: string;

  @ApiProperty()
  title: string;

  @ApiProperty()
  status: number;

  @ApiProperty()
  detail: string;

  @ApiProperty({ description: 'Stable: switch on this one' })
  code: string;

  @ApiProperty({ format: 'uuid' })
  requestId: string;

  @ApiPropertyOptional({ type: [FieldProblemModel] })
  errors?: FieldProblemModel[];
}

const MEANING: Record<number, string> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict or reauthorization_required',
  410: 'disconnected',
  429: 'rate_limited',
  503: 'amazon_unavailable, application_credentials_rejected or internal; with Retry-After',
};

/** Documents the problem answers of a route. */
export const ApiProblems = (...statuses: number[]) =>
  applyDecorators(
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: MEANING[status] ?? '',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemModel' } } },
      }),
    ),
  );
