import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { en } from '../../central/words/en.ts';
import { es } from '../../central/words/es.ts';
import { type FaultName, fault, readFault, say } from '../../central/words/fault.ts';
import { type Cut, entriesOf, isNotAfter, isSameCut } from '../../shared/snapshot/cut.ts';
import { type Retained, chooseRetention } from '../../shared/snapshot/retention.ts';
import {
  PHASES,
  WRITER_STATES,
  type WriterEvent,
  type WriterState,
  isFailed,
  transition,
} from '../../shared/snapshot/writer-state.ts';

describe('the states of a writer', () => {
  it('go once around and end where they began', () => {
    const states: WriterState[] = ['STABLE'];
    for (const phase of PHASES) states.push(transition(states.at(-1) ?? 'STABLE', phase));
    expect(states).toEqual([
      'STABLE',
      'STABLE',
      'STABLE',
      'WAITING_FOR_FREEZE',
      'WAITING_FOR_THAW',
      'WAITING_FOR_POST_SNAPSHOT',
      'WAITING_FOR_BACKUP_COMPLETE',
      'STABLE',
    ]);
  });

  /** What each phase may follow on; everything else is out of turn. */
  const FOLLOWS: Readonly<Record<(typeof PHASES)[number], readonly WriterState[]>> = {
    identify: ['STABLE'],
    'prepare-backup': ['STABLE'],
    'prepare-snapshot': ['STABLE'],
    freeze: ['WAITING_FOR_FREEZE'],
    thaw: ['WAITING_FOR_THAW'],
    'post-snapshot': ['WAITING_FOR_POST_SNAPSHOT'],
    'backup-complete': ['WAITING_FOR_BACKUP_COMPLETE'],
  };

  it.each(WRITER_STATES)('know every event in %s', (state) => {
    for (const phase of PHASES) {
      const failed = `FAILED_AT_${phase.toUpperCase().replaceAll('-', '_')}`;
      const [done, notDone] = [transition(state, phase), transition(state, `${phase}-failed`)];
      if (isFailed(state)) {
        // Only a new beginning leads out.
        expect([phase, done, notDone]).toEqual([phase, phase === 'identify' ? 'STABLE' : state, state]);
      } else {
        expect([phase, done === failed]).toEqual([phase, !FOLLOWS[phase].includes(state)]);
        expect(notDone).toBe(failed);
      }
    }
    expect(transition(state, 'abort')).toBe(isFailed(state) ? state : 'STABLE');
  });

  it('never leave the table, whatever comes', () => {
    const events = fc.constantFrom<WriterEvent>(...PHASES, 'freeze-failed', 'post-snapshot-failed', 'abort');
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (all) => {
        expect(WRITER_STATES).toContain(all.reduce<WriterState>(transition, 'STABLE'));
        expect(transition(all.reduce<WriterState>(transition, 'STABLE'), 'identify')).not.toBe(
          'WAITING_FOR_THAW',
        );
      }),
    );
  });
});

