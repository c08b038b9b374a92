/**
 * The states of a snapshot writer and how it gets from one to the next, as VSS has them.
 *
 *     STABLE ─identify─▶ STABLE ─prepare-backup─▶ STABLE ─prepare-snapshot─▶ WAITING_FOR_FREEZE
 *        ▲                                                                          │ freeze (gate closed, ≤ 60 s)
 *        │                                                                          ▼
 *        └─backup-complete─ WAITING_FOR_BACKUP_COMPLETE ◀─post-snapshot─ ◀─thaw─ WAITING_FOR_THAW
 *
 * A phase that fails, or comes out of turn, leads to FAILED_AT_…, which says where; the next `identify` begins anew.
 */

export const PHASES = [
  'identify',
  'prepare-backup',
  'prepare-snapshot',
  'freeze',
  'thaw',
  'post-snapshot',
  'backup-complete',
] as const;
export type Phase = (typeof PHASES)[number];

const FAILED_AT = {
  identify: 'FAILED_AT_IDENTIFY',
  'prepare-backup': 'FAILED_AT_PREPARE_BACKUP',
  'prepare-snapshot': 'FAILED_AT_PREPARE_SNAPSHOT',
  freeze: 'FAILED_AT_FREEZE',
  thaw: 'FAILED_AT_THAW',
  'post-snapshot': 'FAILED_AT_POST_SNAPSHOT',
  'backup-complete': 'FAILED_AT_BACKUP_COMPLETE',
} as const satisfies Record<Phase, string>;

export const WRITER_STATES = [
  'STABLE',
  'WAITING_FOR_FREEZE',
  'WAITING_FOR_THAW',
  'WAITING_FOR_POST_SNAPSHOT',
  'WAITING_FOR_BACKUP_COMPLETE',
  'FAILED_AT_IDENTIFY',
  'FAILED_AT_PREPARE_BACKUP',
  'FAILED_AT_PREPARE_SNAPSHOT',
  'FAILED_AT_FREEZE',
  'FAILED_AT_THAW',
  'FAILED_AT_POST_SNAPSHOT',
  'FAILED_AT_BACKUP_COMPLETE',
] as const;
export type WriterState = (typeof WRITER_STATES)[number];
type FailedState = (typeof FAILED_AT)[Phase];

/** A phase was done, or failed; or the set was given up for a reason of another writer's or the requester's. */
export type WriterEvent = Phase | `${Phase}-failed` | 'abort';

/** What may follow in each state; whatever is not here is out of turn. */
const NEXT: Readonly<Record<Exclude<WriterState, FailedState>, Partial<Record<Phase, WriterState>>>> = {
  STABLE: {
    identify: 'STABLE',
    'prepare-backup': 'STABLE',
    'prepare-snapshot': 'WAITING_FOR_FREEZE',
  },
  WAITING_FOR_FREEZE: { freeze: 'WAITING_FOR_THAW' },
  WAITING_FOR_THAW: { thaw: 'WAITING_FOR_POST_SNAPSHOT' },
  WAITING_FOR_POST_SNAPSHOT: { 'post-snapshot': 'WAITING_FOR_BACKUP_COMPLETE' },
  WAITING_FOR_BACKUP_COMPLETE: { 'backup-complete': 'STABLE' },
};

export function isFailed(state: WriterState): state is FailedState {
  return state.startsWith('FAILED_AT_');
}

export function transition(state: WriterState, event: WriterEvent): WriterState {
  // What failed stays visible until somebody begins anew.
  if (event === 'abort') return isFailed(state) ? state : 'STABLE';
  if (event === 'identify') return isFailed(state) ? 'STABLE' : (NEXT[state].identify ?? FAILED_AT.identify);
  const phase = PHASES.find((each) => event === each || event === `${each}-failed`);
  if (phase === undefined) throw new Error(`"${event}" is not an event of a writer`);
  if (isFailed(state)) return state;
  return (event === phase ? NEXT[state][phase] : undefined) ?? FAILED_AT[phase];
}
