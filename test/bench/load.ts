/** Requests at a given rate, whether or not those before were answered: a queue that builds up shows in the latencies. */
import type { PreparedRequest } from '../../central/fleet/prepare.ts';
import type { Wire } from '../../central/fleet/wire.ts';

export interface Paced {
  /** answers by status; 0 where none came */
  readonly statuses: ReadonlyMap<number, number>;
  /** of each request in milliseconds, from when it was due, ascending */
  readonly latenciesMs: Float64Array;
  /** from the first that was due to the last answer */
  readonly seconds: number;
}

export async function paced(
  wire: Wire,
  prepared: readonly PreparedRequest[],
  perSecond: number,
): Promise<Paced> {
  const statuses = new Map<number, number>();
  const latencies = new Float64Array(prepared.length);
  const under: Promise<void>[] = [];
  const begin = performance.now();
  for (const [index, { request }] of prepared.entries()) {
    const due = begin + (index * 1_000) / perSecond;
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    under.push(
      wire
        .send(request)
        .then(
          ({ status }) => status,
          () => 0,
        )
        .then((status) => {
          latencies[index] = performance.now() - due;
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }),
    );
  }
  await Promise.all(under);
  return { statuses, latenciesMs: latencies.sort(), seconds: (performance.now() - begin) / 1_000 };
}
