/** How devices and people ask a node: at the level of its services, without HTTP and without proofs of device keys. */
import type { Life, Machine } from './machine.ts';
import type { World } from './world.ts';

type Node = NonNullable<Life['node']>;

/** What a node answers in so many ms, or not at all. */
const PATIENCE_MS = 20_000;

/** Nobody answered, or not in time. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * One request. `answered` is told when the answer leaves the node, whether or not it arrives. Rejects with NoAnswer,
 * ConnectionLost or the node's Problem.
 */
export function ask<T>(
  world: World,
  from: string,
  to: Machine,
  operation: string,
  handle: (node: Node, life: Life) => Promise<T>,
  answered?: (answer: T, life: Life) => void,
): Promise<T> {
  const body = new Uint8Array(600);
  world.did(operation);
  const exchange = world.network.exchange<T>({
    ...{ from, life: null, to, operation, body },
    serve: async (life, arrived) => {
      const { node } = life;
      if (!node) throw new NoAnswer('not serving');
      if (arrived !== body) throw new life.program.Problem('malformed-json');
      try {
        const answer = await node.foreground.during(() => handle(node, life));
        return { answer, bytes: 900, answered: () => answered?.(answer, life) };
      } catch (error) {
        const problem = life.program.problemOf(error);
        if (!problem) world.oracle.unexpected(`${operation} failed at ${life.name}`, error);
        throw problem ?? error;
      }
    },
  });
  return new Promise((resolve, reject) => {
    world.scheduler.after(PATIENCE_MS, () => {
      reject(new NoAnswer('no answer in time'));
    });
    exchange.then(resolve, reject);
  });
}

/** The code of a node's Problem, whichever version of the program threw it; null for anything else. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && error.name === 'Problem' && 'code' in error ? String(error.code) : null;
}
