/** Ledgers for tests, over whichever engine a host brings, and the copying between them that replication will do. */
import { Alarms } from '../../shared/alarms.ts';
import type { Engine } from '../../shared/journal/engine.ts';
import type { Segment, Store } from '../../shared/journal/entry.ts';
import { segment as segmentSchema } from '../../shared/journal/entry.ts';
import { Ledger } from '../../shared/journal/ledger.ts';
import type { SegmentOutcome } from '../../shared/journal/absorber.ts';
import type { Platform } from '../../shared/platform.ts';
import type { Origin } from '../../shared/trust/certificate.ts';
import { migrations } from '../../migrations/index.ts';
import { type Organisation, type TestIdentity, makeIdentity } from './organisation.ts';

/** A database that outlives the engines opened over it, as a disk outlives processes. */
export interface Database {
  open(): Promise<Engine>;
}

/** One of the two hosts that the contract suites run on. */
export interface Host {
  readonly platform: Platform;
  /** a new, empty database that is gone after the test */
  database(): Promise<Database>;
}

export interface TestNode {
  readonly ledger: Ledger;
  readonly engine: Engine;
  readonly alarms: Alarms;
  readonly identity: TestIdentity;
  readonly database: Database;
  readonly organisation: Organisation;
}

export interface NodeOptions {
  readonly organisation: Organisation;
  readonly role?: 'edge' | 'centre';
  readonly identity?: TestIdentity;
  readonly database?: Database;
  readonly platform?: Platform;
  readonly sliceEntries?: number;
  /** puts something between journal and engine, for example faults */
  readonly wrap?: (engine: Engine) => Engine;
}

export async function startNode(host: Host, options: NodeOptions): Promise<TestNode> {
  const { organisation, role = 'edge', sliceEntries = 7, wrap = (engine: Engine) => engine } = options;
  const platform = options.platform ?? host.platform;
  const database = options.database ?? (await host.database());
  const identity = options.identity ?? (await makeIdentity(platform, organisation, role));
  const engine = wrap(await database.open());
  const log = () => undefined;
  const alarms = new Alarms(platform, log);
  const { authority } = organisation;
  const ledger = await Ledger.open({
    engine,
    platform,
    migrations,
    authority,
    identity,
    alarms,
    log,
    sliceEntries,
  });
  return { ledger, engine, alarms, identity, database, organisation };
}

/** The next start of the same node: a new process over the same disk. */
export function restartNode(
  host: Host,
  node: TestNode,
  options: Omit<NodeOptions, 'organisation' | 'identity' | 'database'> = {},
): Promise<TestNode> {
  const { organisation, identity, database } = node;
  return startNode(host, { organisation, identity, database, ...options });
}

/** As the wire does it: through JSON and the schema, so that a test cannot pass what a peer could not send. */
export function overTheWire(segment: Segment): Segment {
  return segmentSchema.parse(JSON.parse(JSON.stringify(segment)));
}

/** The segments by which `origin` leaves a node, from the beginning or after `after`. */
export async function segmentsOf(
  node: TestNode,
  store: Store,
  origin: Origin = node.ledger.self,
  entriesMax = 1_000,
  after = 0,
): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (let at = after; ;) {
    const segment = await node.ledger.read(store, origin, at, entriesMax);
    if (!segment) return segments;
    segments.push(overTheWire(segment));
    at += segment.entries.length;
  }
}

/** Takes every origin that `from` can forward into `to`. */
export async function copyAll(
  from: TestNode,
  to: TestNode,
  store: Store,
  entriesMax = 1_000,
): Promise<SegmentOutcome[]> {
  const outcomes: SegmentOutcome[] = [];
  for (const origin of from.ledger.origins(store).keys()) {
    const after = to.ledger.origins(store).get(origin)?.seq ?? 0;
    for (const segment of await segmentsOf(from, store, origin, entriesMax, after)) {
      outcomes.push(await to.ledger.absorb(store, segment));
    }
  }
  return outcomes;
}

export function vectorOf(node: TestNode, store: Store): Record<string, number> {
  return Object.fromEntries([...node.ledger.origins(store)].map(([origin, { seq }]) => [origin, seq]));
}

/** A segment that was taken in whole, with every entry projected. */
export const APPLIED: SegmentOutcome = { outcome: 'applied', marked: 0 };