describe('retention', () => {
  const at = (text: string): number => Date.parse(`${text}Z`);
  const made = (text: string, verified = true): Retained => ({ id: text, at: at(text), verified });
  const none = { last: 0, daily: 0, weekly: 0, monthly: 0 };

  it('keeps the newest of each day, week and month', () => {
    const all = [
      '2026-01-05T01:00',
      '2026-01-20T01:00',
      '2026-02-27T01:00',
      '2026-03-01T01:00',
      '2026-03-02T01:00',
    ];
    const twice = [...all, '2026-03-02T13:00'].map((text) => made(text));
    const { keep, drop } = chooseRetention(twice, { last: 1, daily: 2, weekly: 2, monthly: 3 });
    expect(keep).toEqual([
      { id: '2026-03-02T13:00', reasons: ['last', 'daily', 'weekly', 'monthly'] },
      { id: '2026-03-01T01:00', reasons: ['daily', 'weekly'] },
      { id: '2026-02-27T01:00', reasons: ['monthly'] },
      { id: '2026-01-20T01:00', reasons: ['monthly'] },
    ]);
    expect(drop).toEqual(['2026-03-02T01:00', '2026-01-05T01:00']);
  });

  it('counts none that was not verified, and keeps it only while it is the newest', () => {
    const all = [made('2026-03-01T01:00', false), made('2026-03-02T01:00'), made('2026-03-03T01:00', false)];
    expect(chooseRetention(all, none)).toMatchObject({
      keep: [{ id: '2026-03-03T01:00' }, { id: '2026-03-02T01:00' }],
      drop: ['2026-03-01T01:00'],
    });
  });

  it('never drops the newest verified one, nor anything while none is verified', () => {
    const times = fc.integer({ min: 0, max: 4_000_000_000_000 });
    const sets = fc.uniqueArray(fc.record({ at: times, verified: fc.boolean() }), {
      selector: (set) => set.at,
    });
    const policies = fc.record({ last: fc.nat(3), daily: fc.nat(3), weekly: fc.nat(3), monthly: fc.nat(3) });
    fc.assert(
      fc.property(sets, policies, (list, policy) => {
        const all = list.map((set) => ({ ...set, id: String(set.at) }));
        const { keep, drop } = chooseRetention(all, policy);
        expect([...keep.map(({ id }) => id), ...drop].sort()).toEqual(all.map(({ id }) => id).sort());
        const newest = all.filter(({ verified }) => verified).sort((a, b) => b.at - a.at)[0];
        expect(drop).not.toContain(newest?.id);
        if (!newest) expect(drop).toEqual([]);
      }),
    );
  });
});

describe('cuts', () => {
  const cutOf = (recovery: Record<string, number>, compliance: Record<string, number> = {}): Cut => ({
    recovery,
    compliance,
  });

  it('are ordered only where one holds all that the other holds', () => {
    const [a, b] = [cutOf({ x: 3 }), cutOf({ x: 4, y: 1 })];
    expect([isNotAfter(a, b), isNotAfter(b, a), isSameCut(a, a)]).toEqual([true, false, true]);
    const c = cutOf({ x: 5 });
    expect([isNotAfter(b, c), isNotAfter(c, b)]).toEqual([false, false]);
    expect(isSameCut(cutOf({ x: 1 }, { z: 2 }), cutOf({ x: 1 }, { z: 3 }))).toBe(false);
    expect(entriesOf(cutOf({ x: 3, y: 1 }, { z: 2 }))).toBe(6);
  });
});

describe('what goes wrong', () => {
  it('has a sentence of its own in each language, with the same parts', () => {
    const names = Object.keys(en.faults) as FaultName[];
    const parts = ['p1', 'p2', 'p3', 'p4'];
    const [english, spanish] = [en, es].map((words) =>
      names.map((name) => (words.faults[name] as (...of: string[]) => string)(...parts)),
    );
    const same = names.filter((_, index) => english?.[index] === spanish?.[index]);
    // Nothing but parts.
    expect(same).toEqual(['system', 'ofLog']);
    const partsOf = (text = ''): string => [...new Set(text.match(/\bp[1-4]\b/g))].sort().join();
    expect(names.filter((_, index) => partsOf(english?.[index]) !== partsOf(spanish?.[index]))).toEqual([]);
  });

  it('is read again from a file, and left to its English message where another version named it', () => {
    const of = fault('notFrozen', 'recovery', fault('staysLocked'));
    const stored: unknown = JSON.parse(JSON.stringify(of));
    expect(say(es, readFault(stored) ?? fault('invalid'))).toBe(
      'La base recovery no se pudo congelar: siguió bloqueada.',
    );
    expect(readFault({ name: 'toString', parts: [] })).toBeNull();
    expect(readFault({ name: 'notFrozen', parts: ['recovery', { name: 'later', parts: [] }] })).toBeNull();
    expect([readFault(undefined), readFault('x')]).toEqual([null, null]);
  });
});
