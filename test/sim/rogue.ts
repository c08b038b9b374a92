/**
 * A peer in the wrong hands that is asked rather than asks: a certified edge that runs the real program, and whose
 * answers to other edges are changed on their way out.
 */
import type { Segment, Store } from '../../shared/journal/entry.ts';
import { ATTACKS, AttackingMachine } from './attacks.ts';
import type { Machine } from './machine.ts';
import { pack, unpack } from './platform.ts';
import { Random } from './random.ts';
import { Response } from './shims/globals.ts';
import type { World } from './world.ts';

export const LIES = [
  'forged entries',
  'it holds everything',
  'it holds nothing',
  'another log of yours',
  'more for ever',
  'malformed',
] as const;
type Lie = (typeof LIES)[number];

/** What lies are about: the same fields in every answer. */
interface Answer {
  recovery?: Segment[];
  compliance?: Segment[];
  more?: boolean;
  vectors?: Record<Store, Record<string, number>>;
  tips?: { store: Store; origin: string; seq: number; hash: string }[];
  hashes?: (string | null)[];
  outcomes?: { origin: string; outcome: string }[];
  held?: Record<string, number>;
}

const BEYOND = 1_000_000;

export class RoguePeer {
  readonly #world: World;
  readonly #random: Random;
  readonly #forger: AttackingMachine;

  constructor(world: World, machine: Machine) {
    const { certificate, identity, name } = machine;
    this.#world = world;
    this.#random = new Random(world.seed, name, 'lies');
    const self = { name, certificate, certificateJws: identity.certificate, privateKey: identity.privateKey };
    this.#forger = new AttackingMachine(world, self, machine);
  }

  /** The answer, or a lie in its place. */
  async answer(path: string, told: Response): Promise<Response> {
    const lies = LIES_OF[path];
    if (!lies || told.status !== 200 || this.#world.isCalm || this.#random.chance(0.5)) return told;
    const lie = this.#random.pick(lies);
    const answer = JSON.parse(unpack(await told.arrayBuffer())) as Answer;
    this.#world.fault(`lie: ${lie}`);
    return new Response(pack(JSON.stringify(await this.#lie(lie, answer))), told);
  }

  async #lie(lie: Lie, answer: Answer): Promise<unknown> {
    switch (lie) {
      case 'forged entries': {
        const victim = this.#random.pick(this.#world.machines);
        const forged = await this.#forger.messages(this.#random.pick(ATTACKS), victim);
        for (const { store, segments } of forged) answer[store] = [...segments, ...(answer[store] ?? [])];
        return answer;
      }
      case 'it holds everything':
        if (answer.held) answer.held = raised(answer.held);
        for (const { store, origin } of answer.tips ?? [])
          if (answer.vectors) answer.vectors[store] = raised({ ...answer.vectors[store], [origin]: 1 });
        return answer;
      case 'it holds nothing':
        return {
          ...answer,
          ...(answer.held ? { held: {} } : { vectors: { recovery: {}, compliance: {} } }),
        };
      case 'another log of yours':
        return {
          ...answer,
          tips: answer.tips?.map((tip) => ({ ...tip, hash: this.#hash() })),
          hashes: answer.hashes?.map(() => this.#hash()),
          outcomes: answer.outcomes?.map((of) => ({ ...of, outcome: 'fork' })),
        };
      case 'more for ever':
        return { ...answer, more: true };
      case 'malformed':
        return this.#random.pick([null, {}, { ...answer, vectors: 7, held: 'x', hashes: {} }]);
    }
  }

  #hash(): string {
    return Buffer.from(this.#random.bytes(32)).toString('base64url');
  }
}

const LIES_OF: Readonly<Record<string, readonly Lie[]>> = {
  '/v1/sync/pull': LIES,
  '/v1/sync/push': ['it holds everything', 'it holds nothing', 'another log of yours', 'malformed'],
  '/v1/sync/hashes': ['another log of yours', 'malformed'],
};

function raised(vector: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(vector).map(([origin, seq]) => [origin, seq + BEYOND]));
}
