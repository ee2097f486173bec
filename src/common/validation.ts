import {
  applyDecorators,
  type ArgumentMetadata,
  Injectable,
  type PipeTransform,
  ValidationPipe,
  type ValidationError,
} from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsDate, isISO8601, isRFC3339, IsUUID, Matches, ValidateIf } from 'class-validator';
import { type FieldProblem, InvalidRequest } from './errors.js';

/** Checks every input by its class; unknown fields are refused, and all problems come in one answer. */
export const validationPipe = (): PipeTransform =>
  new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    stopAtFirstError: true,
    exceptionFactory: (errors) =>
      new InvalidRequest(
        'Some fields are not valid.',
        errors.flatMap((error) => problems(error)),
      ),
  });

function problems(error: ValidationError, parent = ''): FieldProblem[] {
  const path = parent ? `${parent}.${error.property}` : error.property;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
    path,
    message:
      rule === 'whitelistValidation' ? 'is not a known field' : message.replace(`${error.property} `, ''),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => problems(child, path))];
}

/** A field that may be left out; unlike with `IsOptional`, null is not the same as nothing. */
export const MayBeLeftOut = () => ValidateIf((_object, value) => value !== undefined);

/** A moment as RFC 3339 with its time zone; arrives as a Date. */
export const IsMoment = () =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && isRFC3339(value) && isISO8601(value, { strict: true })
        ? new Date(value)
        : value,
    ),
    IsDate({ message: 'must be a time such as 2027-01-31T12:00:00Z' }),
  );

/** One of our ids; arrives in lower case, as we store it. */
export const IsId = () =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value)),
    IsUUID(undefined, { message: 'must be a UUID' }),
  );

/** Letters, digits and signs of ASCII without spaces, as Amazon's ids, secrets and tokens are. */
export const IsPrintable = (maximum: number) =>
  Matches(new RegExp(`^[\\x21-\\x7e]{1,${maximum}}$`), {
    message: `must be 1 to ${maximum} printable ASCII characters without spaces`,
  });

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

export const isUuid = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);

/** A path parameter that must be a UUID; anything else names no resource. */
@Injectable()
export class UuidParam implements PipeTransform<string, string> {
  transform(value: string, metadata: ArgumentMetadata): string {
    if (isUuid(value)) return value.toLowerCase();
    throw new InvalidRequest('Some fields are not valid.', [
      { path: metadata.data ?? 'id', message: 'must be a UUID' },
    ]);
  }
}
