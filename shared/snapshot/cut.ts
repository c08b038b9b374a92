/** A cut: a vector per store, which names exactly what a snapshot holds (I11). */
import { z } from 'zod';
import { STORES, type Store, type Vector, vector } from '../journal/entry.ts';

export const cut = z.strictObject({ recovery: vector, compliance: vector });
export type Cut = Readonly<Record<Store, Vector>>;

export function isSameCut(a: Cut, b: Cut): boolean {
  return isNotAfter(a, b) && isNotAfter(b, a);
}

/** Whether everything at `a` is at `b` as well. Two cuts may be neither before nor after each other. */
export function isNotAfter(a: Cut, b: Cut): boolean {
  return STORES.every((store) =>
    Object.entries(a[store]).every(([origin, seq]) => (b[store][origin] ?? 0) >= seq),
  );
}

export function entriesOf(a: Cut): number {
  return STORES.reduce((sum, store) => sum + Object.values(a[store]).reduce((all, seq) => all + seq, 0), 0);
}
