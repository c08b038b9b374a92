/**
 * The manifest of a snapshot set and of an edge's seed: what the files hold, by which anybody can prove them.
 *
 *     manifest.json = {"manifest": …, "signature": JWS}, printed with two spaces and a newline at its end
 *     JWS           = holdfast-snapshot by the node, whose certificate is in its header,
 *                     over {"sha256": SHA-256 of the manifest's canonical form (RFC 8785)}
 *
 * There is one text for one manifest: a file that reads the same but is not that text is refused, so that no bit of it
 * can change unnoticed.
 */
import canonicalize from 'canonicalize';
import { base64url } from 'jose';
import { z } from 'zod';
import { hash, store } from '../journal/entry.ts';
import type { Platform } from '../platform.ts';
import { type Certificate, type CertificateAuthority, nodeId, origin, slug } from '../trust/certificate.ts';
import type { Signer } from '../trust/jws.ts';
import { cut } from './cut.ts';

export const SNAPSHOT_FORMAT = 1;
export const MANIFEST_FILE = 'manifest.json';
/** Vectors of 50,000 origins in both stores, with their hashes, stay below this. */
export const MANIFEST_BYTES_MAX = 32 * 1024 * 1024;

/** When it was begun, to the millisecond, and a random part: names sort by time. */
export const snapshotId = z.string().regex(/^\d{8}T\d{9}Z-[a-z2-7]{8}$/);
export const instanceId = z.string().regex(/^[a-z2-7]{16}$/);

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const content = z.strictObject({ bytes: count, sha256: hash });

export const snapshotFile = z.strictObject({
  name: z.string().regex(/^[a-z]+\.(db|db\.age|sqlite|sqlite\.age)$/),
  ...content.shape,
  /** what an encrypted file holds; null when the file is that itself */
  plain: content.nullable(),
});
export type SnapshotFile = z.infer<typeof snapshotFile>;

/** What one store holds at the cut. */
export const storeContent = z.strictObject({
  store,
  /** hash of each log's last entry */
  chainHeads: z.record(origin, hash),
  /** rows and digest of each table that follows from the journal */
  tables: z.record(z.string().max(64), z.strictObject({ rows: count, digest: hash })),
  /** entries that are held and not projected (I9) */
  marks: content.shape.bytes,
  /** names of the migrations applied */
  migrations: z.array(z.string().max(64)).max(1_000),
});
export type StoreContent = z.infer<typeof storeContent>;

const common = {
  format: z.literal(SNAPSHOT_FORMAT),
  id: snapshotId,
  node: z.strictObject({ nodeId, name: slug }),
  program: z.string().max(64),
  projection: count,
  cut,
  stores: z.tuple([storeContent, storeContent]),
};

export const snapshotManifest = z.strictObject({
  ...common,
  kind: z.literal('snapshot'),
  /** milliseconds since 1970, by the node's clock */
  times: z.strictObject({ frozen: count, thawed: count, completed: count }),
  /** how long the gate was closed */
  frozenMs: z.number().min(0),
  writers: z.tuple([
    z.strictObject({ store, instance: instanceId, server: z.string().max(255) }),
    z.strictObject({ store, instance: instanceId, server: z.string().max(255) }),
  ]),
  /** vaults configured at the cut */
  vaults: z.array(z.strictObject({ vaultId: slug, publicKey: z.string().max(64), retired: z.boolean() })),
  /** in the order of the stores */
  files: z.tuple([snapshotFile, snapshotFile]),
});
export type SnapshotManifest = z.infer<typeof snapshotManifest>;

export const seedManifest = z.strictObject({
  ...common,
  kind: z.literal('seed'),
  /** the edge it was made for, and what that may hold */
  edge: z.strictObject({ nodeId, name: slug }),
  /** the snapshot it was cut from */
  from: snapshotId,
  files: z.tuple([snapshotFile]),
});
export type SeedManifest = z.infer<typeof seedManifest>;

export const manifest = z.discriminatedUnion('kind', [snapshotManifest, seedManifest]);
export type Manifest = z.infer<typeof manifest>;

const signedFile = z.strictObject({ manifest: z.unknown(), signature: z.string().max(16_000) });

/** The text of `manifest.json`. */
export async function signManifest(
  platform: Pick<Platform, 'sha256'>,
  signer: Signer,
  certificateJws: string,
  made: Manifest,
): Promise<string> {
  // In the order of the schema, in which it is read again.
  const of = manifest.parse(made);
  const signature = await signer.sign(
    'holdfast-snapshot',
    { sha256: digestOf(platform, of) },
    { cert: certificateJws },
  );
  return print(of, signature);
}

/** Why a manifest is not believed. */
export type ManifestFault = 'malformed' | 'format' | 'signature';

/** The manifest in `text`, and who signed it; only a centre of this organisation makes snapshots. */
export async function readManifest(
  platform: Pick<Platform, 'sha256'>,
  authority: CertificateAuthority,
  text: string,
): Promise<{ manifest: Manifest; by: Certificate } | { fault: ManifestFault }> {
  const opened = parse(text);
  if (!opened) return { fault: 'malformed' };
  const parsed = manifest.safeParse(opened.manifest);
  if (!parsed.success) {
    const format = z.object({ format: z.literal(SNAPSHOT_FORMAT) }).safeParse(opened.manifest);
    return { fault: format.success ? 'malformed' : 'format' };
  }
  const { signature } = opened;
  if (print(parsed.data, signature) !== text || !signature.split('.').every(isExactBase64url))
    return { fault: 'malformed' };
  const signed = await authority.checkSigned('holdfast-snapshot', signature);
  const digest = z.strictObject({ sha256: hash }).safeParse(signed?.payload);
  const { node } = parsed.data;
  if (
    !signed ||
    !digest.success ||
    digest.data.sha256 !== digestOf(platform, parsed.data) ||
    signed.by.role !== 'centre' ||
    signed.by.nodeId !== node.nodeId
  )
    return { fault: 'signature' };
  return { manifest: parsed.data, by: signed.by };
}

function parse(text: string): z.infer<typeof signedFile> | null {
  try {
    return signedFile.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function print(of: Manifest, signature: string): string {
  return `${JSON.stringify({ manifest: of, signature }, null, 2)}\n`;
}

function digestOf(platform: Pick<Platform, 'sha256'>, of: Manifest): string {
  return platform.sha256(canonicalize(of) ?? '');
}

/** The last letter of base64url has bits that decoders ignore. */
function isExactBase64url(text: string): boolean {
  try {
    return base64url.encode(base64url.decode(text)) === text;
  } catch {
    return false;
  }
}
