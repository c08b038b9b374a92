/** Exact replacements in the production code, made while the simulator is bundled: nothing of it is in any program. */

export interface Change {
  readonly name: string;
  readonly file: string;
  /** stands in the file exactly once; the build fails otherwise */
  readonly from: string;
  readonly to: string;
}

/**
 * What the version after this one is made to do: it knows one more kind of entry, writes two that are known in a newer
 * version, one of them with more in it, and projects by newer rules.
 */
export const NEXT_VERSION: readonly Change[] = [
  {
    name: 'another kind of entry',
    file: 'shared/journal/kinds.ts',
    from: `  seen: kind({
    stores: ['compliance'],`,
    to: `  sighting: kind({
    stores: ['compliance'],
    authors: ANY,
    version: 1,
    erasable: true,
    body: bodies.seen,
    rows: ({ devices }) => ({ seen: devices }),
  }),
  seen: kind({
    stores: ['compliance'],`,
  },
  {
    name: 'a newer version of escrows',
    file: 'shared/journal/kinds.ts',
    from: `  escrow: kind({
    stores: ['recovery'],
    authors: ANY,
    version: 1,`,
    to: `  escrow: kind({
    stores: ['recovery'],
    authors: ANY,
    version: 2,`,
  },
  {
    name: 'a newer version of protectors',
    file: 'shared/journal/kinds.ts',
    from: `  protectors: kind({
    stores: ['recovery'],
    authors: ANY,
    version: 1,`,
    to: `  protectors: kind({
    stores: ['recovery'],
    authors: ANY,
    version: 2,`,
  },
  {
    name: 'more in a newer version of protectors',
    file: 'shared/journal/bodies.ts',
    from: `export const protectors = z.strictObject({
  deviceId,`,
    to: `export const protectors = z.strictObject({
  program: z.string().default('of the next version'),
  deviceId,`,
  },
  {
    name: 'newer rules of projection',
    file: 'shared/journal/kinds.ts',
    from: 'export const PROJECTION_VERSION =',
    to: 'export const PROJECTION_VERSION = 1_000 +',
  },
];
