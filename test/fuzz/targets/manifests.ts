/** Signed manifests: of a snapshot set or a seed, and of a release. */
import { createPublicKey, verify } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { nodePlatform } from '../../../central/platform.ts';
import { migrations } from '../../../migrations/index.ts';
import {
  compareVersions,
  pendingIn,
  type ReleaseManifest,
  releaseMigrations,
  signRelease,
  verifyRelease,
} from '../../../shared/release/manifest.ts';
import { type SnapshotManifest, readManifest, signManifest } from '../../../shared/snapshot/manifest.ts';
import { publicJwk } from '../../../shared/trust/certificate.ts';
import { makeSigner } from '../../../shared/trust/jws.ts';
import { ORGANISATION, authorityOf, fixedNode } from '../fixtures.ts';
import { mutateJson } from '../engine/mutate-json.ts';
import { Random } from '../../sim/random.ts';
import { type Target, bytesOf, jsonOf, must, same, textOf } from '../target.ts';

const HASH = 'h'.repeat(43);
const ORIGIN = 'edgeaaaaaa.bbbbbbbbbbbbb';
const storeOf = (store: 'recovery' | 'compliance') => ({
  store,
  chainHeads: { [ORIGIN]: HASH },
  tables: { escrows: { rows: 3, digest: HASH } },
  marks: 0,
  migrations: ['0000_facts', '0001_states'],
});
const file = (name: string) => ({ name, bytes: 10, sha256: HASH, plain: { bytes: 9, sha256: HASH } });

const SNAPSHOT: SnapshotManifest = {
  ...{
    format: 1,
    id: '20261124T120000000Z-abcdefgh',
    node: { nodeId: 'centreaaaa', name: 'centreaaaa' },
    program: '0.1.0',
    projection: 5,
  },
  ...{
    cut: { recovery: { [ORIGIN]: 3 }, compliance: { [ORIGIN]: 1 } },
    stores: [storeOf('recovery'), storeOf('compliance')],
    kind: 'snapshot',
  },
  ...{ times: { frozen: 1, thawed: 2, completed: 3 }, frozenMs: 1.5 },
  writers: [
    { store: 'recovery', instance: 'a'.repeat(16), server: 'x' },
    { store: 'compliance', instance: 'b'.repeat(16), server: 'x' },
  ],
  vaults: [{ vaultId: 'north', publicKey: HASH, retired: false }],
  files: [file('recovery.db.age'), file('compliance.db.age')],
} as SnapshotManifest;

const RELEASE: ReleaseManifest = {
  ...{ format: 1, name: 'holdfast', version: '0.2.0', protocols: [1], projection: 5 },
  migrations: releaseMigrations(nodePlatform, migrations),
  edge: { file: 'holdfast-edge.tar.gz', bytes: 5, sha256: 'a'.repeat(64) },
  centre: null,
};

/** One byte changed, put in or left out, or the text begun anew somewhere. */
const damaged = (texts: fc.Arbitrary<string>) =>
  fc
    .tuple(
      texts,
      fc.nat(6_000),
      fc.nat(2),
      fc.constantFrom(' ', '\n', 'a', '"', '1', '{', '\u00e9', '\ufeff'),
    )
    .map(([text, at, length, sign]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + sign + text.slice(place + length);
    });

