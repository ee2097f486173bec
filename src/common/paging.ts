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
 * @param order another column to go by, with a time in every row that is found; or the newest first, where rows added
 * meanwhile come before the first page
 * @throws InvalidRequest for a cursor that we never gave
 */
export async function readPage<T extends ObjectLiteral & { id: string }>(
  query: SelectQueryBuilder<T>,
  limit: number,
  cursor?: string,
  { by = 'createdAt', newestFirst = false }: { by?: keyof T & string; newestFirst?: boolean } = {},
): Promise<PageOf<T>> {
  const row = query.alias;
  if (cursor) {
    const [afterTime, afterId] = readCursor(cursor);
    const after = newestFirst ? '<' : '>';
    query.andWhere(`(${row}.${by}, ${row}.id) ${after} (:afterTime, :afterId)`, { afterTime, afterId });
  }
  const direction = newestFirst ? 'DESC' : 'ASC';
  query.orderBy(`${row}.${by}`, direction).addOrderBy(`${row}.id`, direction);
  const rows = await query.take(limit + 1).getMany();
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const cut = rows.length > limit && last;
  return { items, nextCursor: cut ? writeCursor(last[by], last.id) : null };
}

function writeCursor(time: Date, id: string): string {
  return Buffer.from(`${time.toISOString()} ${id}`).toString('base64url');
}

function readCursor(cursor: string): [time: Date, id: string] {
  const [text = '', id] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const time = new Date(text);
  if (isUuid(id) && !Number.isNaN(time.getTime())) return [time, id];
  throw new InvalidRequest('Some fields are not valid.', [
    { path: 'cursor', message: 'must be a nextCursor of this list' },
  ]);
}
