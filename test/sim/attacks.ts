/** What a certified machine in the wrong hands, or a stranger, sends to nodes that speak the protocol. */
import type { Segment, SegmentEntry, Store } from '../../shared/journal/entry.ts';
import { chainSegment } from '../../shared/journal/entry.ts';
import { limits } from '../../shared/limits.ts';
import { PROTOCOL_HEADER, PROTOCOL_VERSION, SYNC_MEDIA_TYPE } from '../../shared/replication/protocol.ts';
import { type Signer, makeSigner } from '../../shared/trust/jws.ts';
import type { Origin } from '../../shared/trust/certificate.ts';
import { nodePlatform } from '../../central/platform.ts';
import type { Machine } from './machine.ts';
import { postTo } from './peering.ts';
import { simPlatform } from './platform.ts';
import { Life } from './machine.ts';
import { Random } from './random.ts';
import { type Attacker, nameOf } from './setup.ts';
import type { World } from './world.ts';

export const ATTACKS = [
  'own log',
  'forked log',
  'forged log of another',
  'log in the name of another',
  'cut log of another',
  'altered log of another',
  'erased bodies of another',
  'gap',
  'replay',
  'oversized',
  'no authority',
  'poison',
  'unknown version',
  'far future',
  'false certificate',
] as const;
export type Attack = (typeof ATTACKS)[number];

export class AttackingMachine {
  readonly #world: World;
  readonly #self: Attacker;
  readonly #random: Random;
  readonly #platform;
  readonly #origin: Origin;
  readonly #entries: SegmentEntry[];
  readonly #sent: { store: Store; segments: Segment[] }[] = [];
  #signer: Signer | null = null;

  constructor(world: World, self: Attacker, at: Machine) {
    this.#world = world;
    this.#self = self;
    this.#random = new Random(world.seed, self.name);
    this.#platform = simPlatform(world, new Life(at, this.#random));
    this.#origin = this.#newOrigin();
    this.#entries = [this.#genesis()];
  }

  /** One attack on `target`, with what `victim` has written where that is needed. Never fails: nobody has to let it in. */
  async attack(attack: Attack, target: Machine, victim: Machine): Promise<void> {
    this.#world.fault(`attack: ${attack}`);
    try {
      const session = await this.#session(target, attack === 'false certificate');
      for (const message of await this.messages(attack, victim)) {
        this.#sent.push(message);
        await this.#post(target, '/v1/sync/push', message, session);
      }
    } catch (error) {
      this.#world.trace('attack ended', attack, error instanceof Error ? error.name : '');
    }
  }

