/**
 * Deliberate defects, by name: each is an exact change of the production code, made while the simulator is bundled, and
 * must be found by it. A fragment that is no longer there fails the build, so that no defect is forgotten silently.
 */
import path from 'node:path';
import type { Change } from './changes.ts';
import { CENTURY_MS } from './machine.ts';
import type { Event, Plan } from './plan.ts';

export interface Mutation {
  readonly name: string;
  readonly changes: readonly Change[];
  /** which worlds can show it at all: others are not tried */
  readonly where?: (plan: Plan) => boolean;
}

const withServer = ({ shape }: Plan): boolean => shape.centre === 'libsql-server';
const withTwo = ({ shape }: Plan): boolean => shape.centres > 1;
const withAttacker = ({ shape }: Plan): boolean => shape.attackers > 0;
const withUpgrade = ({ upgrades }: Plan): boolean => upgrades;
const withEvent =
  (...kinds: readonly Event['do'][]) =>
  ({ events }: Plan): boolean =>
    events.some(({ event }) => kinds.includes(event.do));

/** The same defect, tried only in such worlds. */
function within(where: (plan: Plan) => boolean, mutation: Mutation): Mutation {
  return { ...mutation, where };
}

function defect(
  name: string,
  ...edits: readonly (readonly [file: string, from: string, to: string])[]
): Mutation {
  return {
    name,
    changes: edits.map(([file, from, to]) => ({ name, file: path.join('shared', file), from, to })),
  };
}

