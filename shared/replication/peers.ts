/**
 * What this node knows of its peers: when each was last reached, what it was known to hold, and since when nothing
 * is missing here that it had announced. Freshness (I10) and durability beyond this node (I1, I13) are read from it.
 */
import { z } from 'zod';
import type { Configuration } from '../configuration.ts';
import type { Ledger } from '../journal/ledger.ts';
import { STORES, type Store, type Vector, mergeVectors, vector } from '../journal/entry.ts';
import type { Platform } from '../platform.ts';
import {
  type NodeCondition,
  type OwnCondition,
  type SaidCondition,
  heardCondition,
  nodeCondition,
} from './condition.ts';
import { inScope } from './scope.ts';
import { type Certificate, type Origin, nodeOf, slug } from '../trust/certificate.ts';

export interface PeerState {
  readonly nodeId: string;
  readonly name: string;
  readonly role: Certificate['role'];
  readonly siteId: string | null;
  /** by this node's clock; 0 never */
  readonly lastContact: number;
  readonly vectors: Readonly<Record<Store, Vector>>;
  /** stores of which the peer holds durably what it says it holds (I1) */
  readonly promised: readonly Store[];
  /** when this node last held everything the peer had announced of its own logs; 0 never */
  readonly currentAt: number;
  /** the version of its program, as it last said; null when it never did */
  readonly program: string | null;
  /** when the one of both that asks last fetched from the other, and delivered to it; 0 never */
  readonly fetchedAt: number;
  readonly deliveredAt: number;
  /** how it is, as it last said */
  readonly condition: NodeCondition | null;
}

/** What is written down of a peer's vectors. */
const savedVectors = z.object({
  recovery: vector,
  compliance: vector,
  promised: z.array(z.enum(STORES)).default([...STORES]),
  program: z.string().nullable().default(null),
  fetchedAt: z.number().int().default(0),
  deliveredAt: z.number().int().default(0),
  condition: nodeCondition.nullable().default(null).catch(null),
});

const NEVER: Readonly<Record<Store, Vector>> = { recovery: {}, compliance: {} };
const UNHEARD = { promised: STORES, program: null, fetchedAt: 0, deliveredAt: 0, condition: null };

/** How current one node's own entries are here. */
export const nodeFreshness = z.object({
  nodeId: z.string(),
  nodeName: slug,
  siteId: slug.nullable(),
  siteName: z.string().nullable(),
  /** everything that node had written by then is held here; null when it was never heard of directly */
  asOf: z.number().int().nullable(),
  /** entries it is known to have written that are not held here; null when not known */
  entriesBehind: z.number().int().nullable(),
  /** when it and a centre last reached each other, as far as known here */
  lastContactWithCentre: z.number().int().nullable(),
  /** the version of its program, as far as known here */
  version: z.string().max(40).nullable().default(null),
  /** when it last fetched from a centre, and delivered to one, as far as known here */
  lastFetch: z.number().int().nullable().default(null),
  lastDelivery: z.number().int().nullable().default(null),
  /** logs of it that are known to go on in two ways */
  forks: z.number().int().default(0),
  /** how it is, by its own word; null when it has not said, or not to anybody known here */
  condition: nodeCondition.nullable().default(null),
});
export type NodeFreshness = z.infer<typeof nodeFreshness>;

export class Peers {
  readonly #ledger: Ledger;
  readonly #platform: Platform;
  readonly #self: Certificate;
  readonly #program: string | null;
  readonly #peers = new Map<string, PeerState>();
  #condition: Pick<OwnCondition, 'said'> | null = null;
  /** what the centre last said of the nodes it hears, for an edge that does not */
  #told: readonly NodeFreshness[] = [];
  readonly #contacted = new Set<string>();
  readonly #certificates = new Map<string, Certificate>();
  /** edges heard since the start whose certificates let them hold this node's logs, and whose logs this one holds */
  readonly #holders: Record<Store, Set<string>> = { recovery: new Set(), compliance: new Set() };
  readonly #heldHere = new Set<string>();
  /** peers whose state was not written down since it changed */
  readonly #unsaved = new Set<string>();
  /** what was written down of each at the start, and when other processes reached it since then */
  readonly #savedAt = new Map<string, number>();
  /**
   * Logs that two copies of a machine, of this one too, continued differently: a vector says nothing about who holds
   * what of them, and what is missing here never comes under this name (I4).
   */
  readonly #split = new Set<string>();

  private constructor(ledger: Ledger, platform: Platform, self: Certificate, program: string | null) {
    this.#program = program;
    this.#ledger = ledger;
    this.#platform = platform;
    this.#self = self;
  }

