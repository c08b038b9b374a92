/**
 * Where a page of records ends, for reports that show the newest first: by the instant, and for two of one instant by the
 * order of their logs, so that a page never repeats or leaves one out.
 */
import { base64url } from 'jose';
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { z } from 'zod';
import { Problem } from '../http/problem.ts';

const place = z.tuple([z.number().int(), z.string().max(40), z.number().int()]);
export type Place = z.infer<typeof place>;

export function placeOf({ at, origin, seq }: { at: number; origin: string; seq: number }): Place {
  return [at, origin, seq];
}

/** Records that come after this one. */
export function isBeyond(
  columns: { readonly at: SQLWrapper; readonly origin: SQLWrapper; readonly seq: SQLWrapper },
  [at, origin, seq]: Place,
): SQL {
  return sql`(${columns.at}, ${columns.origin}, ${columns.seq}) < (${at}, ${origin}, ${seq})`;
}

export function writeCursor(of: Place): string {
  return base64url.encode(JSON.stringify(of));
}

/** Throws the Problem of a query that does not fit. */
export function readCursor(text: string): Place {
  try {
    return place.parse(JSON.parse(new TextDecoder().decode(base64url.decode(text))));
  } catch {
    throw new Problem('invalid-request', { fields: [{ at: 'cursor', code: 'custom' }] });
  }
}
