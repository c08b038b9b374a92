/**
 * The simulated network: one exchange is a request and its answer, each of which may be lost, late, doubled, cut short or
 * damaged, by the state of the link in its direction. Links are directed, so a partition may be one-way.
 */
import { never } from './engine.ts';
import type { Life, Machine } from './machine.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

export interface LinkFaults {
  cut?: boolean;
  loss?: number;
  duplicate?: number;
  corrupt?: number;
  truncate?: number;
  /** ms that a message takes at most, beside what it takes always */
  delayMs?: number;
  bytesPerMs?: number;
}

/** One message to be carried: what it weighs, and what a damaged one is. */
export interface Exchange<T> {
  readonly from: string;
  /** the process that asks; null: a device or a person */
  readonly life: Life | null;
  readonly to: Machine;
  readonly operation: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** what the server does; `answered` is called when its answer leaves */
  readonly serve: (
    life: Life,
    body: Uint8Array<ArrayBuffer>,
  ) => Promise<{ answer: T; bytes: number; answered?: () => void }>;
  /** an answer that arrives damaged */
  readonly damage?: (answer: T, by: (bytes: Uint8Array) => Uint8Array<ArrayBuffer>) => T;
}

/** The connection ended without an answer. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

interface Fate {
  /** after how many ms copies of the message arrive; none: it is lost */
  readonly delays: readonly number[];
  readonly damage: ((bytes: Uint8Array) => Uint8Array<ArrayBuffer>) | null;
}

export class Network {
  readonly #world: World;
  readonly #faults = new Map<string, LinkFaults>();
  readonly #streams = new Map<string, Random>();
  /** how many messages were sent, and by link the number of the newest that arrived */
  #sendings = 0;
  readonly #arrived = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Faults of the link `from`▶`to`; an empty object mends it. */
  set(from: string, to: string, faults: LinkFaults): void {
    this.#faults.set(`${from}>${to}`, faults);
  }

  mend(): void {
    this.#faults.clear();
  }

  /** Rejects with ConnectionLost, or with what the server threw. May never settle: whoever asks has a time limit. */
  async exchange<T>(message: Exchange<T>): Promise<T> {
    const { life, to, operation, from } = message;
    const world = this.#world;
    if (life) {
      await world.gate(life);
      if (world.point(life, `client sends ${operation}`)) return never();
    }
    const there = this.#fate(from, to.name, message.body.length);
    world.trace('send', from, to.name, operation, there.delays.length, message.body.length);
    const order = (this.#sendings += 1);
    return new Promise<T>((resolve, reject) => {
      const body = there.damage ? there.damage(message.body) : message.body;
      for (const delay of there.delays)
        world.scheduler.after(delay, () => {
          this.#noteOrder(`${from}>${to.name}`, order);
          this.#arrive(message, body, resolve, reject);
        });
    });
  }

  #noteOrder(link: string, order: number): void {
    const newest = this.#arrived.get(link) ?? 0;
    if (order < newest) this.#world.fault('reordering');
    else this.#arrived.set(link, order);
  }

  #arrive<T>(
    message: Exchange<T>,
    body: Uint8Array<ArrayBuffer>,
    resolve: (answer: T) => void,
    reject: (error: unknown) => void,
  ): void {
    const { to, operation, from, life } = message;
    const world = this.#world;
    const server = to.life;
    const fail = (error: unknown): void => {
      const back = this.#fate(to.name, from, 100);
      for (const delay of back.delays.slice(0, 1))
        world.scheduler.after(delay, () => life?.alive !== false && reject(error));
    };
    if (!server?.node) {
      if (!to.isGone) fail(new ConnectionLost('refused'));
      return;
    }
    const lost = (): void => {
      if (world.random.chance(0.7)) fail(new ConnectionLost('reset'));
    };
    server.onDeath.add(lost);
    if (world.point(server, `server gets ${operation}`)) return;
    const served = this.#late(server).then(() => message.serve(server, body));
    void served.then(
      async ({ answer, bytes, answered }) => {
        await world.gate(server);
        if (world.point(server, `server answers ${operation}`)) return;
        server.onDeath.delete(lost);
        answered?.();
        const back = this.#fate(to.name, from, bytes);
        world.trace('answer', to.name, from, operation, back.delays.length, bytes);
        for (const delay of back.delays.slice(0, 1))
          world.scheduler.after(delay, () => {
            if (life && (!life.alive || world.point(life, `client hears ${operation}`))) return;
            try {
              resolve(back.damage && message.damage ? message.damage(answer, back.damage) : answer);
            } catch (error) {
              reject(error);
            }
          });
      },
      async (error: unknown) => {
        await world.gate(server);
        server.onDeath.delete(lost);
        fail(error);
      },
    );
  }

  /** A slow peer takes its time before it begins. */
  async #late(server: Life): Promise<void> {
    const { answersMs } = server.machine;
    if (answersMs === 0) return;
    const world = this.#world;
    world.fault('slow peer');
    const until = world.scheduler.now + answersMs * (0.5 + world.random.real());
    while (world.scheduler.now < until && !world.isCalm) await world.sleep(server, 1_000);
  }

  #fate(from: string, to: string, bytes: number): Fate {
    const link = `${from}>${to}`;
    const faults = this.#faults.get(link);
    let stream = this.#streams.get(link);
    if (!stream) this.#streams.set(link, (stream = new Random(this.#world.seed, 'link', link)));
    const travel = stream.between(1, 12);
    if (!faults) return { delays: [travel], damage: null };
    const world = this.#world;
    const happens = (kind: string, probability: number | undefined): boolean => {
      if (probability === undefined || !stream.chance(probability)) return false;
      world.fault(kind);
      return true;
    };
    if (faults.cut === true) {
      world.fault('partition');
      return { delays: [], damage: null };
    }
    if (happens('loss', faults.loss)) return { delays: [], damage: null };
    let delay = travel;
    if (faults.delayMs !== undefined) {
      const more = stream.between(0, faults.delayMs);
      if (more > travel) world.fault('delay');
      delay += more;
    }
    if (faults.bytesPerMs !== undefined) {
      world.fault('slow line');
      delay += bytes / faults.bytesPerMs;
    }
    const delays = [delay];
    if (happens('duplication', faults.duplicate)) delays.push(delay + stream.between(1, 5_000));
    if (happens('truncation', faults.truncate))
      return { delays, damage: (whole) => truncated(whole, stream) };
    if (happens('corruption', faults.corrupt)) return { delays, damage: (whole) => corrupted(whole, stream) };
    return { delays, damage: null };
  }
}

function truncated(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(0, random.below(bytes.length)));
}

function corrupted(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const changed = new Uint8Array(bytes);
  for (let flips = random.between(1, 4); flips > 0 && changed.length > 0; flips -= 1) {
    const at = random.below(changed.length);
    changed[at] = (changed[at] ?? 0) ^ (1 + random.below(255));
  }
  return changed;
}
