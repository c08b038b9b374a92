/**
 * Import end to end: the command line reads a generated file of each source and sends it to a centre, which checks,
 * seals and journals each key. Then the same file again; another one, killed in the middle and run again; and the export
 * of all of it. What the command counted and what the centre holds is compared with the truth, and said with pass or FAIL. The memory of
 * both processes is watched while they run; what a longer file adds to it is the difference of two of its tenths.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { z } from 'zod';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { generateToken } from '../../central/local/secrets.ts';
import { nodePlatform } from '../../central/platform.ts';
import { IMPORT_SOURCES, type ImportSource } from '../../shared/domain/vocabulary.ts';
import { CSV_MAP, sourceFile, truthOf } from '../import/sources.ts';
import { configure, fetchOf } from '../support/people.ts';
import { apiToken } from '../support/tokens.ts';
import { type Figure, median } from './figures.ts';
import { HeldKeys, type KeySet, truthOfFiles } from './import-truth.ts';
import { type BenchContext, EDGE_A, openInstallation, processorMs } from './installation.ts';

const BENCH = 'import';
const MEMORY_EVERY_MS = 100;
/** A start is no measure of what grows; from so many records on it is over in the first tenths. */
const MEMORY_RECORDS_MIN = 100_000;
const MEMORY_GROWTH_MAX = 1.3;
/** So many that a command can be killed among them. */
const KILLED_RECORDS_MIN = 5_000;

interface Measured {
  readonly seconds: number;
  /** processor time that the centre took meanwhile */
  readonly centreMs: number;
  readonly stdout: string;
  /** of the command and of the centre, in MB, in the order of time */
  readonly memory: readonly { readonly command: number; readonly centre: number }[];
}

export async function benchImport(context: BenchContext): Promise<Figure[]> {
  const cluster = await openInstallation(context, []);
  const held = new HeldKeys(cluster);
  const records = Math.max(100, Math.floor(context.entries / 100) * 100);
  const figures: Figure[] = [];
  try {
    for (const source of IMPORT_SOURCES)
      figures.push(...(await benchSource(context, cluster, held, source, records)));
    figures.push(...(await benchExport(context, cluster)));
  } finally {
    held.close();
    await cluster.stopAll();
  }
  return figures;
}

async function benchSource(
  context: BenchContext,
  cluster: LocalCluster,
  held: HeldKeys,
  source: ImportSource,
  records: number,
): Promise<Figure[]> {
  const files = [
    { records, seed: source },
    { records: Math.max(KILLED_RECORDS_MIN, Math.floor(records / 2_000) * 100), seed: `${source} killed` },
  ] as const;
  const verdict = (what: string, faults: readonly string[]): void => {
    if (faults.length > 0) process.exitCode = 1;
    context.say(
      `${faults.length > 0 ? 'FAIL' : 'pass'}  ${source}: ${what}${faults.map((fault) => `; ${fault}`).join('')}`,
    );
  };
  const truth = truthOf(records);
  const file = await write(context, source, files[0]);
  const first = await measure(cluster, argsOf(source, file));
  verdict(`counts of ${String(records)} records`, faultsIn(first, { ...truth }));
  if (records >= MEMORY_RECORDS_MIN) verdict('memory is flat', growth(first));
  verdict('keys held are the true ones, and no other', difference(held.of(source), truthOfFiles([files[0]])));
  const again = await measure(cluster, argsOf(source, file));
  await rm(file);
  const nothingNew = { ...truth, accepted: 0, alreadyThere: truth.accepted + truth.alreadyThere };
  verdict('the same again: counts', faultsIn(again, nothingNew));

  const second = await write(context, source, files[1]);
  const killedAt = await killInTheMiddle(cluster, held, argsOf(source, second));
  const resumed = await measure(cluster, argsOf(source, second));
  await rm(second);
  const { accepted, alreadyThere, ...rest } = truthOf(files[1].records);
  verdict(`killed after ${String(killedAt)} of ${String(files[1].records)} records, and run again`, [
    ...(killedAt > 0 && killedAt < accepted ? [] : ['it was not killed in the middle']),
    ...faultsIn(resumed, rest),
    ...sumFaults(resumed, accepted + alreadyThere),
    ...difference(held.of(source), truthOfFiles(files)),
  ]);
  return figuresOf(source, records, first, again);
}

async function write(
  context: BenchContext,
  source: ImportSource,
  { records, seed }: { readonly records: number; readonly seed: string },
): Promise<string> {
  const file = path.join(context.folder, `source-${source}`);
  await pipeline(sourceFile(source, records, { seed }), createWriteStream(file));
  return file;
}

/** Kills the command as soon as some of its keys are held; resolves with how many are. */
async function killInTheMiddle(
  cluster: LocalCluster,
  held: HeldKeys,
  args: readonly string[],
): Promise<number> {
  const before = held.last;
  const child = startImport(cluster, args, cluster.secrets.tokens.administrator);
  const closed = once(child, 'close');
  while (child.exitCode === null && held.last < before + KILLED_RECORDS_MIN / 4) await nodePlatform.sleep(5);
  child.kill('SIGKILL');
  await closed;
  return held.last - before;
}

function argsOf(source: ImportSource, file: string): string[] {
  const name = source === 'active-directory' ? 'ad' : source;
  const map = Object.entries(CSV_MAP).map(([field, column]) => `${field}=${column}`);
  return ['import', name, file, '--site', `site-${EDGE_A}`, ...(source === 'csv' ? ['--map', ...map] : [])];
}