export const MUTATIONS: readonly Mutation[] = [
  defect('acknowledge before commit', [
    'journal/store-journal.ts',
    `which holds entry, head and tables together.
    await this.#batch([`,
    `which holds entry, head and tables together.
    void this.#batch([`,
  ]),
  within(
    withServer,
    defect('acknowledge before a database server has synced', [
      'journal/store-journal.ts',
      'void this.durability.settle().then(',
      'void Promise.resolve().then(',
    ]),
  ),
  within(
    withServer,
    defect('show peers what is not synced', [
      'journal/durability.ts',
      'return this.#served?.checkpoint ? Math.min(headSeq, this.#synced.get(origin) ?? 0) : headSeq;',
      'return headSeq;',
    ]),
  ),
  within(
    withServer,
    defect('continue a log that lost its end', [
      'journal/store-journal.ts',
      'this.#parts.reincarnate();',
      '',
    ]),
  ),
  within(
    withEvent('rewind', 'lose'),
    defect('skip the new incarnation', [
      'journal/ledger.ts',
      '`${identity.certificate.nodeId}.${randomName(platform, 13)}` as Origin',
      '`${identity.certificate.nodeId}.aaaaaaaaaaaaa` as Origin',
    ]),
  ),
  within(
    withAttacker,
    defect('skip the chain check', [
      'journal/segments.ts',
      'if (last?.seq !== head.data.seq || last.hash !== head.data.hash)',
      'if (last?.seq !== head.data.seq)',
    ]),
  ),
  within(
    withAttacker,
    defect('accept a head signed by another node', [
      'journal/segments.ts',
      `const signed = await verifyJws('holdfast-head', segment.head, certificate.key);`,
      `const signed = { payload: JSON.parse(atob(segment.head.split('.')[1] ?? '')) as unknown };`,
    ]),
  ),
  within(
    withAttacker,
    defect('accept a log in the name of another node', [
      'journal/segments.ts',
      'certificateJws === undefined || certificate.nodeId !== nodeOf(segment.origin)',
      'certificateJws === undefined',
    ]),
  ),
  within(
    withAttacker,
    defect('accept the log of a key without its body', [
      'journal/segments.ts',
      `('body' in entry ? isStorable(entry.body) : isErasable(entry.kind))`,
      'true',
    ]),
  ),
  within(
    withAttacker,
    defect(
      'advance over a gap',
      [
        'journal/store-journal.ts',
        `if (segment.from > (known?.seq ?? 0) + 1) return { outcome: 'gap' };`,
        '',
      ],
      ['journal/store-journal.ts', `if (segment.from > heldSeq + 1) return { outcome: 'gap' };`, ''],
    ),
  ),
  within(
    withEvent('twin'),
    defect('take a fork for what is held', [
      'journal/store-journal.ts',
      'if (theirs !== ours) {',
      'if (theirs === null) {',
    ]),
  ),
  defect('skip an entry between two slices', [
    'journal/store-journal.ts',
    'const slice = verified.entries.slice(at, at + this.#sliceEntries());',
    'const slice = verified.entries.slice(at > 0 ? at + 1 : at, at + this.#sliceEntries());',
  ]),
  within(
    withTwo,
    defect('keep a new configuration to oneself', [
      'journal/store-journal.ts',
      'this.#followed(await this.#load());',
      'await this.#load();',
    ]),
  ),
  within(
    withAttacker,
    defect('stop at an entry of an unknown kind', [
      'journal/kinds.ts',
      `if (!Object.hasOwn(KINDS, entry.kind)) return { mark: 'unknown-kind' };`,
      `if (!Object.hasOwn(KINDS, entry.kind)) throw new Error('unknown kind');`,
    ]),
  ),
  within(
    withAttacker,
    defect('let an edge configure', [
      'journal/kinds.ts',
      `if (!definition.authors.includes(author)) return { mark: 'no-authority' };`,
      '',
    ]),
  ),
  within(
    withUpgrade,
    defect('read nothing again after an upgrade', [
      'journal/reproject.ts',
      'if (made?.[0] === version && !(await isKnownNow(engine, store))) return;',
      'if (made !== undefined) return;',
    ]),
  ),
  within(
    withEvent('clock'),
    defect('let a clock decide a merge', [
      '../migrations/recovery/0001_states.sql',
      '(n.`counter`, n.`origin`) > (p.`counter`, p.`origin`)',
      '(n.`hlc`, n.`origin`) > (p.`hlc`, p.`origin`)',
    ]),
  ),
  within(
    withAttacker,
    defect('follow a clock of the far future', [
      'journal/hlc.ts',
      'if (ahead > limits.clockSkewMsMax) return ahead;',
      '',
    ]),
  ),
  within(
    withEvent('snapshot'),
    defect('write through a closed gate', [
      'journal/statements.ts',
      'THEN NULL ELSE ${condition} END)',
      'THEN ${condition} ELSE ${condition} END)',
    ]),
  ),
  within(
    withEvent('snapshot'),
    defect('let a freeze last for ever', [
      'journal/statements.ts',
      `* 1000 BETWEEN set_at AND deadline)`,
      `* 1000 >= set_at)`,
    ]),
  ),
  defect('compare tables while the log moves', [
    'journal/digest.ts',
    'return tip?.[0] === at ? slice : null;',
    'return tip ? slice : null;',
  ]),
  within(
    withEvent('collide'),
    defect('take the same key ID for the same key', [
      'devices/escrow.ts',
      'held.filter(([of, by]) => of === commitment && by === device.sub)',
      'held',
    ]),
  ),
  defect('promise what no centre holds yet', [
    'devices/escrow.ts',
    `? 'centre' : 'edge';`,
    `? 'centre' : 'centre';`,
  ]),
  within(
    withEvent('rewind', 'lose'),
    defect('ask nobody for a key that nodes lost', [
      'devices/status.ts',
      `else if (copies.length === 0)
        instructions.push({ type: 'escrow-again', keyId, volumeId, why: 'missing' });`,
      'else if (copies.length === 0) continue;',
    ]),
  ),
  defect('have what nobody gave out rotated', [
    'devices/status.ts',
    'if (toRotate.has(keyId)) instructions',
    'if (copies.length > 1) instructions',
  ]),
  defect('reveal before the audit', [
    'helpdesk/audit.ts',
    `const [entry] = await parts.ledger.append('recovery', [draft], local);`,
    `void parts.ledger.append('recovery', [draft], local).catch(() => undefined);
  const entry = { origin: parts.ledger.self, seq: 1 };`,
  ]),
  defect('reveal although the audit cannot be written', [
    'helpdesk/audit.ts',
    `await parts.ledger.append('recovery', [draft], local);`,
    `await parts.ledger
    .append('recovery', [draft], local)
    .catch(() => [{ origin: parts.ledger.self, seq: 1 }]);`,
  ]),
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
    withEvent('twin'),
    defect('append again after every pull', [
      'replication/forks.ts',
      'return rows.length > 0;',
      'return rows.length < 0;',
    ]),
  ),
];
