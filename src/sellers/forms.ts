import { plainToInstance, Transform } from 'class-transformer';
import { IsEmail, IsOptional, IsString, MaxLength, validateSync } from 'class-validator';

/** One problem per field, in words for the person who filled in the form. */
export type FormProblems = Record<string, string>;

/** Reads a sent form by its class. A page shows the problems at their fields instead of a bare error. */
export function readForm<T extends object>(
  type: new () => T,
  body: unknown,
): { form: T; problems: FormProblems | undefined } {
  const form = plainToInstance(type, typeof body === 'object' && body !== null ? body : {});
  const errors = validateSync(form, { whitelist: true, stopAtFirstError: true });
  const problems = errors.map(({ property, constraints }) => [
    property,
    Object.values(constraints ?? {})[0] ?? 'This field is not valid.',
  ]);
  return { form, problems: problems.length ? (Object.fromEntries(problems) as FormProblems) : undefined };
}

/** An address in the one form we store: trimmed, in lower case. */
export const normalEmail = (value: unknown): unknown =>
  typeof value === 'string' ? value.trim().toLowerCase() : value;

export class CredentialsForm {
  @Transform(({ value }: { value: unknown }) => normalEmail(value))
  @MaxLength(254, { message: 'Enter an address of at most 254 characters.' })
  @IsEmail({ allow_utf8_local_part: false }, { message: 'Enter an email address such as name@example.com.' })
  email: string;

  @MaxLength(1000, { message: 'The password is too long.' })
  @IsString({ message: 'Enter a password.' })
  password: string;

  @IsOptional()
  @IsString({ message: 'The address to continue at is not valid.' })
  next?: string;
}
