/** Logs that no honest node would write: signed, chained and cut as the test wants them. */
import type { Segment, SegmentEntry, Store } from '../../shared/journal/entry.ts';
import { chainSegment } from '../../shared/journal/entry.ts';
import type { Platform } from '../../shared/platform.ts';
import { randomName } from '../../shared/platform.ts';
import type { Origin } from '../../shared/trust/certificate.ts';
import type { TestIdentity } from './organisation.ts';

export function makeOrigin(platform: Platform, identity: TestIdentity): Origin {
  return `${identity.certificate.nodeId}.${randomName(platform, 13)}` as Origin;
}

export function wireEntry(kind: string, body: unknown, version = 1): SegmentEntry {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { hlc: 1_800_000_000_000, kind, version, salt: 'AAAAAAAAAAAAAAAAAAAAAA', body: text };
}

export function genesisEntry(identity: TestIdentity): SegmentEntry {
  return wireEntry('genesis', { certificate: identity.certificateJws, predecessor: null });
}

/** A segment whose head is truly signed by `identity`, whatever its entries are. */
export async function signSegment(
  platform: Platform,
  identity: TestIdentity,
  store: Store,
  unsigned: Omit<Segment, 'head'>,
): Promise<Segment> {
  const last = chainSegment(platform, store, { ...unsigned, head: '' }).at(-1);
  if (!last) throw new Error('a segment has at least one entry');
  const { origin, seq, hash } = last;
  return { ...unsigned, head: await identity.signer.sign('holdfast-head', { store, origin, seq, hash }) };
}

/** A whole log in one segment: genesis and `entries`. */
export function signLog(
  platform: Platform,
  identity: TestIdentity,
  store: Store,
  origin: Origin,
  entries: readonly SegmentEntry[],
): Promise<Segment> {
  return signSegment(platform, identity, store, {
    origin,
    from: 1,
    prev: '',
    entries: [genesisEntry(identity), ...entries],
  });
}
