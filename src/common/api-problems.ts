import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode } from './errors.js';

class FieldProblemModel {
  @ApiProperty({ description: 'The field, such as `minimumSeconds`; a line of an array as `items.0.name`' })
  path: string;

  @ApiProperty({ description: 'What is wrong with it', example: 'must be a whole number of seconds' })
  message: string;
}

/** RFC 9457. */
export class ProblemModel {
  @ApiProperty({ description: 'The code as a URI', example: 'urn:regrant:problem:not-found' })
  type: string;

  @ApiProperty({ description: 'The kind of problem in words', example: 'Not found' })
  title: string;

  @ApiProperty({ type: 'integer', description: 'The HTTP status', example: 404 })
  status: number;

  @ApiProperty({ description: 'What happened this time', example: 'There is no such authorization.' })
  detail: string;

  @ApiProperty({ enum: ERROR_CODES, description: 'Stable: programs decide by this one' })
  code: ErrorCode;

  @ApiProperty({ format: 'uuid', description: 'Finds the line in the log' })
  requestId: string;

  @ApiPropertyOptional({ type: [FieldProblemModel], description: 'For bad input: every bad field' })
  errors?: FieldProblemModel[];
}

/** The error form of Login with Amazon (RFC 6749 section 5.2). */
export class LwaProblemModel {
  @ApiProperty({
    description: "LWA's own code",
    enum: [
      'invalid_request',
      'invalid_client',
      'invalid_grant',
      'invalid_scope',
      'unauthorized_client',
      'unsupported_grant_type',
      'server_error',
      'temporarily_unavailable',
    ],
  })
  error: string;

  @ApiProperty({ description: 'What happened, in words' })
  error_description: string;
}

const PROBLEMS: Record<number, string> = {
  400: 'The request is not valid; `errors` names the fields. Code `invalid_request`',
  401: 'The API key is missing, wrong, expired or revoked. Code `unauthenticated`',
  403: 'The API key may not do this. Code `forbidden`',
  404: 'There is no such thing, or this API key may not see it. Code `not_found`',
  409: 'It does not fit the present state. Code `conflict`; or `reauthorization_required`: the seller must connect again',
  410: 'The seller or an operator has disconnected it. Code `disconnected`',
  413: 'The body is too large. Code `invalid_request`',
  415: 'The content type is not one that this route reads. Code `invalid_request`',
  429: 'Too many requests; `Retry-After` says when to come back. Code `rate_limited`',
  500: 'An unexpected error on our side. Code `internal`',
  503: 'Not possible right now, see `Retry-After`. Code `internal` (our database), `amazon_unavailable`, or `application_credentials_rejected`: the operator must act',
};

const LWA_PROBLEMS: Record<number, string> = {
  400: '`invalid_grant`: the authorization is unknown, disconnected or must be authorized again. `unauthorized_client`: the API key may not do this. `invalid_request`, `invalid_scope`, `unsupported_grant_type`: the request is not valid',
  401: '`invalid_client`: the API key is wrong, expired or revoked',
  429: '`temporarily_unavailable`: too many requests; `Retry-After` says when to come back',
  500: '`server_error`: an unexpected error on our side',
  503: '`temporarily_unavailable`: Amazon or our database does not answer; `Retry-After` says when to come back',
};

/** Documents the problem answers of a route. A route that requires a scope has those of every such route already. */
export const ApiProblems = (...statuses: number[]) =>
  answers(statuses, PROBLEMS, 'application/problem+json', ProblemModel);

/** Documents all errors of the LWA-compatible endpoint. */
export const ApiLwaProblems = () =>
  answers(Object.keys(LWA_PROBLEMS).map(Number), LWA_PROBLEMS, 'application/json', LwaProblemModel);

function answers(
  statuses: number[],
  meanings: Record<number, string>,
  type: string,
  model: new () => unknown,
) {
  const content = { [type]: { schema: { $ref: getSchemaPath(model) } } };
  return applyDecorators(
    ...statuses.map((status) => ApiResponse({ status, description: meanings[status] ?? '', content })),
  );
}
