/** A report as this person reads it: in their language and time zone, of the sites that they may see. */
import { type Reading, reportPartsOf } from '../reports/context.ts';
import { TimeZone } from '../reports/time.ts';
import type { SignedIn } from './visit.ts';

export function readingOf({ node, staff, language, clock }: SignedIn): Reading {
  return { parts: reportPartsOf(node), staff, language, zone: new TimeZone(clock.zone) };
}
