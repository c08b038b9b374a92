/**
 * Which snapshots stay: the newest few, and the newest of each of the last so many days, weeks and months (UTC).
 *
 * Only snapshots whose structure was verified count. One that was not verified is kept while it is newer than the
 * newest verified one, for it may yet be; and while none is verified at all, nothing is dropped.
 */

export interface RetentionPolicy {
  readonly last: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

export interface Retained {
  readonly id: string;
  /** when its gate was closed, milliseconds since 1970 */
  readonly at: number;
  readonly verified: boolean;
}

export interface RetentionChoice {
  readonly keep: readonly { readonly id: string; readonly reasons: readonly string[] }[];
  readonly drop: readonly string[];
}

const DAY_MS = 86_400_000;

const PERIODS = {
  daily: (at: number) => Math.floor(at / DAY_MS),
  // 1970-01-01 was a Thursday; weeks begin on Monday.
  weekly: (at: number) => Math.floor((at / DAY_MS + 3) / 7),
  monthly: (at: number) => new Date(at).getUTCFullYear() * 12 + new Date(at).getUTCMonth(),
} as const;

export function chooseRetention(snapshots: readonly Retained[], policy: RetentionPolicy): RetentionChoice {
  const newestFirst = [...snapshots].sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
  const verified = newestFirst.filter((snapshot) => snapshot.verified);
  const reasons = new Map<string, string[]>(snapshots.map(({ id }) => [id, []]));
  const keep = (id: string, reason: string): void => {
    reasons.get(id)?.push(reason);
  };
  for (const { id } of verified.slice(0, Math.max(1, policy.last))) keep(id, 'last');
  for (const [name, periodOf] of Object.entries(PERIODS)) {
    const periods = new Set<number>();
    for (const { id, at } of verified) {
      const period = periodOf(at);
      if (periods.has(period) || periods.size >= policy[name as keyof typeof PERIODS]) continue;
      periods.add(period);
      keep(id, name);
    }
  }
  const newestVerified = verified[0]?.at ?? -Infinity;
  for (const { id, at, verified: isVerified } of newestFirst)
    if (!isVerified && at >= newestVerified) keep(id, 'not yet verified');
  return {
    keep: newestFirst
      .map(({ id }) => ({ id, reasons: reasons.get(id) ?? [] }))
      .filter((kept) => kept.reasons.length > 0),
    drop: newestFirst.filter(({ id }) => reasons.get(id)?.length === 0).map(({ id }) => id),
  };
}
