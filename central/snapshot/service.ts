/**
 * Snapshots in a running centre: on a schedule, or when an administrator asks. Each is made by a process of its own
 * (`worker.ts`). What fails or does not come in time is an alarm, on `/readyz`, in the metrics and on every page.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Engine } from '../../shared/journal/engine.ts';
import type { HoldfastNode } from '../../shared/node.ts';
import type { Log } from '../../shared/platform.ts';
import { packageRoot } from '../local/processes.ts';
import { BACKUP_FAULTS, backupFault, readBackup } from './backup.ts';
import { SnapshotRepository } from './repository.ts';
import type { SnapshotSettings } from './settings.ts';
import { thawFromInside } from './turn.ts';
import { workerMessage } from './worker-message.ts';
import { WriterRegister } from './writers.ts';
import { parseJson } from '../../shared/parse-json.ts';

/** How often is looked at what a backup tool reported: a small file. */
const LOOK_EVERY_MS = 3_000;
/** The same for the schedule, for which every set's manifest is read. */
const SCHEDULE_EVERY_MS = 15_000;
/** After a failure, the next try comes this much later, or with the schedule if that is sooner. */
const RETRY_MS = 10 * 60_000;
/** A snapshot that is so many times later than the schedule is an alarm. */
const OVERDUE_AFTER = 2;

export interface UnderWay {
  readonly since: number;
  step: string;
  done: number;
  all: number;
}

type Parts = Pick<HoldfastNode, 'alarms' | 'metrics' | 'authority'> & { readonly engine: Engine };

export class SnapshotService {
  readonly settings: SnapshotSettings;
  readonly repository: SnapshotRepository;
  readonly writers: WriterRegister;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #parts: Parts;
  readonly #log: Log;
  readonly #startedAt = Date.now();
  #underWay: UnderWay | null = null;
  #child: ChildProcess | null = null;
  #running: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #scheduleAt = 0;
  #newestAt = 0;
  #lastBackupAt = 0;

  constructor(
    settings: SnapshotSettings,
    env: Readonly<Record<string, string | undefined>>,
    parts: Parts,
    log: Log,
  ) {
    this.settings = settings;
    this.repository = new SnapshotRepository(settings.folder, parts.authority);
    this.writers = new WriterRegister(settings.writersFolder);
    this.#env = env;
    this.#parts = parts;
    this.#log = log;
  }

  get underWay(): UnderWay | null {
    return this.#underWay;
  }

