/** Days in forms: a browser sends "2026-12-24", and people mean until its end. */

const DAY_MS = 86_400_000;

/** The end of a day wherever one is, which is that of the westernmost zone; null for a text that is no day. */
export function endOfDay(text: string): number | null {
  const beginning = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(beginning) ? null : beginning + 1.5 * DAY_MS;
}

/** The day of such an end, as a form has it. */
export function dayText(end: number): string {
  return new Date(end - DAY_MS).toISOString().slice(0, 10);
}
