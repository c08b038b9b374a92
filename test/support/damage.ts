/** What befalls disks: a node's data copied, put back as it was, deleted; and what nodes say of forks afterwards. */
import { cp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { LocalCluster } from '../../central/local/cluster.ts';

/** Copies a stopped node's data folder aside; its identity, which is no data, stays out of it. */
export async function copyData(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true, filter: (file) => path.basename(file) !== 'identity.json' });
}

/** Deletes a stopped node's data and, where `copy` is given, puts that in its place. */
export async function replaceData(folder: string, copy?: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name !== 'identity.json') await rm(path.join(folder, name), { recursive: true });
  if (copy !== undefined) await cp(copy, folder, { recursive: true });
}

/** Every fork that a node has evidence of or an alarm for, one line each. */
export async function forksSeen(cluster: LocalCluster): Promise<string[]> {
  const found: string[] = [];
  const databases = ['recovery.db', 'compliance.db'].map((name) => path.join(cluster.centreData, name));
  for (const { name } of cluster.plan.edges)
    for (const file of await readdir(cluster.edgeData(name), { recursive: true }))
      if (file.endsWith('.sqlite') && !file.includes('metadata'))
        databases.push(path.join(cluster.edgeData(name), file));
  for (const file of databases) found.push(...forkRows(file));
  for (const url of [cluster.centreUrl, ...[...cluster.edges.values()].map((edge) => edge.url)]) {
    const { alarms } = readiness.parse(await (await fetch(`${url}/readyz`)).json());
    found.push(
      ...alarms
        .filter(({ type }) => type === 'fork')
        .map(({ subject, detail }) => `${url}: ${subject} ${detail}`),
    );
  }
  return found;
}

const readiness = z.object({
  alarms: z.array(z.object({ type: z.string(), subject: z.string(), detail: z.string() })),
});

function forkRows(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return ['recovery_forks', 'compliance_forks']
      .filter((table) => database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(table))
      .flatMap((table) => database.prepare(`SELECT origin, seq FROM ${table}`).all())
      .map((row) => `${file}: ${JSON.stringify(row)}`);
  } finally {
    database.close();
  }
}
