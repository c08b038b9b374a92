/**
 * What every process of an installation occupies, read from `/proc` and from its data folder. One sample holds all
 * nodes and this program; the report compares the first with the last.
 */
import { lstat, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { STORES } from '../../shared/journal/entry.ts';

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

export interface NodeSample {
  readonly name: string;
  readonly pid: number;
  /** since this process was started, in seconds */
  readonly upSeconds: number;
  /** resident; of it `anonymousKb` is the process's own, the rest are pages of files */
  readonly residentKb: number;
  readonly anonymousKb: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly processorMs: number;
  /** files of databases, their write-ahead logs, and everything else in the data folder, snapshots apart */
  readonly databaseBytes: number;
  readonly logBytes: number;
  readonly snapshotBytes: number;
  readonly otherBytes: number;
  /** entries held, of both stores; null while it does not answer */
  readonly entries: number | null;
  readonly alarms: readonly string[];
}

export interface Sample {
  readonly minute: number;
  readonly load: number;
  readonly nodes: readonly NodeSample[];
}

/** A node of the cluster, or this program itself, as a sample. Null while the process does not run. */
export async function sampleNode(cluster: LocalCluster, name: string): Promise<NodeSample | null> {
  const node = name === 'centre' ? cluster.centre : cluster.edges.get(name);
  if (node?.running !== true) return null;
  const folder = name === 'centre' ? cluster.centreData : cluster.edgeData(name);
  try {
    const [process, files, asked] = await Promise.all([
      sampleProcess(node.pid),
      sizesIn(folder),
      ask(node.url),
    ]);
    return { name, pid: node.pid, ...process, ...files, ...asked };
  } catch {
    // It ended while it was looked at.
    return null;
  }
}

export async function sampleProcess(pid: number) {
  const [status, stat, uptime, descriptors] = await Promise.all([
    readFile(`/proc/${String(pid)}/status`, 'utf8'),
    readFile(`/proc/${String(pid)}/stat`, 'utf8'),
    readFile('/proc/uptime', 'utf8'),
    readdir(`/proc/${String(pid)}/fd`),
  ]);
  const kb = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? NaN);
  // After the program's name, which may hold spaces: state is field 3, utime 14, stime 15, start 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    upSeconds: Math.round(Number(uptime.split(' ')[0]) - (Number(fields[19]) * TICK_MS) / 1000),
    residentKb: kb('VmRSS'),
    anonymousKb: kb('RssAnon'),
    descriptors: descriptors.length,
    threads: kb('Threads'),
    processorMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
  };
}

async function sizesIn(folder: string) {
  const sizes = { databaseBytes: 0, logBytes: 0, snapshotBytes: 0, otherBytes: 0 };
  for (const file of await readdir(folder, { recursive: true })) {
    const found = await lstat(path.join(folder, file)).catch(() => null);
    if (found?.isFile() !== true) continue;
    if (file.startsWith('snapshots')) sizes.snapshotBytes += found.size;
    else if (/\.(db|sqlite)$/.test(file)) sizes.databaseBytes += found.size;
    else if (/-(wal|shm|journal)$/.test(file)) sizes.logBytes += found.size;
    else sizes.otherBytes += found.size;
  }
  return sizes;
}

async function ask(url: string): Promise<Pick<NodeSample, 'entries' | 'alarms'>> {
  try {
    const metrics = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
    const entries = STORES.map((store) =>
      Number(
        new RegExp(`^holdfast_journal_entries\\{store="${store}"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? NaN,
      ),
    );
    const alarms = [...metrics.matchAll(/^holdfast_alarms\{type="([\w-]+)"\} [1-9]/gm)].map(
      ([, type = '']) => type,
    );
    return { entries: entries.reduce((sum, each) => sum + each, 0), alarms };
  } catch {
    return { entries: null, alarms: [] };
  }
}