  /** The messages of one attack. */
  async messages(attack: Attack, victim: Machine): Promise<{ store: Store; segments: Segment[] }[]> {
    const random = this.#random;
    const own = (store: Store, entries: SegmentEntry[]) => this.#log(store, this.#newOrigin(), entries);
    const only = async (segment: Promise<Segment> | Segment) => [
      { store: 'recovery' as const, segments: [await segment] },
    ];
    const theirs = await this.#logOf(victim);
    switch (attack) {
      case 'own log':
        this.#entries.push(entry('seen', {}), entry('telepathy', { number: this.#entries.length }));
        return only(this.#log('recovery', this.#origin, this.#entries));
      case 'forked log':
        return only(
          this.#log('recovery', this.#origin, [this.#genesis(), entry('telepathy', { fork: random.bits() })]),
        );
      case 'forged log of another': {
        if (!theirs) return [];
        const more = [...theirs.entries, entry('audit', { forged: true })];
        const signed = await this.#sign('recovery', { ...theirs, entries: more, head: '' });
        return only(signed);
      }
      case 'log in the name of another': {
        const origin = `${victim.certificate.nodeId}.${nameOf(random, 13)}` as Origin;
        return only(this.#log('recovery', origin, [this.#genesis(), entry('audit', { forged: true })]));
      }
      case 'cut log of another':
        return theirs && theirs.entries.length > 1
          ? only({ ...theirs, entries: theirs.entries.slice(0, -1) })
          : [];
      case 'altered log of another':
        return theirs
          ? only({ ...theirs, entries: theirs.entries.map((each) => ({ ...each, hlc: each.hlc + 1 })) })
          : [];
      case 'erased bodies of another':
        return theirs ? only(erased(theirs)) : [];
      case 'gap': {
        const from = this.#entries.length + 2;
        const held = { origin: this.#origin, from: 1, prev: '', entries: this.#entries, head: '' };
        const prev = chainSegment(nodePlatform, 'recovery', held).at(-1)?.hash ?? '';
        const unsigned = { origin: this.#origin, from, prev, entries: [entry('telepathy', {})], head: '' };
        return [
          ...(await only(this.#log('recovery', this.#origin, this.#entries))),
          ...(await only(this.#sign('recovery', unsigned))),
        ];
      }
      case 'replay':
        return this.#sent.length === 0 ? [] : [random.pick(this.#sent)];
      case 'oversized':
        return only({
          ...(await own('recovery', [this.#genesis()])),
          entries: Array.from({ length: limits.segmentEntriesMax + limits.groupEntriesMax + 1 }, () =>
            entry('x', {}),
          ),
        });
      case 'no authority': {
        const body = {
          kind: 'site',
          id: 'site-0',
          revision: 1_000,
          body: { name: 'mine', regionId: 'north' },
        };
        return only(own('recovery', [this.#genesis(), entry('config', body)]));
      }
      case 'poison':
        return only(
          own('recovery', [
            this.#genesis(),
            entry('escrow', '{"keyId":'),
            entry('protectors', { deviceId: 7 }),
            entry('toString', {}),
            entry('audit', null),
          ]),
        );
      case 'unknown version':
        return only(
          own('recovery', [this.#genesis(), entry('escrow', {}, 9), entry('from-the-future', {}, 3)]),
        );
      case 'far future':
        return only(
          own('recovery', [this.#genesis(), { ...entry('telepathy', {}), hlc: 7_000_000_000_000 * 1024 }]),
        );
      case 'false certificate':
        return only(own('recovery', [this.#genesis()]));
    }
  }

  /** A log that the victim really wrote, as anybody who may pull it gets it. */
  async #logOf({ life }: Machine): Promise<Segment | null> {
    const origin = life?.node?.ledger.self;
    return (origin && life.node?.ledger.read('recovery', origin, 0, 50)) ?? null;
  }

  #newOrigin(): Origin {
    return `${this.#self.certificate.nodeId}.${nameOf(this.#random, 13)}` as Origin;
  }

  #genesis(): SegmentEntry {
    return entry('genesis', { certificate: this.#self.certificateJws, predecessor: null });
  }

  #log(store: Store, origin: Origin, entries: readonly SegmentEntry[]): Promise<Segment> {
    return this.#sign(store, { origin, from: 1, prev: '', entries: [...entries], head: '' });
  }

  async #sign(store: Store, segment: Segment): Promise<Segment> {
    this.#signer ??= await makeSigner(this.#self.privateKey);
    const last = chainSegment(nodePlatform, store, segment).at(-1);
    const payload = { store, origin: segment.origin, seq: last?.seq, hash: last?.hash };
    return { ...segment, head: await this.#signer.sign('holdfast-head', payload) };
  }

  async #session(target: Machine, falsely: boolean): Promise<string> {
    this.#signer ??= await makeSigner(this.#self.privateKey);
    const challenge = await this.#post(target, '/v1/sync/challenge', {}, null);
    const certificate = falsely ? target.identity.certificate : this.#self.certificateJws;
    const proof = await this.#signer.sign('holdfast-challenge', {
      ...{ nonce: challenge['nonce'], audience: challenge['nodeId'] },
    });
    const nonce = nameOf(this.#random, 32);
    const opened = await this.#post(target, '/v1/sync/session', { certificate, proof, nonce }, null);
    if (falsely && typeof opened['session'] === 'string')
      this.#world.oracle.violated('I4', `${target.name} took ${this.#self.name} for itself`);
    return String(opened['session']);
  }

  async #post(
    target: Machine,
    path: string,
    message: object,
    token: string | null,
  ): Promise<Record<string, unknown>> {
    const body = await this.#platform.compress(JSON.stringify(message));
    const headers = {
      ...{ 'Content-Type': SYNC_MEDIA_TYPE, [PROTOCOL_HEADER]: String(PROTOCOL_VERSION) },
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    };
    const from = { name: this.#self.name, life: null };
    const answer = await postTo(this.#world, from, target, path, headers, body);
    if (answer.status >= 500 && answer.status !== 503)
      this.#world.oracle.violated('I9', `${target.name} answered an attack with ${String(answer.status)}`);
    if (answer.headers.get('Content-Type') !== SYNC_MEDIA_TYPE) return {};
    const text = await this.#platform.decompress(
      new Uint8Array(await answer.arrayBuffer()),
      limits.syncBodyBytesMax,
    );
    return JSON.parse(text) as Record<string, unknown>;
  }
}

function entry(kind: string, body: unknown, version = 1): SegmentEntry {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { hlc: 1_800_000_000_000 * 1024, kind, version, salt: 'AAAAAAAAAAAAAAAAAAAAAA', body: text };
}

/** A log without its bodies: the chain still holds. */
function erased(segment: Segment): Segment {
  const chained = chainSegment(nodePlatform, 'recovery', segment);
  return {
    ...segment,
    entries: segment.entries.map(({ hlc, kind, version }, index) => ({
      ...{ hlc, kind, version, bodyHash: chained[index]?.bodyHash ?? '' },
    })),
  };
}
