/**
 * A deliberate defect, by name: an exact change of the production code, made while the simulator is bundled, that must be
 * found by it. A fragment that is no longer there fails the build, so that no defect is forgotten silently.
 */
import path from 'node:path';
import type { Change } from './changes.ts';
import type { Event, Plan } from './plan.ts';

export interface Mutation {
  readonly name: string;
  readonly changes: readonly Change[];
  /** which worlds can show it at all: others are not tried */
  readonly where?: (plan: Plan) => boolean;
}

export const withServer = ({ shape }: Plan): boolean => shape.centre === 'libsql-server';
export const withTwo = ({ shape }: Plan): boolean => shape.centres > 1;
export const withAttacker = ({ shape }: Plan): boolean => shape.attackers > 0;
export const withRogue = ({ shape }: Plan): boolean => shape.rogue;
export const withUpgrade = ({ upgrades }: Plan): boolean => upgrades;
export const withEvent =
  (...kinds: readonly Event['do'][]) =>
  ({ events }: Plan): boolean =>
    events.some(({ event }) => kinds.includes(event.do));

/** The same defect, tried only in such worlds. */
export function within(where: (plan: Plan) => boolean, mutation: Mutation): Mutation {
  return { ...mutation, where };
}

export function defect(
  name: string,
  ...edits: readonly (readonly [file: string, from: string, to: string])[]
): Mutation {
  return {
    name,
    changes: edits.map(([file, from, to]) => ({ name, file: path.join('shared', file), from, to })),
  };
}
