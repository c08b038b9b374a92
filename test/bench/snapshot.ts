/**
 * Snapshots of a centre's files that somebody writes to all the time: how long a write waits at the worst, beside other
 * ways to copy an SQLite database and beside no copy at all.
 *
 * Litestream stands beside them where HOLDFAST_LITESTREAM names its program (docs/PERFORMANCE.md says where to get it).
 */
import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import type { Ledger } from '../../shared/journal/ledger.ts';
import { type Figure, ascending, percentile } from './figures.ts';
import { litestreamOnce, litestreamProgram } from './litestream.ts';
import type { BenchContext } from './installation.ts';
import { type Files, escrowsOfMany, openStores, writing } from './stores.ts';

/** Sets per way of copying; of so few, the p99 is the longest. */
const SETS = { capture: 20, 'vacuum-into': 3, litestream: 3, backup: 1 } as const;
const WRITE_EVERY_MS = 5;
const SETTLE_MS = 500;

const report = z.object({ frozenMs: z.number(), finished: z.boolean(), ms: z.number() });

export async function benchSnapshot(context: BenchContext): Promise<Figure[]> {
  const { cluster, files } = await openStores(context);
  return writing(cluster, files, (ledger) => compareWays(context, ledger, files));
}

async function compareWays(context: BenchContext, ledger: Ledger, files: Files): Promise<Figure[]> {
  const writer = startWriter(ledger);
  try {
    const figures: Figure[] = [];
    let frozen: number[] = [];
    if (litestreamProgram === null)
      context.say('snapshot: HOLDFAST_LITESTREAM names no Litestream to compare with');
    for (const how of ['capture', 'vacuum-into', 'litestream', 'backup'] as const) {
      if (how === 'litestream' && litestreamProgram === null) continue;
      const reports: z.infer<typeof report>[] = [];
      const sets = SETS[how];
      const copy = async () => reports.push(await copyOnce(context, how, files));
      const { during, between } = await longestWaits(writer, () => emptyFolder(context), copy, sets);
      context.say(`snapshot: ${how}, ${sets} times`);
      if (how === 'capture') frozen = reports.map(({ frozenMs }) => frozenMs);
      const unfinished = reports.some(({ finished }) => !finished)
        ? ' (given up: every write begins it anew)'
        : '';
      for (const [rank, at] of [
        ['median', 0.5],
        ['p99', 0.99],
      ] as const) {
        figures.push({
          ...{
            bench: 'snapshot',
            name: `longest wait of a write, ${rank} of ${sets} sets: ${how}${unfinished}`,
          },
          ...{ value: percentile(during, at), unit: 'ms' as const },
          baseline: { name: 'in between, as long', value: percentile(between, at) },
          ...(how === 'capture' ? { aim: { atMost: 50 } } : {}),
        });
      }
      figures.push({
        ...{ bench: 'snapshot', name: `copying both stores: ${how}${unfinished}` },
        ...{ value: percentile(ascending(reports.map(({ ms }) => ms)), 0.5) / 1000, unit: 's' as const },
      });
    }
    const gate = { value: percentile(ascending(frozen), 0.99), unit: 'ms' as const, aim: { atMost: 50 } };
    return [{ bench: 'snapshot', name: `gate closed, p99 of ${SETS.capture} sets`, ...gate }, ...figures];
  } finally {
    await writer.stop();
  }
}

interface Writer {
  /** the longest wait of a write since the last call */
  take(): number;
  stop(): Promise<void>;
}

/** One write after the other, each durable, to both stores in turn. */
function startWriter(ledger: Ledger): Writer {
  const next = escrowsOfMany();
  let longest = 0;
  const stopping = new AbortController();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      const began = performance.now();
      await ledger.append('recovery', [next()]);
      longest = Math.max(longest, performance.now() - began);
      await nodePlatform.sleep(WRITE_EVERY_MS);
    }
  })();
  return {
    take: () => {
      const taken = longest;
      longest = 0;
      return taken;
    },
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

/**
 * The longest wait of a write during each round of work, and in a pause of the same length after it. What `prepare` does
 * before each round, such as removing the copy before, keeps the disk busy for a while and is no part of either.
 */
async function longestWaits(
  writer: Writer,
  prepare: () => Promise<void>,
  work: () => Promise<unknown>,
  rounds: number,
): Promise<{ during: number[]; between: number[] }> {
  const during: number[] = [];
  const between: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await prepare();
    await nodePlatform.sleep(SETTLE_MS);
    writer.take();
    const began = performance.now();
    await work();
    const ms = performance.now() - began;
    during.push(writer.take());
    // What the copy left to be written to disk is no part of the pause.
    await nodePlatform.sleep(SETTLE_MS);
    writer.take();
    await nodePlatform.sleep(ms);
    between.push(writer.take());
  }
  return { during: ascending(during), between: ascending(between) };
}

function copiesIn(folder: string): string {
  return path.join(folder, 'copies');
}

async function emptyFolder({ folder }: BenchContext): Promise<void> {
  await rm(copiesIn(folder), { recursive: true, force: true });
  await mkdir(copiesIn(folder));
}

async function copyOnce(
  { folder }: BenchContext,
  how: string,
  files: Files,
): Promise<z.infer<typeof report>> {
  const copies = copiesIn(folder);
  if (how === 'litestream') return litestreamOnce(litestreamProgram ?? '', files, copies);
  const source = path.join(packageRoot(), 'test/bench/capture.ts');
  const child = spawn(process.execPath, [source, how, files.recovery, files.compliance, copies], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  return report.parse(JSON.parse(text));
}
