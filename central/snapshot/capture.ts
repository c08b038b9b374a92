/**
 * Opens both stores' databases at one instant and copies them at leisure (I11).
 *
 *     freeze recovery ─▶ freeze compliance ─▶ open a read snapshot of each ─▶ are both still frozen? ─▶ thaw ─▶ copy
 *     └──────────────────── the gate is closed: a millisecond or two ─────────────────────────────────────┘
 *
 * Why both are at one cut: a freeze is a row that every write transaction looks at, and write transactions of one
 * database come one after the other. If both freezes are in force after both read snapshots were opened, then nothing
 * was committed to either from its freeze on, so the two snapshots show one instant. SQLite's write-ahead log keeps
 * what a read transaction sees until it ends, whatever is written and checkpointed meanwhile; the pages are copied
 * inside it, by SQLite's own backup, which then has nothing to begin again for. See docs/decisions/0010.
 *
 * The freeze is set without an fsync, for it means nothing after a power cut; and the gate's steps follow each other
 * without waiting for anything. Should this process be stopped in between, the freeze ends by itself, at the latest
 * after `freezeMsMax`, and the check fails the set.
 */
import { fdatasyncSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { DatabaseSync, backup } from 'node:sqlite';
import { clearFreeze, selectFreeze, setFreeze } from '../../shared/journal/freeze.ts';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import type { Phase } from '../../shared/snapshot/writer-state.ts';
import { type Fault, FaultError, fault } from '../words/fault.ts';
import { settle } from './sqlite.ts';

/** How long the writers' own transactions may keep a freeze from being set. */
const LOCK_WAIT_MS_MAX = 10_000;
const LOCK_RETRY_MS = 0.2;
/** Pages copied before others get their turn: 4 MiB, a few milliseconds. */
const COPY_PAGES = 1_024;

/** One sentence about a set that failed, and the phase it failed in. */
export class SnapshotError extends FaultError {
  override readonly name = 'SnapshotError';
  readonly phase: Phase;

  constructor(phase: Phase, of: Fault) {
    super(of);
    this.phase = phase;
  }
}

export interface CaptureOptions {
  /** the set's ID, by which its freeze is known */
  readonly holder: string;
  readonly files: Readonly<Record<Store, string>>;
  readonly copies: Readonly<Record<Store, string>>;
  readonly freezeMs: number;
  readonly onPhase: (phase: Phase) => void;
  readonly onProgress: (store: Store, pagesLeft: number, pagesAll: number) => void;
  /** runs while the gate is closed: what a test stops the process with */
  readonly inGate?: () => void;
}

export interface Captured {
  readonly frozenAt: number;
  readonly thawedAt: number;
  readonly frozenMs: number;
}

export interface Opened {
  readonly store: Store;
  /** sets and clears the freeze */
  readonly gate: DatabaseSync;
  /** holds the read snapshot */
  readonly reader: DatabaseSync;
}

export async function captureFiles(options: CaptureOptions): Promise<Captured> {
  const opened: Opened[] = [];
  try {
    for (const store of STORES) opened.push(openStore(store, options.files[store]));
    for (const each of opened) requireUnfrozen(each.store, heldNow(each));
    const captured = openSnapshots(opened, options);
    for (const each of opened) await copy(each, options);
    return captured;
  } finally {
    for (const { gate, reader } of opened) {
      reader.close();
      gate.close();
    }
  }
}

function openStore(store: Store, file: string): Opened {
  let gate: DatabaseSync | undefined;
  try {
    gate = openGate(file);
    const reader = new DatabaseSync(file, { timeout: 0 });
    reader.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = 1');
    gate.prepare(selectFreeze(store)).all();
    reader.prepare(selectFreeze(store)).all();
    return { store, gate, reader };
  } catch {
    gate?.close();
    throw new SnapshotError('prepare-snapshot', fault('storeUnopenable', store, file));
  }
}

/** A connection that sets and clears freezes. */
export function openGate(file: string): DatabaseSync {
  const gate = new DatabaseSync(file, { timeout: 0 });
  // A checkpoint by this connection would be paid for inside the gate.
  gate.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');
  return gate;
}

/** The gate. Nothing in here waits for anything but a lock. */
function openSnapshots(opened: readonly Opened[], options: CaptureOptions): Captured {
  const frozenAt = Date.now();
  const begin = performance.now();
  try {
    // Always in this order, so that two sets cannot wait for each other.
    for (const each of opened) freeze(each, options);
    options.onPhase('freeze');
    for (const { store, reader } of opened) {
      reader.exec('BEGIN');
      reader.prepare(selectFreeze(store)).all();
    }
    options.inGate?.();
    for (const each of opened) {
      if (heldNow(each)?.[0] !== options.holder)
        throw new SnapshotError('thaw', fault('freezeEnded', each.store));
    }
  } finally {
    for (const each of opened) thaw(each, options.holder);
  }
  options.onPhase('thaw');
  return { frozenAt, thawedAt: Date.now(), frozenMs: performance.now() - begin };
}

function freeze(each: Opened, { holder, freezeMs }: CaptureOptions): void {
  const { sql, args } = setFreeze(each.store, holder, freezeMs);
  const why = untilUnlocked(() => each.gate.prepare(sql).run(...args));
  if (why !== null) throw new SnapshotError('freeze', fault('notFrozen', each.store, why));
  const held = heldNow(each);
  if (held?.[0] !== holder) throw frozenByAnother(each.store, held);
}

/** What `selectFreeze` gives: whose freeze is in force, and for how many milliseconds yet. */
type Held = readonly unknown[] | undefined;

function heldNow({ store, gate }: Opened): Held {
  const statement = gate.prepare(selectFreeze(store));
  statement.setReturnArrays(true);
  return statement.get() as Held;
}

/** Before the gate is closed: what waits for another's freeze does so with its own gate open (`turn.ts`). */
export function requireUnfrozen(store: Store, held: Held): void {
  if (held) throw frozenByAnother(store, held);
}

export function frozenByAnother(store: Store, held: Held): SnapshotError {
  const seconds = Math.max(1, Math.ceil(Number(held?.[1] ?? 0) / 1000));
  return new SnapshotError('freeze', fault('frozenByAnother', store, seconds));
}

/** A freeze that cannot be taken back ends by itself. */
function thaw({ store, gate }: Opened, holder: string): void {
  const { sql, args } = clearFreeze(store, holder);
  untilUnlocked(() => gate.prepare(sql).run(...args));
}

/**
 * SQLite's own waiting sleeps longer from try to try, while the gaps between a busy writer's transactions are short.
 * Returns why it did not work, or null.
 */
export function untilUnlocked(work: () => unknown): Fault | null {
  const deadline = performance.now() + LOCK_WAIT_MS_MAX;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      work();
      return null;
    } catch (error) {
      const busy = error instanceof Error && /locked|busy/i.test(error.message);
      if (!busy) return fault('unwritable');
      if (performance.now() > deadline) return fault('staysLocked');
      Atomics.wait(pause, 0, 0, LOCK_RETRY_MS);
    }
  }
}

export async function copy(
  { store, reader }: Opened,
  { copies, onProgress, holder }: CaptureOptions,
): Promise<void> {
  const file = copies[store];
  const made = await open(file, 'wx', 0o600);
  try {
    await backup(reader, file, {
      rate: COPY_PAGES,
      progress: ({ remainingPages, totalPages }) => {
        // Written out piece by piece: a centre's own fsyncs would wait behind one of the whole file.
        fdatasyncSync(made.fd);
        onProgress(store, remainingPages, totalPages);
      },
    });
    reader.exec('COMMIT');
    // The copy shows the store while it was frozen.
    const copied = new DatabaseSync(file);
    try {
      const { sql, args } = clearFreeze(store, holder);
      copied.prepare(sql).run(...args);
    } finally {
      copied.close();
    }
    settle(file);
  } catch (error) {
    if (error instanceof SnapshotError) throw error;
    const isFull = error instanceof Error && /full|ENOSPC/i.test(error.message);
    throw new SnapshotError(
      'post-snapshot',
      fault('notCopied', store, fault(isFull ? 'diskFull' : 'copyFailed')),
    );
  } finally {
    await made.close();
  }
}
