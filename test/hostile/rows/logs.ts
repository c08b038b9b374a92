/** Logs that no honest node would write, relay or cut. What is kept of them is named: evidence, or quarantine (I4, I9). */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { nodePlatform } from '../../../central/platform.ts';
import type { Segment, SegmentEntry, Store } from '../../../shared/journal/entry.ts';
import { HLC_MAX } from '../../../shared/journal/hlc.ts';
import { chainSegment } from '../../../shared/journal/entry.ts';
import type { Origin } from '../../../shared/trust/certificate.ts';
import { escrowBodies, sample } from '../../support/drafts.ts';
import { genesisEntry, makeOrigin, signLog, signSegment, wireEntry } from '../../support/forge.ts';
import { type TestIdentity, makeIdentity, makeOrganisation } from '../../support/organisation.ts';
import { heldKey, searchFor } from '../endpoints.ts';
import { type Message, send } from '../http.ts';
import { openSession, syncMessage } from '../peer.ts';
import type { Case, Row } from '../row.ts';
import { certified } from './sync.ts';

const TAKEN = z.object({ outcomes: z.tuple([z.object({ outcome: z.literal('applied') })]) });
const applied = {
  accepted: 200,
  gives: TAKEN,
  wrote: { 'recovery:genesis': 1, 'recovery:escrow': 2 },
} as const;

/** One log and whoever may push it. */
interface Author {
  readonly of: Case;
  readonly identity: TestIdentity;
  readonly origin: Origin;
  readonly entries: readonly SegmentEntry[];
}

export function escrowEntry(change: object = {}): SegmentEntry {
  const [body] = sample(escrowBodies, 1, Math.floor(Math.random() * 2 ** 31));
  return wireEntry('escrow', { ...body, keyId: randomUUID(), ...change });
}

async function author(of: Case): Promise<Author> {
  const identity = await certified(of);
  return {
    of,
    identity,
    origin: makeOrigin(nodePlatform, identity),
    entries: [escrowEntry(), escrowEntry()],
  };
}

const whole = ({ identity, origin, entries }: Author, store: Store = 'recovery'): Promise<Segment> =>
  signLog(nodePlatform, identity, store, origin, entries);

/** A log that is refused, and the same log as its author wrote it. */
function log(
  name: string,
  refused: Row['refused'],
  spoil: (by: Author, good: Segment) => Segment | Promise<Segment>,
  rest: Partial<Row> = {},
): Row {
  return {
    ...{ name: `log: ${name}`, refused, ...applied, ...rest },
    make: async (of) => {
      const by = await author(of);
      const session = await openSession(of.base, by.identity);
      const good = await whole(by);
      const push = (segment: unknown) =>
        syncMessage('push', { store: 'recovery', segments: [segment] }, session);
      return { hostile: async () => push(await spoil(by, good)), twin: () => push(good) };
    },
  };
}

/** An entry that is kept and forwarded and has no effect; its twin is a log with entries that have. */
function quarantined(name: string, entry: SegmentEntry): Row {
  return {
    ...{ name: `entry: ${name}`, refused: [422, 'entries-quarantined'], ...applied },
    // The one entry and its genesis, marked; and not a row in any table.
    keeps: {
      ...{ recovery_journal: 2, 'recovery:genesis': 1, [`recovery:${entry.kind}`]: 1 },
      ...{ recovery_marks: 1, recovery_heads: 1, recovery_origins: 1 },
    },
    make: async (of) => {
      const [bad, good] = [await author(of), await author(of)];
      const push = async (by: Author) =>
        syncMessage(
          'push',
          { store: 'recovery', segments: [await whole(by)] },
          await openSession(of.base, by.identity),
        );
      return { hostile: () => push({ ...bad, entries: [entry] }), twin: () => push(good) };
    },
  };
}

