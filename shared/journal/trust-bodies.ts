/** Bodies of entries about whom to trust and with what: keys sealed again, edges revoked, keys exposed, entries released. */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { nodeId, origin, slug } from '../trust/certificate.ts';
import { by, deviceId, escrow, guid, sealed } from './bodies.ts';
import { hash, isStorable, store } from './entry.ts';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/**
 * More sealed copies of a key that is held: made by a node that could open one, for a vault that came later. The record
 * is that of the copy which was opened, for it is part of what is sealed.
 */
export const reseal = z.strictObject({
  keyId: guid,
  commitment: hash,
  deviceId,
  volumeId: guid,
  sealed: z.array(sealed).min(1).max(8),
  package: z.array(sealed).min(1).max(8).nullable(),
});

/** Where one log of a revoked edge is trusted to; `head` is the edge's own signature there. */
export const trustedLog = z.strictObject({
  store,
  origin,
  seq: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  hash,
  head: z.string().max(2_000),
});
export type TrustedLog = z.infer<typeof trustedLog>;

/**
 * An edge is no longer trusted. What its logs hold up to the places named stays; what lies beyond, and logs that are not
 * named, count nowhere. It is in force once all its `parts` are held. Of several revocations of an edge the strictest
 * counts, log by log.
 */
export const edgeRevocation = z.strictObject({
  nodeId,
  name: slug,
  regionId: slug,
  siteId: slug,
  /** its box is in foreign hands: whatever it could open counts as known to others */
  stolen: z.boolean(),
  /** it held its region's vault keys, as its certificate says */
  opens: z.boolean(),
  reason: z.string().max(limits.noteCharactersMax).refine(isStorable),
  at: count,
  part: z.number().int().min(1).max(limits.revocationPartsMax),
  parts: z.number().int().min(1).max(limits.revocationPartsMax),
  logs: z.array(trustedLog).max(limits.revocationLogsPerPartMax),
  by,
});

/** Keys that count as known to others, because of a revoked edge: whoever has one on a drive makes a new one. */
export const rotation = z.strictObject({
  because: nodeId,
  keyIds: z.array(guid).min(1).max(limits.rotationKeysPerEntryMax),
});

/** An escrow that was kept aside with a revoked edge's log, taken back in by an administrator. */
export const release = z.strictObject({
  origin,
  seq: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  hash,
  staffId: slug,
  escrow,
});

/** An escrow that was kept aside and is not taken back in: looked at, and left where it is. */
export const refusal = z.strictObject({
  origin,
  seq: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  hash,
  staffId: slug,
});
