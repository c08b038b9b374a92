/** What can be wrong between nodes. */
import { CENTURY_MS } from './machine.ts';
import { type Mutation, defect, withAttacker, withEvent, withRogue, within } from './mutation.ts';

export const REPLICATION_MUTATIONS: readonly Mutation[] = [
  within(
    withEvent('rewind'),
    defect('decide with what a restored centre knows', [
      'confirmation.ts',
      'if (waiting.length > 0)',
      'if (waiting.length > 1_000)',
    ]),
  ),
  within(
    withEvent('twin'),
    defect('wait for ever for a log that goes on in two ways', [
      'replication/peers.ts',
      'if (nodeOf(origin as Origin) !== peer.nodeId || this.isSplit(store, origin as Origin)) continue;',
      'if (nodeOf(origin as Origin) !== peer.nodeId) continue;',
    ]),
  ),
  within(
    withEvent('rewind', 'lose'),
    defect('believe in a vector of long ago', [
      'replication/client.ts',
      'this.#peerHolds = answer.vectors;',
      `this.#peerHolds = {
      recovery: { ...answer.vectors.recovery, ...this.#peerHolds?.recovery },
      compliance: { ...answer.vectors.compliance, ...this.#peerHolds?.compliance },
    };`,
    ]),
  ),
  within(
    withEvent('disk full'),
    defect('never ask again for a log that was refused once', [
      'replication/client.ts',
      'this.#refusedHere[store].clear();',
      '',
    ]),
  ),
  defect('drop on 401', [
    'replication/transport.ts',
    'if (first.status !== 401) return first;',
    'if (first.status > 0) return first;',
  ]),
  within(
    ({ events }) => events.some(({ event }) => event.do === 'clock' && event.offMs > CENTURY_MS / 2),
    defect('give up after a refusal', [
      'replication/state.ts',
      `case 'elapsed':
      return exchange(state.failures, true);`,
      `case 'elapsed':
      return state.refused ? { state, effects: [] } : exchange(state.failures, true);`,
    ]),
  ),
  defect('stop after a peer was away', [
    'replication/driver.ts',
    `map(({ more }): ReplicationEvent => ({ type: 'done', more })),
    catchError((error: unknown) => of(failure(error, log))),`,
    `map(({ more }): ReplicationEvent => ({ type: 'done', more })),
    catchError((error: unknown) => (failure(error, log).type === 'done' ? of() : of())),`,
  ]),
  within(
    withEvent('rewind', 'lose'),
    defect('give no node its own old log back', [
      'replication/scope.ts',
      `author.role === 'centre' || author.nodeId === peer.nodeId) return true;`,
      `author.role === 'centre') return true;`,
    ]),
  ),
  within(
    withAttacker,
    defect('let a stranger in with a certificate of another', [
      'replication/service.ts',
      `(await verifyJws('holdfast-challenge', request.proof, peer.key))?.payload,`,
      `JSON.parse(atob(request.proof.split('.')[1] ?? '')),`,
    ]),
  ),
  within(
    withEvent('twin'),
    defect('lose what a twin wrote', [
      'replication/forks.ts',
      'if (!first || (await isHealed(ledger, store, origin, first.seq))) continue;',
      'if (first) continue;',
    ]),
  ),
  within(
    withRogue,
    defect('believe whoever tells of another copy', [
      'replication/forks.ts',
      'if (!(await isProven(parts, store, origin, common, await theirs.after(common)))) {',
      'if (common < 0) {',
    ]),
  ),
  within(
    withRogue,
    defect('stop at an answer that makes no sense', [
      'replication/client.ts',
      `if (!parsed.success) throw new UnreachableError('it answered in a form this version does not know');
  return parsed.data;`,
      'return parsed.data as z.infer<S>;',
    ]),
  ),
  within(
    withEvent('twin'),
    defect('append again after every pull', [
      'replication/forks.ts',
      'return rows.length > 0;',
      'return rows.length < 0;',
    ]),
  ),
];
