/**
 * Where a page of records ends, for reports that show the newest first: by the instant, and for two of one instant by the
 * order of their logs, so that a page never repeats or leaves one out.
 */
import { base64url } from 'jose';
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { z } from 'zod';
import { Problem } from '../http/problem.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';

const place = z.tuple([z.number().int(), z.string().max(40), z.number().int()]);
export type Place = z.infer<typeof place>;

interface Placed {
  readonly at: number;
  readonly origin: string;
  readonly seq: number;
}

/** Records beyond a place, or from the newest on; so many at most. */
type ReadFrom<T> = (after: Place | null, rowsMax: number) => Promise<T[]>;

/** One page, and the cursor of the next: one record more than is asked for tells whether there is any. */
export async function pageOf<T extends Placed>(
  read: ReadFrom<T>,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ found: T[]; nextCursor: string | null }> {
  const more = await read(cursor === undefined ? null : readCursor(cursor), limit + 1);
  const found = more.slice(0, limit);
  const last = more.length > limit ? found.at(-1) : undefined;
  return { found, nextCursor: last ? writeCursor(placeOf(last)) : null };
}

/** All records, in small pages with a pause after each, in which others get their turn. */
export async function* chunksOf<T extends Placed>(
  read: ReadFrom<T>,
  platform: Pick<Platform, 'sleep'>,
): AsyncGenerator<T[]> {
  let after: Place | null = null;
  for (;;) {
    const found: T[] = await read(after, limits.reportChunkRows);
    yield found;
    const last = found.at(-1);
    if (!last || found.length < limits.reportChunkRows) return;
    after = placeOf(last);
    await platform.sleep(0);
  }
}

function placeOf({ at, origin, seq }: Placed): Place {
  return [at, origin, seq];
}

/** Records that come after this one. */
export function isBeyond(
  columns: { readonly at: SQLWrapper; readonly origin: SQLWrapper; readonly seq: SQLWrapper },
  [at, origin, seq]: Place,
): SQL {
  return sql`(${columns.at}, ${columns.origin}, ${columns.seq}) < (${at}, ${origin}, ${seq})`;
}

function writeCursor(of: Place): string {
  return base64url.encode(JSON.stringify(of));
}

/** Throws the Problem of a query that does not fit. */
function readCursor(text: string): Place {
  try {
    return place.parse(JSON.parse(new TextDecoder().decode(base64url.decode(text))));
  } catch {
    throw new Problem('invalid-request', { fields: [{ at: 'cursor', code: 'custom' }] });
  }
}
