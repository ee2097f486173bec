import { plainToInstance, Transform } from 'class-transformer';
import { IsEmail, IsNotEmpty, IsOptional, IsString, MaxLength, validateSync } from 'class-validator';
import { type InvalidRequest } from '../common/errors.js';
import { localPath } from './local-path.js';

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

/** Problems that a service found, at their fields. */
export const problemsOf = (error: InvalidRequest): FormProblems =>
  Object.fromEntries(error.errors?.map(({ path, message }) => [path, message]) ?? []);

export class EmailForm {
  @Transform(({ value }: { value: unknown }) => normalEmail(value))
  @MaxLength(254, { message: 'Enter an address of at most 254 characters.' })
  @IsEmail({ allow_utf8_local_part: false }, { message: 'Enter an email address such as name@example.com.' })
  email: string;

  /** Where to go on afterwards, when that is a path of ours. */
  @Transform(({ value }: { value: unknown }) => localPath(value))
  @IsOptional()
  next?: string;
}

/** Whether the password is good enough is for `passwordProblem` to say. */
export class SignUpForm extends EmailForm {
  @IsString({ message: 'Enter a password.' })
  password: string;
}

export class SignInForm extends EmailForm {
  @MaxLength(1000, { message: 'The password is too long.' })
  @IsNotEmpty({ message: 'Enter your password.' })
  @IsString({ message: 'Enter your password.' })
  password: string;
}

export class ResetPasswordForm {
  @IsString()
  token: string;

  @IsString({ message: 'Enter a new password.' })
  password: string;
}

export class ChangePasswordForm {
  @MaxLength(1000, { message: 'The password is too long.' })
  @IsNotEmpty({ message: 'Enter your current password.' })
  @IsString({ message: 'Enter your current password.' })
  currentPassword: string;

  @IsString({ message: 'Enter a new password.' })
  newPassword: string;
}
