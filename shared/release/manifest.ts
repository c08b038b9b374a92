/**
 * A release: the archives of one version, and a manifest of them that the organisation signed.
 *
 *     release.json             the manifest, as it is carried to the machine with the organisation key
 *     release.jws              holdfast-release by the organisation key over that manifest
 *     holdfast-edge.tar.gz     what is carried to a branch
 *     holdfast-centre.tar.gz   the centre's program with its packages
 *
 * The organisation's key signs, and no key of a maker beside it: every box has its public half already, can check it
 * without a line, and runs what this organisation chose to run. An edge checks it with `openssl` and `sed`
 * (`edge/appliance/upgrade.sh`), so the header and the names in the payload are as they stand here, each name once.
 */
import { z } from 'zod';
import { STORES, type Store } from '../journal/entry.ts';
import { type Migration, type Migrations, checksumOf, isAdditive } from '../journal/migrate.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import { type JwsType, type PublicJwk, type Signer, verifyJws } from '../trust/jws.ts';

export const RELEASE_FORMAT = 1;
const RELEASE_TYPE: JwsType = 'holdfast-release';
export const RELEASE_FILES = { edge: 'holdfast-edge.tar.gz', centre: 'holdfast-centre.tar.gz' } as const;
export type ReleasePart = keyof typeof RELEASE_FILES;

/** MAJOR.MINOR.PATCH, each below a million, so that versions have an order that a shell can tell as well. */
export const releaseVersion = z.string().regex(/^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})$/);
export const fileSha256 = z.string().regex(/^[0-9a-f]{64}$/);

const archive = (part: ReleasePart) =>
  z
    .strictObject({
      file: z.literal(RELEASE_FILES[part]),
      bytes: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
      sha256: fileSha256,
    })
    .nullable();
const migration = z.strictObject({
  name: z.string().regex(/^\w{1,64}$/),
  checksum: z.string().max(64),
  /** an older program can go on over what it makes */
  additive: z.boolean(),
});

export const releaseManifest = z.strictObject({
  format: z.literal(RELEASE_FORMAT),
  name: z.literal('holdfast'),
  version: releaseVersion,
  /** protocols spoken between nodes */
  protocols: z.array(z.number().int().min(1)).min(1).max(16),
  projection: z.number().int().min(1),
  migrations: z.strictObject({
    recovery: z.array(migration).max(1_000),
    compliance: z.array(migration).max(1_000),
  }),
  edge: archive('edge'),
  centre: archive('centre'),
});
export type ReleaseManifest = z.infer<typeof releaseManifest>;

export function releaseMigrations(platform: Platform, migrations: Migrations): ReleaseManifest['migrations'] {
  const of = (store: Store) =>
    migrations[store].map((each: Migration) => ({
      name: each.name,
      checksum: checksumOf(platform, each),
      additive: isAdditive(each),
    }));
  return { recovery: of('recovery'), compliance: of('compliance') };
}

export function signRelease(signer: Signer, manifest: ReleaseManifest): Promise<string> {
  return signer.sign(RELEASE_TYPE, releaseManifest.parse(manifest));
}

/** The manifest that this organisation signed, or null for anything else. */
export async function verifyRelease(jws: string, organisation: PublicJwk): Promise<ReleaseManifest | null> {
  if (jws.length > limits.releaseManifestCharactersMax) return null;
  const verified = await verifyJws(RELEASE_TYPE, jws, organisation);
  const parsed = releaseManifest.safeParse(verified?.payload);
  return parsed.success ? parsed.data : null;
}

/** Below zero when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Migrations that applied ones do not have yet, or why a database with these does not fit the release. */
export function pendingIn(
  manifest: ReleaseManifest,
  applied: Readonly<Record<Store, readonly { readonly name: string; readonly checksum: string }[]>>,
): { readonly pending: readonly { readonly name: string; readonly additive: boolean }[] } | null {
  const pending: { name: string; additive: boolean }[] = [];
  for (const store of STORES) {
    const known = manifest.migrations[store];
    const fits = applied[store].every(
      ({ name, checksum }, index) =>
        known[index] === undefined || (known[index].name === name && known[index].checksum === checksum),
    );
    if (!fits) return null;
    pending.push(...known.slice(applied[store].length));
  }
  return { pending };
}