async function measure(cluster: LocalCluster, args: readonly string[], token?: string): Promise<Measured> {
  const { centre } = cluster;
  if (!centre) throw new Error('the centre is not running');
  const before = await processorMs(centre);
  const child = startImport(cluster, args, token ?? cluster.secrets.tokens.administrator);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const memory: { command: number; centre: number }[] = [];
  const timer = setInterval(() => {
    void Promise.all([residentOf(child.pid), residentOf(centre.pid)]).then(([command, its]) => {
      if (command > 0 && its > 0) memory.push({ command, centre: its });
    });
  }, MEMORY_EVERY_MS);
  const beganAt = performance.now();
  await once(child, 'close');
  clearInterval(timer);
  const seconds = (performance.now() - beganAt) / 1_000;
  return { seconds, stdout, memory, centreMs: (await processorMs(centre)) - before };
}

function startImport(cluster: LocalCluster, args: readonly string[], token: string) {
  const program = path.join(packageRoot(), 'dist/central/cli/holdfast.js');
  return spawn(process.execPath, [program, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOLDFAST_NODE: cluster.centreUrl, HOLDFAST_TOKEN: token },
  });
}

/** In MB; 0 for a process that is no more. */
async function residentOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1_024;
}

function countsOf({ stdout }: Measured): Readonly<Record<string, number>> {
  return z.object({ counts: z.record(z.string(), z.number()) }).parse(JSON.parse(stdout)).counts;
}

function faultsIn(measured: Measured, truth: Readonly<Record<string, number>>): string[] {
  const counts = countsOf(measured);
  return Object.entries(truth)
    .filter(([name, count]) => counts[name] !== count)
    .map(([name, count]) => `${name} is ${String(counts[name])} instead of ${String(count)}`);
}

/** What a killed run wrote is there already for the next one. */
function sumFaults(measured: Measured, both: number): string[] {
  const { accepted = 0, alreadyThere = 0 } = countsOf(measured);
  if (accepted + alreadyThere === both) return [];
  return [`accepted and already there are ${String(accepted + alreadyThere)} instead of ${String(both)}`];
}

function difference(held: KeySet, truth: KeySet): string[] {
  if (held.keys !== truth.keys)
    return [`${String(held.keys)} keys are held instead of ${String(truth.keys)}`];
  return held.digest === truth.digest ? [] : ['other keys are held than the true ones'];
}

/** The median of the tenth of a run that begins at this share of it, in MB. */
function tenth({ memory }: Measured, at: number, of: 'command' | 'centre'): number {
  const length = Math.max(1, Math.floor(memory.length / 10));
  const from = Math.min(Math.floor(memory.length * at), Math.max(0, memory.length - length));
  return median(memory.slice(from, from + length).map((each) => each[of]));
}

/** Where a run is long enough to tell: memory that grew with the file. */
function growth(first: Measured): string[] {
  return (['command', 'centre'] as const)
    .filter((of) => tenth(first, 0.9, of) > MEMORY_GROWTH_MAX * tenth(first, 0.2, of))
    .map(
      (of) =>
        `the ${of} grew from ${tenth(first, 0.2, of).toFixed(0)} to ${tenth(first, 0.9, of).toFixed(0)} MB`,
    );
}

function figuresOf(source: ImportSource, records: number, first: Measured, again: Measured): Figure[] {
  return [
    {
      ...{ bench: BENCH, name: `keys from ${source}`, value: records / first.seconds, unit: '/s' },
      aim: { atLeast: 2_000 },
    },
    {
      ...{ bench: BENCH, name: 'processor time of one key at the centre', unit: 'ms' },
      value: first.centreMs / records,
    },
    { bench: BENCH, name: `the same again, all there`, value: records / again.seconds, unit: '/s' },
    {
      ...{
        bench: BENCH,
        name: 'memory of the command, last tenth',
        value: tenth(first, 0.9, 'command'),
        unit: 'MB',
      },
      baseline: { name: 'third tenth', value: tenth(first, 0.2, 'command') },
      aim: { atMost: 350 },
    },
    {
      ...{
        bench: BENCH,
        name: 'memory of the centre, last tenth',
        value: tenth(first, 0.9, 'centre'),
        unit: 'MB',
      },
      baseline: { name: 'third tenth', value: tenth(first, 0.2, 'centre') },
    },
  ];
}

async function benchExport(context: BenchContext, cluster: LocalCluster): Promise<Figure[]> {
  const { administrator } = cluster.secrets.tokens;
  const second = generateToken('hfs');
  const body = { name: 'Second', role: 'administrator', sites: null, revoked: false };
  const centre = fetchOf(cluster.centreUrl);
  await configure(centre, administrator, 'staff', 'administrator-2', body);
  await configure(centre, administrator, 'api-token', 'second', apiToken('administrator-2', second));
  const recipient = await identityToRecipient(await generateX25519Identity());
  const asked = ['export', 'request', '--recipient', recipient, '--purpose', 'leaving', '--reason', 'bench'];
  const made = z.object({ exportId: z.string() }).parse(JSON.parse((await measure(cluster, asked)).stdout));
  await measure(cluster, ['export', 'confirm', made.exportId], second);
  const out = path.join(context.folder, 'export.age');
  const fetched = await measure(cluster, ['export', 'fetch', made.exportId, '--out', out]);
  const { exported } = z.object({ exported: z.number() }).parse(JSON.parse(fetched.stdout));
  return [
    { bench: BENCH, name: 'keys exported, each audited', value: exported / fetched.seconds, unit: '/s' },
    {
      ...{ bench: BENCH, name: 'memory of the centre while exporting, most', unit: 'MB' },
      value: Math.max(...fetched.memory.map(({ centre }) => centre)),
    },
  ];
}
