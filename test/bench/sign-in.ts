/**
 * Whether the time that a failed sign-in takes tells that an account exists: wrong passwords for people who are enrolled
 * and for names that nobody has, in turn, at an edge. What is judged is how well the faster and the slower of two answers
 * could be told apart: 50 % is guessing.
 */
import { configure, enrol, fetchOf, trySignIn } from '../support/people.ts';
import { type Figure, ascending, percentile } from './figures.ts';
import { type BenchContext, EDGE_A, openInstallation } from './installation.ts';

const PEOPLE = 6;
/** Below what one account may fail, so that none is throttled. */
const TRIES_PER_PERSON = 20;

export async function benchSignIn(context: BenchContext): Promise<Figure[]> {
  const cluster = await openInstallation(context, [EDGE_A]);
  try {
    const { administrator } = cluster.secrets.tokens;
    const [centre, edge] = [fetchOf(cluster.centreUrl), fetchOf(cluster.edgeUrl(EDGE_A))];
    const names = Array.from({ length: PEOPLE }, (_, index) => `person-${String(index)}`);
    for (const name of names) {
      const body = { name, role: 'helpdesk', sites: null, revoked: false };
      await configure(centre, administrator, 'staff', name, body);
      await enrol(centre, administrator, name);
    }
    context.say('sign-in: wrong passwords of people who are there and of nobody …');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const existing: number[] = [];
    const unknown: number[] = [];
    let from = 0;
    const timed = async (staffId: string): Promise<number> => {
      from += 1;
      const address = `10.9.${String(from >> 8)}.${String(from & 255)}`;
      const sent = performance.now();
      const answer = await trySignIn(
        edge,
        { staffId, password: 'not the right one', code: '123456' },
        { 'X-Forwarded-For': address },
      );
      await answer.arrayBuffer();
      if (answer.status !== 401) throw new Error(`a sign-in was answered with ${String(answer.status)}`);
      return performance.now() - sent;
    };
    for (let turn = 0; turn < TRIES_PER_PERSON; turn += 1) {
      for (const [index, name] of names.entries()) {
        existing.push(await timed(name));
        unknown.push(await timed(`nobody-${String(turn)}-${String(index)}`));
      }
    }
    const median = (of: readonly number[]): number => percentile(ascending(of), 0.5);
    return [
      {
        bench: 'sign-in',
        name: `a wrong password of an account that exists, p50 (${String(existing.length)} asked)`,
        value: median(existing),
        unit: 'ms',
        baseline: { name: 'of nobody', value: median(unknown) },
      },
      {
        bench: 'sign-in',
        name: 'telling by the time which of two exists (50 % is guessing)',
        value: 100 * Math.abs(shareSlower(existing, unknown) - 0.5) + 50,
        unit: '%',
        aim: { atMost: 60 },
      },
    ];
  } finally {
    await cluster.stopAll();
  }
}

/** How often one of `a` is slower than one of `b`, over all pairs (Mann and Whitney's U). */
function shareSlower(a: readonly number[], b: readonly number[]): number {
  let slower = 0;
  for (const one of a) for (const other of b) slower += one > other ? 1 : one === other ? 0.5 : 0;
  return slower / (a.length * b.length);
}