  start(): void {
    this.#parts.metrics.observe(() => [
      {
        name: 'holdfast_snapshot_last_success_timestamp_seconds',
        labels: {},
        value: Math.round(this.#newestAt / 1000),
      },
      {
        name: 'holdfast_backup_last_success_timestamp_seconds',
        labels: {},
        value: Math.round(this.#lastBackupAt / 1000),
      },
    ]);
    if (this.settings.everyMs === null)
      this.#log('info', 'no snapshots are scheduled (HOLDFAST_SNAPSHOT_EVERY)');
    const { everyMs: setsMs, backupEveryMs } = this.settings;
    const everyMs = Math.min(LOOK_EVERY_MS, setsMs ?? Infinity, backupEveryMs ?? Infinity);
    const look = (): void => {
      void this.#look().finally(() => {
        if (this.#timer !== null) this.#timer = setTimeout(look, everyMs);
      });
    };
    this.#timer = setTimeout(look, 1_000);
  }

  /** Ends what is under way: an interrupted set leaves nothing that looks like one. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#child?.kill('SIGTERM');
    await this.#running;
  }

  /** Begins a snapshot; false when one is under way. */
  begin(): boolean {
    if (this.#underWay) return false;
    this.#underWay = { since: Date.now(), step: 'start', done: 0, all: 1 };
    this.#running = this.#run().finally(() => {
      this.#underWay = null;
      this.#child = null;
    });
    return true;
  }

  async #look(): Promise<void> {
    const { everyMs } = this.settings;
    try {
      await this.#lookAtBackups();
      if (everyMs === null || performance.now() < this.#scheduleAt) return;
      this.#scheduleAt = performance.now() + Math.min(SCHEDULE_EVERY_MS, everyMs);
      const newest = await this.repository.newest();
      const last = await this.repository.last();
      this.#newestAt = newest?.manifest.times.frozen ?? 0;
      const now = Date.now();
      const waited = now - Math.max(this.#newestAt, this.#newestAt === 0 ? this.#startedAt : 0);
      if (waited > OVERDUE_AFTER * everyMs) this.#raise('overdue', 'no snapshot was made in time');
      const retryAt = last && !last.ok ? last.at + Math.min(RETRY_MS, everyMs) : 0;
      if (last && !last.ok) this.#raise('failed', last.message ?? 'the last snapshot failed');
      const due = this.#newestAt === 0 || waited >= everyMs;
      if (due && now >= retryAt) this.begin();
    } catch (error) {
      this.#log('error', 'the schedule of snapshots could not be looked at', {
        error: error instanceof Error ? error.name : 'unknown',
      });
    }
  }

  /** What a backup tool reported, or did not (`hook.ts`). */
  async #lookAtBackups(): Promise<void> {
    const { folder, backupEveryMs } = this.settings;
    const note = await readBackup(folder);
    this.#lastBackupAt = note?.lastOkAt ?? 0;
    const fault = backupFault(note, backupEveryMs, this.#startedAt, Date.now());
    if (fault === null) this.#parts.alarms.clear('snapshot', 'backup');
    else this.#raise('backup', BACKUP_FAULTS[fault]);
  }

  #raise(subject: 'overdue' | 'failed' | 'backup', detail: string): void {
    this.#parts.alarms.raise('snapshot', subject, detail);
  }

  async #run(): Promise<void> {
    const child = spawn(process.execPath, [path.join(packageRoot(), 'dist/central/snapshot/worker.js')], {
      env: { ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let complaint = '';
    let said = false;
    child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2_000)));
    const ended = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('close', () => resolve());
    });
    for await (const line of createInterface({ input: child.stdout })) said = this.#hear(line) || said;
    await ended;
    if (said) return;
    // What a dead process closed, this one opens, instead of waiting until it opens by itself.
    await thawFromInside(this.repository, this.#parts.engine);
    if (child.signalCode === 'SIGTERM') return;
    // Only names and places of a bug go into the log, as for any other (I8).
    this.#log('error', 'the snapshot process ended without a word', {
      code: child.exitCode,
      error: /^\s*(\w*Error)\b/m.exec(complaint)?.[1] ?? 'unknown',
    });
    this.#raise('failed', 'the snapshot process ended without a word');
    this.#parts.metrics.add('holdfast_snapshots_total', { outcome: 'failed' });
  }

  /** Returns whether this was the process's last word. */
  #hear(line: string): boolean {
    const parsed = workerMessage.safeParse(parseJson(line));
    if (!parsed.success) return false;
    const message = parsed.data;
    if (message.type === 'progress') {
      if (this.#underWay)
        Object.assign(this.#underWay, { step: message.step, done: message.done, all: message.all });
      return false;
    }
    const { alarms, metrics } = this.#parts;
    if (message.type === 'failed') {
      this.#raise('failed', message.message);
      metrics.add('holdfast_snapshots_total', { outcome: 'failed' });
      return true;
    }
    const { id, frozenMs, verification, dropped } = message;
    const isGood = verification.structure === 'verified' && verification.opens !== 'failed';
    metrics.add('holdfast_snapshots_total', { outcome: isGood ? 'verified' : 'not-verified' });
    this.#log(isGood ? 'info' : 'error', 'a snapshot was made', {
      ...{ id, frozenMs, structure: verification.structure, opens: verification.opens },
      dropped: dropped.length,
    });
    alarms.clear('snapshot', 'overdue');
    if (isGood) alarms.clear('snapshot', 'failed');
    else this.#raise('failed', `${id} was made and does not verify`);
    this.#newestAt = Date.now();
    return true;
  }
}
