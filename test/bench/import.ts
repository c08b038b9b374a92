/**
 * Import end to end: the command line reads a generated file of each source and sends it to a centre, which checks,
 * seals and journals each key. Then the same file again, as after a kill; and the export of all of it. The memory of
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
import { staffTokenHash } from '../../shared/staff/token.ts';
import { CSV_MAP, sourceFile, truthOf } from '../import/sources.ts';
import { type Figure, median } from './figures.ts';
import { type BenchContext, EDGE_A, openInstallation, processorMs } from './installation.ts';

const BENCH = 'import';
const MEMORY_EVERY_MS = 100;

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
  const records = Math.max(100, Math.floor(context.entries / 100) * 100);
  const figures: Figure[] = [];
  try {
    for (const source of IMPORT_SOURCES) {
      const file = path.join(context.folder, `source-${source}`);
      await pipeline(sourceFile(source, records, { seed: source }), createWriteStream(file));
      const first = await measure(cluster, argsOf(source, file));
      expectCounts(first, truthOf(records));
      context.say(`import of ${records} from ${source}: ${Math.round(records / first.seconds)}/s`);
      const again = await measure(cluster, argsOf(source, file));
      await rm(file);
      figures.push(...figuresOf(source, records, first, again));
    }
    figures.push(...(await benchExport(context, cluster)));
  } finally {
    await cluster.stopAll();
  }
  return figures;
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
  const program = path.join(packageRoot(), 'dist/central/cli/holdfast.js');
  const child = spawn(process.execPath, [program, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      HOLDFAST_NODE: cluster.centreUrl,
      HOLDFAST_TOKEN: token ?? cluster.secrets.tokens.administrator,
    },
  });
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

/** In MB; 0 for a process that is no more. */
async function residentOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1_024;
}

function expectCounts({ stdout }: Measured, truth: ReturnType<typeof truthOf>): void {
  const { counts } = z.object({ counts: z.record(z.string(), z.number()) }).parse(JSON.parse(stdout));
  for (const [name, count] of Object.entries(truth))
    if (counts[name] !== count) throw new Error(`${name} is ${counts[name] ?? '?'} instead of ${count}`);
}

function figuresOf(source: ImportSource, records: number, first: Measured, again: Measured): Figure[] {
  const tenth = (at: number, of: 'command' | 'centre'): number => {
    const length = Math.max(1, Math.floor(first.memory.length / 10));
    const from = Math.min(Math.floor(first.memory.length * at), Math.max(0, first.memory.length - length));
    return median(first.memory.slice(from, from + length).map((each) => each[of]));
  };
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
        value: tenth(0.9, 'command'),
        unit: 'MB',
      },
      baseline: { name: 'third tenth', value: tenth(0.2, 'command') },
      aim: { atMost: 350 },
    },
    {
      ...{ bench: BENCH, name: 'memory of the centre, last tenth', value: tenth(0.9, 'centre'), unit: 'MB' },
      baseline: { name: 'third tenth', value: tenth(0.2, 'centre') },
    },
  ];
}

async function benchExport(context: BenchContext, cluster: LocalCluster): Promise<Figure[]> {
  const { administrator } = cluster.secrets.tokens;
  const second = generateToken('hfs');
  const body = { name: 'Second', role: 'administrator', sites: null, revoked: false };
  await fetch(`${cluster.centreUrl}/v1/admin/config/staff/administrator-2`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${administrator}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ revision: 0, body: { ...body, tokenHash: staffTokenHash(nodePlatform, second) } }),
  });
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
