import { QueryFailedError } from 'typeorm';

const UNIQUE_VIOLATION = '23505';
/** The unique constraints of accounts, and the field that each one is about. */
const FIELDS: Record<string, 'email' | 'externalId'> = {
  sellers_email_key: 'email',
  sellers_external_id_key: 'externalId',
};

/** The field that another account has with the same value, when that is why the statement failed. */
export function duplicateField(error: unknown): 'email' | 'externalId' | undefined {
  const driverError: unknown = error instanceof QueryFailedError ? error.driverError : undefined;
  const { code, constraint } = (driverError ?? {}) as { code?: unknown; constraint?: unknown };
  return code === UNIQUE_VIOLATION && typeof constraint === 'string' ? FIELDS[constraint] : undefined;
}
