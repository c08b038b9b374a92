/** Messages between nodes, made from recipes: logs that are truly signed, and then whatever was changed about them. */
import { createHash } from 'node:crypto';
import type { Segment, Store } from '../../shared/journal/entry.ts';
import type { FixedNode } from './fixtures.ts';

const SALT = 'AAAAAAAAAAAAAAAAAAAAAA';
const hashOf = (...parts: readonly (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('base64url');

export interface WireEntry {
  readonly hlc: number;
  readonly kind: string;
  readonly version: number;
  readonly salt?: string;
  readonly body?: string;
  readonly bodyHash?: string;
}

/** Where entries end, and the hash there: from the words of the format (shared/journal/entry.ts) and none of its code. */
export function endOf(
  store: string,
  {
    origin,
    from,
    prev,
    entries,
  }: Omit<Segment, 'head' | 'entries'> & { readonly entries: readonly WireEntry[] },
): { readonly seq: number; readonly hash: string } {
  let hash: string = prev;
  let seq = from - 1;
  for (const { hlc, kind, version, salt = '', body = '', bodyHash } of entries) {
    seq += 1;
    const hashed = bodyHash ?? hashOf(Buffer.from(salt, 'base64url'), body);
    hash = hashOf(
      `{"bodyHash":${JSON.stringify(hashed)},"hlc":${hlc},"kind":${JSON.stringify(kind)},"origin":${JSON.stringify(origin)},` +
        `"prev":${JSON.stringify(hash)},"seq":${seq},"store":${JSON.stringify(store)},"version":${version}}`,
    );
  }
  return { seq, hash };
}

export function entryOf(kind: string, body: string, hlc = 1): WireEntry {
  return { hlc, kind, version: 1, salt: SALT, body };
}

export function genesisOf(node: FixedNode): WireEntry {
  return entryOf('genesis', JSON.stringify({ certificate: node.certificateJws, predecessor: null }));
}

/** A log from its beginning, under a head of its node. */
export async function signedLog(
  node: FixedNode,
  store: Store,
  incarnation: string,
  entries: readonly WireEntry[],
): Promise<Segment> {
  const log = {
    origin: `${node.certificate.nodeId}.${incarnation}`,
    from: 1,
    prev: '',
    entries,
  } as unknown as Segment;
  const end = endOf(store, log);
  return { ...log, head: await node.signer.sign('holdfast-head', { store, origin: log.origin, ...end }) };
}
