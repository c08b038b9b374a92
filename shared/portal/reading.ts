/** A report as this person reads it: in their language and time zone, of the sites that they may see. */
import { Problem } from '../http/problem.ts';
import { computerCompliance } from '../reports/computers.ts';
import { type Reading, reportPartsOf } from '../reports/context.ts';
import { type Computer, computerQuery } from '../reports/messages.ts';
import { TimeZone } from '../reports/time.ts';
import type { SignedIn } from './visit.ts';

export function readingOf({ node, staff, language, clock }: SignedIn): Reading {
  return { parts: reportPartsOf(node), staff, language, zone: new TimeZone(clock.zone) };
}

/** The computer that the address names. Throws the Problem `not-found`. */
export async function computerOf(visit: SignedIn): Promise<Computer> {
  const deviceId = visit.c.req.param('deviceId') ?? '';
  const query = computerQuery.safeParse({ deviceId });
  // A star would find other computers than the one that the address names.
  const { computers } =
    query.success && !deviceId.includes('*')
      ? await computerCompliance(readingOf(visit), query.data)
      : { computers: [] };
  const [computer] = computers;
  if (!computer) throw new Problem('not-found');
  return computer;
}