  static async open(
    ledger: Ledger,
    platform: Platform,
    self: Certificate,
    program: string | null = null,
  ): Promise<Peers> {
    const peers = new Peers(ledger, platform, self, program);
    for (const peer of await peers.#saved()) {
      peers.#peers.set(peer.nodeId, peer);
      peers.#savedAt.set(peer.nodeId, peer.lastContact);
    }
    await peers.#readSplits();
    return peers;
  }

  /** Which logs are known to go on in two ways: another process over the same database may have found it out. */
  async #readSplits(): Promise<void> {
    for (const store of STORES) {
      const sql = `SELECT DISTINCT origin FROM "${store}_forks"`;
      for (const [value] of await this.#ledger.engine.rows(store, sql, [])) {
        this.split(store, String(value) as Origin);
      }
    }
  }

  async #saved(): Promise<PeerState[]> {
    const rows = await this.#ledger.engine.rows(
      'recovery',
      'SELECT node_id, name, role, site_id, last_contact, vectors_json, current_at FROM local_peers',
      [],
    );
    return rows.map(([nodeId, name, role, siteId, lastContact, vectorsJson, currentAt]) => {
      const parsed = savedVectors.safeParse(JSON.parse(String(vectorsJson)));
      const { recovery, compliance, ...told } = parsed.success ? parsed.data : { ...NEVER, ...UNHEARD };
      return {
        ...told,
        nodeId: String(nodeId),
        name: String(name),
        role: role === 'centre' ? 'centre' : 'edge',
        siteId: siteId === null ? null : String(siteId),
        lastContact: Number(lastContact),
        vectors: { recovery, compliance },
        currentAt: Number(currentAt),
      };
    });
  }

  /**
   * Learns from other processes over the same database whom they reached. That a record changed since this start is
   * all that is asked of it: two machines' clocks are not compared (I14).
   */
  async share(): Promise<void> {
    await this.save();
    await this.#readSplits();
    for (const peer of await this.#saved()) {
      if (peer.lastContact === this.#savedAt.get(peer.nodeId)) continue;
      this.#savedAt.set(peer.nodeId, peer.lastContact);
      this.#contacted.add(peer.nodeId);
      const known = this.#peers.get(peer.nodeId);
      if (!known || !this.#unsaved.has(peer.nodeId)) this.#peers.set(peer.nodeId, peer);
    }
  }

  all(): PeerState[] {
    return [...this.#peers.values()];
  }

  /** Whether this peer was reached since this process started. */
  contactedSinceStart(nodeId: string): boolean {
    return this.#contacted.has(nodeId);
  }

  /** A contact with a peer that announced all it holds. Kept in memory at once; `save` makes it outlive a restart. */
  contact(peer: Certificate, store: Store, held: Vector): void {
    this.#contacted.add(peer.nodeId);
    this.#hold(peer, store, held);
  }

  /** A contact with a peer that proved to hold this much, whatever else it holds. */
  proved(peer: Certificate, store: Store, held: Vector): void {
    this.#hold(peer, store, mergeVectors(this.#peers.get(peer.nodeId)?.vectors[store] ?? {}, held));
  }

  /** Of peers that were there since the start. */
  certificates(): readonly Certificate[] {
    return [...this.#certificates.values()];
  }

  /** The one of both that asks has fetched what there was, and said how it is. */
  fetched(peer: Certificate, said?: SaidCondition): void {
    const now = this.#platform.now();
    this.#note(peer, {
      fetchedAt: now,
      ...(said === undefined ? {} : { condition: heardCondition(said, now) }),
    });
  }

  /** The one of both that asks has delivered something. */
  delivered(peer: Certificate): void {
    this.#note(peer, { deliveredAt: this.#platform.now() });
  }

  #note(peer: Certificate, news: Partial<PeerState>): void {
    const known = this.#peers.get(peer.nodeId) ?? { ...stateOf(peer), vectors: NEVER, lastContact: 0 };
    this.#peers.set(peer.nodeId, { ...known, ...news });
    this.#unsaved.add(peer.nodeId);
  }

  /** Of these stores, the peer holds durably what it says it holds. */
  promises(peer: Certificate, stores: readonly Store[]): void {
    this.#note(peer, { promised: stores });
  }

  /** The version that a peer says it runs. */
  runs(peer: Certificate, program: string | null): void {
    if (this.#peers.get(peer.nodeId)?.program !== program) this.#note(peer, { program });
  }

  #hold(peer: Certificate, store: Store, held: Vector): void {
    const known = this.#peers.get(peer.nodeId);
    const vectors = { ...(known?.vectors ?? NEVER), [store]: held };
    const now = this.#platform.now();
    const state: PeerState = { ...stateOf(peer), ...known, ...namesOf(peer), lastContact: now, vectors };
    this.#unsaved.add(peer.nodeId);
    this.#certificates.set(peer.nodeId, peer);
    if (inScope(store, peer, this.#self)) this.#holders[store].add(peer.nodeId);
    if (inScope(store, this.#self, peer)) this.#heldHere.add(peer.nodeId);
    this.#peers.set(peer.nodeId, { ...state, currentAt: this.#behind(state) === 0 ? now : state.currentAt });
  }

  /** This log goes on in two ways, whosever it is. */
  split(store: Store, origin: Origin): void {
    this.#split.add(`${store} ${origin}`);
  }

  /** Whether this log is known to go on in two ways, whosever it is. */
  isSplit(store: Store, origin: Origin): boolean {
    return this.#split.has(`${store} ${origin}`);
  }

  /** Whether who passes this log on has what is held of it here: of another's that is split, nobody knows (I13). */
  isSure(store: Store, origin: Origin): boolean {
    return nodeOf(origin) === this.#self.nodeId || !this.isSplit(store, origin);
  }

  async save(): Promise<void> {
    const unsaved = this.all().filter(({ nodeId }) => this.#unsaved.has(nodeId));
    for (const { nodeId, lastContact } of unsaved) {
      this.#unsaved.delete(nodeId);
      this.#savedAt.set(nodeId, lastContact);
    }
    try {
      await this.#write(unsaved);
    } catch (error) {
      for (const { nodeId } of unsaved) this.#unsaved.add(nodeId);
      throw error;
    }
  }

  async #write(peers: readonly PeerState[]): Promise<void> {
    const rows = peers.map(({ nodeId, name, role, siteId, lastContact, currentAt, vectors, ...told }) => [
      ...[nodeId, name, role, siteId, lastContact],
      JSON.stringify({ ...vectors, ...told }),
      currentAt,
    ]);
    const columns = rows[0]?.map((_, index) => `json_extract(value, '$[${String(index)}]')`).join(', ');
    if (columns === undefined) return;
    await this.#ledger.note('recovery', [
      {
        sql: `INSERT OR REPLACE INTO local_peers (node_id, name, role, site_id, last_contact, vectors_json, current_at) SELECT ${columns} FROM json_each(?)`,
        args: [JSON.stringify(rows)],
      },
    ]);
  }

  /** Whom to ask how this node itself is. */
  speakOf(condition: Pick<OwnCondition, 'said'>): void {
    this.#condition = condition;
  }

  hear(told: readonly NodeFreshness[]): void {
    this.#told = told;
  }

  /** When a centre was last reached; null for a centre itself, 0 never. */
  lastCentreContact(): number | null {
    if (this.#self.role === 'centre') return null;
    return Math.max(
      0,
      ...this.all()
        .filter((peer) => peer.role === 'centre')
        .map((peer) => peer.lastContact),
    );
  }

  /** Since when no centre answers, or null while one does. Two missed cycles count as not answering. */
  offlineSince(withinMs: number): number | null {
    const last = this.lastCentreContact();
    return last === null || this.#platform.now() - last <= withinMs ? null : last;
  }

  /** Whether another node is known to hold this entry: its author, unless that may have gone with a copy of its machine. */
  heldElsewhere(store: Store, origin: Origin, seq: number): boolean {
    if (this.isSplit(store, origin)) return false;
    if (nodeOf(origin) !== this.#self.nodeId) return true;
    return this.all().some((peer) => this.#claims(peer, store, origin) >= seq);
  }

  /**
   * How much of an own log a peer may be believed to hold: nothing where its certificate does not let it hold any, and
   * nothing where it says more than there is.
   */
  #claims(peer: PeerState, store: Store, origin: Origin): number {
    const said = peer.vectors[store][origin] ?? 0;
    const written = this.#ledger.origins(store).get(origin)?.seq ?? 0;
    const mayHold = peer.role === 'centre' || this.#holders[store].has(peer.nodeId);
    return mayHold && said <= written ? said : 0;
  }

  /** Whether a centre is known to hold this entry so that it outlives a power cut there (I1). */
  heldAtCentre(store: Store, origin: Origin, seq: number): boolean {
    if (this.#self.role === 'centre') return this.#ledger.durability(store).isDurable(origin, seq);
    if (this.isSplit(store, origin)) return false;
    const centres = this.all().filter(({ role }) => role === 'centre');
    if (this.#ledger.origins(store).get(origin)?.certificate.role === 'centre')
      return centres.every(({ promised }) => promised.includes(store));
    return centres.some(
      (centre) => centre.promised.includes(store) && this.#claims(centre, store, origin) >= seq,
    );
  }

  /** How current each edge's entries are here: own ones always, others by direct contact or by the centre's word. */
  freshness(configuration: Configuration): NodeFreshness[] {
    const now = this.#platform.now();
    // A node that was heard, and has written nothing yet, is known as well.
    const heard = [...this.#peers].filter(
      ([nodeId]) => this.#self.role === 'centre' || this.#heldHere.has(nodeId),
    );
    const nodes = new Map<string, Pick<Certificate, 'nodeId' | 'name' | 'role' | 'siteId'>>(heard);
    for (const store of ['recovery', 'compliance'] as const) {
      for (const { certificate } of this.#ledger.origins(store).values())
        nodes.set(certificate.nodeId, certificate);
    }
    nodes.set(this.#self.nodeId, this.#self);
    return [...nodes.values()]
      .filter((certificate) => certificate.role === 'edge')
      .map((certificate) => {
        const { nodeId, name, siteId } = certificate;
        const names = { nodeId, nodeName: name, siteId, siteName: siteId && configuration.siteName(siteId) };
        const told = this.#told.find((freshness) => freshness.nodeId === nodeId);
        const forks = Math.max(this.#forksOf(nodeId), told?.forks ?? 0);
        if (nodeId === this.#self.nodeId)
          return { ...names, forks, ...this.#ownFreshness(now, told?.condition ?? null) };
        const direct = this.#peers.get(nodeId);
        if (direct && this.#self.role === 'centre') {
          const entriesBehind = this.#behind(direct);
          return {
            ...names,
            asOf: direct.currentAt || null,
            entriesBehind,
            lastContactWithCentre: direct.lastContact,
            version: direct.program,
            lastFetch: direct.fetchedAt || null,
            lastDelivery: direct.deliveredAt || null,
            ...{ forks, condition: direct.condition },
          };
        }
        const reached = this.lastCentreContact();
        const asOf =
          told === undefined || told.asOf === null ? null : Math.min(told.asOf, reached ?? told.asOf);
        return {
          ...names,
          asOf,
          entriesBehind: null,
          lastContactWithCentre: told?.lastContactWithCentre ?? null,
          version: told?.version ?? null,
          lastFetch: told?.lastFetch ?? null,
          lastDelivery: told?.lastDelivery ?? null,
          ...{ forks, condition: told?.condition ?? null },
        };
      })
      .sort((a, b) => (a.nodeName < b.nodeName ? -1 : 1));
  }

  /** `heard`: what the centre makes of this node, which alone can say how far its clock is off. */
  #ownFreshness(now: number, heard: NodeCondition | null) {
    const centres = this.all().filter(({ role }) => role === 'centre');
    const said = this.#condition?.said();
    return {
      ...{ asOf: now, entriesBehind: 0, lastContactWithCentre: this.lastCentreContact() },
      version: this.#program,
      lastFetch: Math.max(0, ...centres.map(({ fetchedAt }) => fetchedAt)) || null,
      lastDelivery: Math.max(0, ...centres.map(({ deliveredAt }) => deliveredAt)) || null,
      condition: said ? { ...heardCondition(said, now), clockAheadMs: heard?.clockAheadMs ?? null } : null,
    };
  }

  #forksOf(nodeId: string): number {
    return [...this.#split].filter((log) => nodeOf((log.split(' ')[1] ?? '') as Origin) === nodeId).length;
  }

  /** Entries the peer announced of its own logs that are not held here. */
  #behind(peer: PeerState): number {
    let behind = 0;
    for (const store of ['recovery', 'compliance'] as const) {
      const held = this.#ledger.origins(store);
      for (const [origin, seq] of Object.entries(peer.vectors[store])) {
        if (nodeOf(origin as Origin) !== peer.nodeId || this.isSplit(store, origin as Origin)) continue;
        behind += Math.max(0, seq - (held.get(origin as Origin)?.seq ?? 0));
      }
    }
    return behind;
  }
}

function namesOf({ nodeId, name, role, siteId }: Certificate) {
  return { nodeId, name, role, siteId };
}

function stateOf(peer: Certificate): Omit<PeerState, 'lastContact' | 'vectors'> {
  return { ...namesOf(peer), ...UNHEARD, currentAt: 0 };
}
