/**
 * Every column that holds sealed values, in a table whose `id` is a UUID. Re-sealing and counting walk this list, so a
 * column that is not in it cannot be sealed into: `Sealer` takes no other place. A new one needs an index as well:
 * `CREATE INDEX <table>_<column>_key_idx ON <table> (split_part(<column>, '.', 2), id)`.
 */
export const SEALED_COLUMNS = [
  { table: 'authorizations', column: 'sealed_refresh_token' },
  { table: 'application_client_secrets', column: 'sealed' },
  { table: 'access_tokens', column: 'sealed' },
] as const;

export type SealedColumn = (typeof SEALED_COLUMNS)[number];

/** Where a sealed value stands. A ciphertext moved to another row, column or table does not open there. */
export type SealedPlace = SealedColumn & { rowId: string };

/** SQL for the id of the data key in an envelope; exactly what the indexes are made over. */
export const keyIdSql = (column: SealedColumn['column']): string => `split_part(${column}, '.', 2)`;
