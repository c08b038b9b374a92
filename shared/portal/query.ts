/** What an address asks of a page: filters, order and place, so that a link reproduces what somebody saw. */
import type { z } from 'zod';
import { misfit } from '../http/problem.ts';
import type { Visit } from './visit.ts';

/** The address's fields that say something; an empty field of a form says nothing. */
export function askedOf({ c }: Visit): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(c.req.query()).filter(([, value]) => value.trim() !== ''));
}

/** Throws the Problem of a query that does not fit. */
export function readQuery<S extends z.ZodType>(
  schema: S,
  asked: Readonly<Record<string, string>>,
): z.infer<S> {
  const parsed = schema.safeParse(asked);
  if (!parsed.success) throw misfit(parsed.error.issues);
  return parsed.data;
}

/** An address with these fields, without those that are undefined. */
export function addressOfQuery(path: string, fields: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, value);
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Where the API gives the same rows as a file, in this person's language and time zone. */
export function csvAddress(
  { language, clock }: Visit,
  path: string,
  {
    page: _page,
    limit: _limit,
    sort: _sort,
    order: _order,
    cursor: _cursor,
    ...filters
  }: Readonly<Record<string, string>>,
): string {
  return addressOfQuery(path, { ...filters, format: 'csv', lang: language, timeZone: clock.zone });
}