export const target: Target = {
  name: 'manifests',
  holds:
    'a manifest counts exactly when it is, to the byte, a text that the centre signed: one byte more or less is refused; a release only when the organisation’s key signed it; versions have one order',
  inputs: fc.oneof(
    fc.constantFrom('snapshot', 'release').map((what) => JSON.stringify({ what })),
    fc
      .tuple(fc.constantFrom('snapshot', 'release'), fc.nat(), fc.boolean())
      .map(([what, seed, sign]) => JSON.stringify({ what, seed, sign })),
    damaged(fc.constantFrom('SNAPSHOT')),
    fc
      .tuple(fc.nat(5_000), fc.integer({ min: 0, max: 255 }))
      .map(([at, byte]) => JSON.stringify({ what: 'flip', at, byte })),
  ),
  words: ['"what":"flip"', '"what":"snapshot"', '"what":"release"', '"seed":1', '"sign":true'],
  bytesMax: 500,
  async open() {
    const centre = await fixedNode('centreaaaa', 'centre');
    const edge = await fixedNode('edgeaaaaaa', 'edge');
    const authority = authorityOf();
    const text = await signManifest(nodePlatform, centre.signer, centre.certificateJws, SNAPSHOT);
    const byOrganisation = await makeSigner(ORGANISATION);
    const organisation = createPublicKey({ key: publicJwk.parse(ORGANISATION), format: 'jwk' });
    const read = (of: string) => readManifest(nodePlatform, authority, of);
    must('manifest' in (await read(text)), 'a manifest that was just signed is refused');

    /** The same manifest, changed as JSON, and perhaps signed again. */
    const changed = (of: object, seed: number): unknown => {
      const random = new Random('manifest', seed);
      const made = mutateJson(bytesOf(JSON.stringify(of)), {
        random,
        words: ['snapshot', 'seed', HASH, ORIGIN],
        bytesMax: 1e6,
        other: () => bytesOf('{}'),
        compared: [],
      });
      return made ? jsonOf(made) : of;
    };

    const snapshot = async (seed: number | undefined, sign: boolean) => {
      if (seed === undefined) return;
      const manifest = changed(SNAPSHOT, seed);
      const signature = /"signature": "([^"]+)"/.exec(text)?.[1] ?? '';
      const digest = nodePlatform.sha256(canonicalOf(manifest));
      const made = sign
        ? await centre.signer.sign('holdfast-snapshot', { sha256: digest }, { cert: centre.certificateJws })
        : signature;
      const byEdge = await edge.signer.sign(
        'holdfast-snapshot',
        { sha256: digest },
        { cert: edge.certificateJws },
      );
      const isSame = JSON.stringify(manifest) === JSON.stringify(SNAPSHOT);
      const printed = (by: string) => `${JSON.stringify({ manifest, signature: by }, null, 2)}\n`;
      const found = await read(printed(made));
      if ('manifest' in found) {
        must(sign || isSame, 'a manifest counts that was not signed');
        same(found.manifest, manifest, 'a manifest is read as another');
      } else
        must(
          !isSame || (sign && made !== signature && found.fault !== 'signature'),
          'the manifest itself is refused',
        );
      must(!('manifest' in (await read(printed(byEdge)))), 'a manifest counts that an edge signed');
    };

    const release = async (seed: number | undefined, sign: boolean) => {
      const manifest = seed === undefined ? RELEASE : changed(RELEASE, seed);
      const signed = sign
        ? await byOrganisation.sign('holdfast-release', manifest as object)
        : await edge.signer.sign('holdfast-release', manifest as object);
      const found = await verifyRelease(signed, ORGANISATION);
      const [header = '', payload = '', signature = ''] = signed.split('.');
      const counts = verify(
        'sha256',
        Buffer.from(`${header}.${payload}`),
        { key: organisation, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      );
      must(
        counts === sign && (found === null || counts),
        'a release counts that the organisation did not sign',
      );
      if (!found) return;
      same(found, manifest, 'a release is read as another');
      for (const part of [found.edge, found.centre])
        must(part === null || /^holdfast-(edge|centre)\.tar\.gz$/.test(part.file), 'a file has another name');
      const [major = 0, minor = 0, patch = 0] = found.version.split('.').map(Number);
      const order = compareVersions(found.version, '0.2.0');
      const wanted = Math.sign(major * 1e12 + minor * 1e6 + patch - 2e6);
      must(
        Math.sign(order) === wanted && Math.sign(compareVersions('0.2.0', found.version)) === -wanted + 0,
        'versions have another order',
      );
      const applied = { recovery: RELEASE.migrations.recovery.slice(0, 1), compliance: [] };
      const pending = pendingIn(found, applied);
      if (pending)
        must(
          pending.pending.length ===
            Math.max(0, found.migrations.recovery.length - 1) + found.migrations.compliance.length,
          'other migrations are to come',
        );
    };
    await signRelease(byOrganisation, RELEASE);

    return {
      seeds: [
        '{"what":"snapshot","seed":1,"sign":true}',
        '{"what":"release","seed":1,"sign":true}',
        '{"what":"release","sign":true}',
        '{"what":"flip","at":12,"byte":1}',
        text.slice(0, 400),
      ],
      async run(input) {
        const order = jsonOf(input) as
          { what?: unknown; seed?: unknown; sign?: unknown; at?: unknown; byte?: unknown } | undefined;
        const seed = typeof order?.seed === 'number' ? order.seed : undefined;
        if (order?.what === 'snapshot') await snapshot(seed, order.sign === true);
        else if (order?.what === 'release') await release(seed, order.sign === true);
        else if (order?.what === 'flip') {
          const bytes = Buffer.from(text);
          bytes.writeUInt8(
            Number(order.byte) & 255 || 0,
            Math.trunc(Math.abs(Number(order.at) || 0)) % bytes.length,
          );
          const other = bytes.toString('utf8');
          if (other !== text)
            must(!('manifest' in (await read(other))), 'a manifest counts of which a byte was changed');
        } else must(!('manifest' in (await read(textOf(input)))), 'a text counts that nobody signed');
        if (input.length > 0 && order?.what === undefined) {
          const at = (input[0] ?? 0) * 17;
          const other = text.slice(0, at) + textOf(input) + text.slice(at);
          must(
            other === text || !('manifest' in (await read(other))),
            'a manifest counts into which something was put',
          );
        }
      },
    };
  },
};

function canonicalOf(value: unknown): string {
  try {
    return canonicalize(value) ?? '';
  } catch {
    return '';
  }
}