const REFUSED = [422, 'segments-refused'] as const;
const resigned = (by: Author, change: object): Promise<Segment> => {
  const good = { origin: by.origin, from: 1, prev: '', entries: [genesisEntry(by.identity), ...by.entries] };
  return signSegment(nodePlatform, by.identity, 'recovery', { ...good, ...change });
};
const headOf = async (by: TestIdentity, store: Store, segment: Segment): Promise<string> => {
  const last = chainSegment(nodePlatform, 'recovery', segment).at(-1);
  return by.signer.sign('holdfast-head', { store, origin: segment.origin, seq: last?.seq, hash: last?.hash });
};
const changed = (entry: SegmentEntry | undefined, change: object) =>
  ({ ...entry, ...change }) as SegmentEntry;
const staffEntry = wireEntry('config', {
  ...{ kind: 'staff', id: 'mallory', revision: 1 },
  body: { name: 'Mallory', role: 'administrator', sites: null, revoked: false },
});

export const logRows: readonly Row[] = [
  log('an entry altered in flight', REFUSED, (_by, good) => {
    const [genesis, first, ...rest] = good.entries;
    const body = first && 'body' in first ? first.body.replace(/"volumeType":\d/, '"volumeType":3 ') : '';
    return { ...good, entries: [...(genesis ? [genesis] : []), changed(first, { body }), ...rest] };
  }),
  log('an entry\u2019s time altered in flight', REFUSED, (_by, good) => ({
    ...good,
    entries: good.entries.map((entry) => changed(entry, { hlc: entry.hlc + 1 })),
  })),
  log('cut off before its head', REFUSED, (_by, good) => ({ ...good, entries: good.entries.slice(0, -1) })),
  log('without its first entry', REFUSED, (_by, good) => ({ ...good, entries: good.entries.slice(1) })),
  log('with an entry more than its head', REFUSED, (_by, good) => ({
    ...good,
    entries: [...good.entries, escrowEntry()],
  })),
  log('in another order', REFUSED, (_by, good) => {
    const [genesis, ...rest] = good.entries;
    return { ...good, entries: [...(genesis ? [genesis] : []), ...rest.reverse()] };
  }),
  log('that begins in the middle and says it does not', REFUSED, (by) =>
    resigned(by, { prev: 'A'.repeat(43) }),
  ),
  log('with a head by another node', REFUSED, async ({ of }, good) => ({
    ...good,
    head: await headOf(await certified(of), 'recovery', good),
  })),
  log('with a head of the other store', REFUSED, async ({ identity }, good) => ({
    ...good,
    head: await headOf(identity, 'compliance', good),
  })),
  log('with a head that is a challenge', REFUSED, async ({ identity }, good) => ({
    ...good,
    head: await identity.signer.sign('holdfast-challenge', {
      store: 'recovery',
      origin: good.origin,
      seq: 3,
    }),
  })),
  log('with a head that is text', REFUSED, (_by, good) => ({ ...good, head: 'signed, the node' })),
  log('of another organisation', REFUSED, async ({ origin, entries }) => {
    const foreign = await makeIdentity(nodePlatform, await makeOrganisation());
    return signLog(nodePlatform, foreign, 'recovery', origin, entries);
  }),
  log('in the name of another node', REFUSED, async (by) => {
    const victim = await certified(by.of);
    return whole({ ...by, origin: makeOrigin(nodePlatform, victim) });
  }),
  log('in the name of this node', REFUSED, async (by) => {
    const nodeId = await by.of.stage.nodeId(by.of.place);
    return whole({ ...by, origin: by.origin.replace(/^[^.]+/, nodeId) as Origin });
  }),
  log('without a genesis', REFUSED, (by) => resigned(by, { entries: by.entries })),
  log('with the body of an escrow left out', REFUSED, (_by, good) => {
    const erased = chainSegment(nodePlatform, 'recovery', good).at(-1);
    const { hlc = 0, kind = '', version = 1, bodyHash = '' } = erased ?? {};
    return { ...good, entries: [...good.entries.slice(0, -1), { hlc, kind, version, bodyHash }] };
  }),
  log('with a NUL in a body', REFUSED, (by) =>
    whole({ ...by, entries: [wireEntry('escrow', '{"a":"\0"}')] }),
  ),
  log('with an entry from beyond the year 2200', [400, 'invalid-request'], (_by, good) => ({
    ...good,
    entries: good.entries.map((entry) => changed(entry, { hlc: HLC_MAX + 1 })),
  })),
  log('with an entry whose time is no whole number', [400, 'invalid-request'], (_by, good) => ({
    ...good,
    entries: good.entries.map((entry) => changed(entry, { hlc: 1.5 })),
  })),
  log('with 1,257 entries', [400, 'invalid-request'], (by, good) => ({
    ...good,
    entries: Array.from({ length: 1_257 }, () => by.entries[0] ?? escrowEntry()),
  })),
  log('with a body of 256 KiB and one', [400, 'invalid-request'], (by, good) => ({
    ...good,
    entries: [genesisEntry(by.identity), wireEntry('escrow', 'x'.repeat(256 * 1024 + 1))],
  })),
  log('with an origin that is none', [400, 'invalid-request'], (_by, good) => ({
    ...good,
    origin: '../../etc/passwd' as Origin,
  })),
  {
    ...{ name: 'log: forked', refused: [409, 'log-forked'], keeps: { recovery_forks: 1 } },
    ...{ accepted: 200, gives: TAKEN, wrote: { 'recovery:escrow': 1 } },
    make: async (of) => {
      const by = await author(of);
      const session = await openSession(of.base, by.identity);
      const push = (segment: Segment) =>
        syncMessage('push', { store: 'recovery', segments: [segment] }, session);
      const good = await whole(by);
      await send(of.base, push(good));
      const tip = chainSegment(nodePlatform, 'recovery', good).at(-1);
      const next = {
        origin: by.origin,
        from: (tip?.seq ?? 0) + 1,
        prev: tip?.hash ?? '',
        entries: [escrowEntry()],
      };
      return {
        hostile: async () => push(await whole({ ...by, entries: [escrowEntry(), escrowEntry()] })),
        twin: async () => push(await signSegment(nodePlatform, by.identity, 'recovery', next)),
      };
    },
  },
  {
    ...{ name: 'log: forked, with escrows that nobody can read', refused: [409, 'log-forked'] },
    ...{ keeps: { recovery_forks: 1 }, accepted: 200, wrote: { 'recovery:audit': 1 } },
    make: async (of) => {
      const by = await author(of);
      const session = await openSession(of.base, by.identity);
      const push = (segment: Segment): Message =>
        syncMessage('push', { store: 'recovery', segments: [segment] }, session);
      await send(of.base, push(await whole(by)));
      const keyId = await heldKey(of);
      const unreadable = [`not JSON ${keyId}`, '{}', JSON.stringify({ keyId })];
      const entries = unreadable.map((body) => wireEntry('escrow', body));
      return {
        hostile: async () => push(await whole({ ...by, entries })),
        // The evidence is searched as well, and does not stand in the way of the keys that are in order.
        twin: () => searchFor(of, keyId),
      };
    },
  },

  quarantined('of an unknown kind', wireEntry('rumour', { text: 'a secret of another kind' })),
  quarantined('of the kind __proto__', wireEntry('__proto__', {})),
  quarantined('of the kind constructor', wireEntry('constructor', {})),
  quarantined('of a version to come', wireEntry('escrow', {}, 2)),
  quarantined('staff made by an edge', staffEntry),
  quarantined(
    'a site token made by an edge',
    wireEntry('config', {
      ...{ kind: 'site-token', id: 'mallory', revision: 1 },
      body: { siteId: 'madrid', tokenHash: 'A'.repeat(43), expiresAt: 4_000_000_000_000, revoked: false },
    }),
  ),
  quarantined('an escrow that is no JSON', wireEntry('escrow', 'not JSON')),
  quarantined('an escrow of nothing', wireEntry('escrow', {})),
  quarantined(
    'an escrow with a password in plaintext',
    changed(escrowEntry({ recoveryPassword: '000000-000011' }), {}),
  ),
  quarantined('a status in the store of keys', wireEntry('status', {})),
  quarantined('JSON nested 60,000 deep', wireEntry('escrow', `${'['.repeat(60_000)}${']'.repeat(60_000)}`)),
];
