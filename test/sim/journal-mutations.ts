/** What can be wrong with the journal and the tables made of it. */
import {
  type Mutation,
  defect,
  withAttacker,
  withEvent,
  withServer,
  withTwo,
  withUpgrade,
  within,
} from './mutation.ts';

export const JOURNAL_MUTATIONS: readonly Mutation[] = [
  defect('acknowledge before commit', [
    'journal/own-log.ts',
    `which holds entry, head and tables together.
    await this.#commits.batch([`,
    `which holds entry, head and tables together.
    void this.#commits.batch([`,
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
    defect('continue a log that lost its end', ['journal/tips.ts', 'this.#parts.reincarnate();', '']),
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
      ['journal/absorber.ts', `if (segment.from > (known?.seq ?? 0) + 1) return { outcome: 'gap' };`, ''],
      ['journal/absorber.ts', `if (segment.from > heldSeq + 1) return { outcome: 'gap' };`, ''],
    ),
  ),
  within(
    withEvent('twin'),
    defect('take a fork for what is held', [
      'journal/absorber.ts',
      'if (theirs !== ours) {',
      'if (theirs === null) {',
    ]),
  ),
  defect('skip an entry between two slices', [
    'journal/absorber.ts',
    'const slice = sliceOf(verified.entries, at, this.#sliceEntries());',
    'const slice = sliceOf(verified.entries, at > 0 ? at + 1 : at, this.#sliceEntries());',
  ]),
  within(
    withTwo,
    defect('keep a new configuration to oneself', [
      'journal/commits.ts',
      'this.followed(await this.tips.load());',
      'await this.tips.load();',
    ]),
  ),
  within(
    withAttacker,
    defect('stop at an entry of an unknown kind', [
      'journal/kinds.ts',
      `if (!Object.hasOwn(KINDS, kind)) return { mark: 'unknown-kind' };`,
      `if (!Object.hasOwn(KINDS, kind)) throw new Error('unknown kind');`,
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
      'if (made === version && !(await isKnownNow(engine, store))) return;',
      'if (made !== NO_RULES) return;',
    ]),
  ),
  within(
    withUpgrade,
    defect('read no earlier version of a kind', [
      'journal/kinds.ts',
      'if (version > definition.version)',
      'if (version !== definition.version)',
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
];
