import { type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';
import { InvalidRequest } from './errors.js';
import { isUuid } from './validation.js';

export interface PageOf<T> {
  items: T[];
  nextCursor: string | null;
}

/**
 * One page of what `query` finds, oldest first, so that rows added meanwhile come last and shift nothing.
 * @param cursor `nextCursor` of the page before
 * @throws InvalidRequest for a cursor that we never gave
 */
export async function readPage<T extends ObjectLiteral & { id: string; createdAt: Date }>(
  query: SelectQueryBuilder<T>,
  limit: number,
  cursor?: string,
): Promise<PageOf<T>> {
  const row = query.alias;
  if (cursor) {
    const [createdAt, afterId] = readCursor(cursor);
    query.andWhere(`(${row}.createdAt, ${row}.id) > (:createdAt, :afterId)`, { createdAt, afterId });
  }
  query.orderBy(`${row}.createdAt`).addOrderBy(`${row}.id`);
  const rows = await query.take(limit + 1).getMany();
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? writeCursor(last) : null };
}

function writeCursor({ createdAt, id }: { createdAt: Date; id: string }): string {
  return Buffer.from(`${createdAt.toISOString()} ${id}`).toString('base64url');
}

function readCursor(cursor: string): [createdAt: Date, id: string] {
  const [time = '', id] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const createdAt = new Date(time);
  if (isUuid(id) && !Number.isNaN(createdAt.getTime())) return [createdAt, id];
  throw new InvalidRequest('Some fields are not valid.', [
    { path: 'cursor', message: 'must be a nextCursor of this list' },
  ]);
}
