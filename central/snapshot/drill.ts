/**
 * A restore drill: the set is restored into a scratch place, a real centre is started over it, everything is pulled
 * from that centre through a session as a peer does it, and what arrived is compared with the manifest. It proves what
 * verifying a file cannot: that the program starts on it and gives it all out again.
 */
import { createServer } from 'node:net';
import path from 'node:path';
import { migrations } from '../../migrations/index.ts';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { openNode } from '../../shared/node.ts';
import type { CertificateAuthority, IdentityFile } from '../../shared/trust/certificate.ts';
import { VERSION } from '../../shared/version.ts';
import { LibsqlEngine } from '../libsql-engine.ts';
import { type NodeProcess, StartError, startCentreProcess } from '../local/processes.ts';
import { writePrivate } from '../local/secrets.ts';
import { nodePlatform } from '../platform.ts';
import { fault } from '../words/fault.ts';
import { digestTables } from './inspect.ts';
import { RestoreError, type Restored, restoreSet } from './restore.ts';
import { SqliteEngine, settle } from './sqlite.ts';
import { type VerifyOptions, withScratch } from './verify.ts';

export interface DrillOptions extends VerifyOptions {
  /** the set's folder */
  readonly folder: string;
  readonly identity: IdentityFile;
  readonly authority: CertificateAuthority;
}

export interface Drill {
  readonly id: string;
  readonly passed: boolean;
  /** what differs between the manifest and what arrived, one line each */
  readonly differences: readonly string[];
  readonly entries: number;
  readonly restoreSeconds: number;
  /** from the start of the centre until it answered */
  readonly startSeconds: number;
  readonly pullSeconds: number;
}

/** Nobody may sign in at the centre of a drill. */
const NO_TOKEN_HASH = 'A'.repeat(43);

export async function drill(options: DrillOptions): Promise<Drill> {
  return withScratch(options.scratch, async (scratch) => {
    const began = performance.now();
    const files = {
      recovery: path.join(scratch, 'recovery.db'),
      compliance: path.join(scratch, 'compliance.db'),
    };
    const restored = await restoreSet({ ...options, files, stores: STORES, force: false });
    const identityFile = path.join(scratch, 'identity.json');
    await writePrivate(identityFile, options.identity);
    const restoredAt = performance.now();
    let centre: NodeProcess;
    try {
      centre = await startCentreProcess({
        ...{ dataFolder: scratch, identityFile, port: await freePort(), bootstrapTokenHash: NO_TOKEN_HASH },
        logFile: path.join(scratch, 'centre.log'),
        env: { HOLDFAST_SNAPSHOT_EVERY: 'off' },
      });
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      throw new RestoreError(fault('doesNotStart', error.message), restored.verification);
    }
    const startedAt = performance.now();
    try {
      const copies = await pullAll(centre.url, scratch, options.identity);
      const pulledAt = performance.now();
      const differences = compare(restored, files, copies);
      return {
        ...{ id: restored.id, passed: differences.length === 0, differences },
        entries: entriesIn(copies),
        restoreSeconds: seconds(restoredAt - began),
        startSeconds: seconds(startedAt - restoredAt),
        pullSeconds: seconds(pulledAt - startedAt),
      };
    } finally {
      await centre.stop();
    }
  });
}

/** Fills databases of this process's own from the node, verifying as any peer does; gives their files. */
async function pullAll(url: string, scratch: string, identity: IdentityFile): Promise<Record<Store, string>> {
  const files = {
    recovery: path.join(scratch, 'pulled-recovery.db'),
    compliance: path.join(scratch, 'pulled-compliance.db'),
  };
  const engine = await LibsqlEngine.open({
    recovery: { url: `file:${files.recovery}` },
    compliance: { url: `file:${files.compliance}` },
  });
  try {
    const node = await openNode({
      ...{ engine, platform: nodePlatform, migrations, sliceEntries: 500, version: VERSION },
      identity: { ...identity, vaultKeys: [] },
      log: () => undefined,
      peers: [{ name: 'drill', fetch: (to, init) => fetch(new URL(to, url), init) }],
      bootstrapTokenHash: null,
    });
    const [link] = node.links;
    if (!link) throw new Error('a drill has one peer');
    const never = new AbortController().signal;
    while ((await link.client.exchange(true, never)).more);
    await node.stop();
  } finally {
    engine.close();
  }
  // What is read next is read by the other SQLite, which must not find them open (sqlite.ts).
  for (const store of STORES) settle(files[store]);
  return files;
}

/** Against the manifest; a log that ends beyond its last head is given out to that head, and compared by that. */
function compare(
  { manifest }: Restored,
  files: Readonly<Record<Store, string>>,
  copies: Readonly<Record<Store, string>>,
): string[] {
  const differences: string[] = [];
  for (const [index, store] of STORES.entries()) {
    const restored = new SqliteEngine(files[store], 'read');
    const pulled = new SqliteEngine(copies[store], 'read');
    try {
      const sql = `SELECT origin, seq, hash, head_seq FROM "${store}_origins"`;
      const arrived = new Map(
        [...pulled.iterate(sql)].map(([origin, seq, hash]) => [String(origin), { seq, hash }]),
      );
      const whole: string[] = [];
      for (const [of, seq, hash, headSeq] of restored.iterate(sql)) {
        const origin = String(of);
        const there = arrived.get(origin);
        if (seq === headSeq) whole.push(origin);
        if (!(origin in manifest.cut[store])) continue;
        if ((there?.seq ?? 0) !== headSeq)
          differences.push(
            `${store} ${origin}: ${String(there?.seq ?? 0)} of ${String(headSeq)} entries arrived`,
          );
        else if (seq === headSeq && there?.hash !== hash)
          differences.push(`${store} ${origin}: another chain arrived`);
      }
      const isAll = whole.length === Object.keys(manifest.cut[store]).length;
      const wanted = isAll ? manifest.stores[index]?.tables : digestTables(restored, store, whole);
      const got = digestTables(pulled, store, isAll ? null : whole);
      for (const [table, { rows, digest }] of Object.entries(got)) {
        if (wanted?.[table]?.digest === digest) continue;
        differences.push(`${store} ${table}: ${String(rows)} rows arrived that are not the snapshot's`);
      }
    } finally {
      restored.close();
      pulled.close();
    }
  }
  return differences;
}

function entriesIn(copies: Readonly<Record<Store, string>>): number {
  let entries = 0;
  for (const store of STORES) {
    const engine = new SqliteEngine(copies[store], 'read');
    const [row] = engine.iterate(`SELECT count(*) FROM "${store}_journal"`);
    entries += Number(row?.[0] ?? 0);
    engine.close();
  }
  return entries;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function seconds(ms: number): number {
  return Math.round(ms / 10) / 100;
}
