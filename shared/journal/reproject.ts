/**
 * Makes the fact tables of a store again from its journal, when the program projects by other rules than the one that
 * made them. What an older version could not read and marked is read again then (I9). It runs before the node serves;
 * a start that was interrupted begins again, and one that meets a snapshot's freeze waits for its end (I11).
 */
import type { Log, Platform } from '../platform.ts';
import type { CertificateAuthority, NodeRole, Origin } from '../trust/certificate.ts';
import { type Engine, EngineError } from './engine.ts';
import type { Entry, Store } from './entry.ts';
import { batchUnfrozen } from './freeze.ts';
import { PROJECTION_VERSION, project } from './kinds.ts';
import { projectAll } from './projection.ts';
import { TABLE_SHAPES } from './tables.ts';

const PAGE_ENTRIES = 500;

interface Parts {
  readonly engine: Engine;
  readonly platform: Platform;
  readonly authority: CertificateAuthority;
  readonly log: Log;
}

export async function reproject(parts: Parts, store: Store, version = PROJECTION_VERSION): Promise<void> {
  const { engine, platform, authority, log } = parts;
  const [made] = await engine.rows(store, `SELECT version FROM "${store}_projection" WHERE id = 1`, []);
  if (made?.[0] === version && !(await isKnownNow(engine, store))) return;
  const logs = await engine.rows(store, `SELECT origin, certificate FROM "${store}_origins"`, []);
  if (logs.length > 0) log('info', 'tables are made again from the journal', { store, version });
  const tables = [...TABLE_SHAPES.values()]
    .filter((shape) => shape.store === store)
    .map(({ sqlName }) => sqlName);
  const setVersion = (to: number) => ({
    sql: `INSERT OR REPLACE INTO "${store}_projection" (id, version) VALUES (1, ?)`,
    args: [to],
  });
  // 0 is nobody's version: after an interruption an older program makes them again as well.
  const emptied = [...tables, `${store}_marks`].map((table) => ({ sql: `DELETE FROM "${table}"`, args: [] }));
  await batchUnfrozen(engine, platform, store, [setVersion(0), ...emptied]);
  for (const [origin, certificate] of logs) {
    const author = await authority.check(String(certificate));
    if (author) await reprojectLog(parts, store, String(origin) as Origin, author.role);
  }
  await batchUnfrozen(engine, platform, store, [setVersion(version)]);
}

/**
 * Whether something stands aside that this version can read: a process of an older version wrote to the same database
 * after another had made the tables by the newer rules.
 */
async function isKnownNow(engine: Engine, store: Store): Promise<boolean> {
  const aside = await engine.rows(
    store,
    `SELECT DISTINCT m.kind, j.version FROM "${store}_marks" m JOIN "${store}_journal" j ` +
      `ON j.origin = m.origin AND j.seq = m.seq WHERE m.reason IN ('unknown-kind', 'unknown-version')`,
    [],
  );
  return aside.some(([kind, version]) => {
    const read = project({ store, kind: String(kind), version: Number(version), body: null }, 'centre');
    return !('mark' in read) || read.mark === 'no-authority';
  });
}

async function reprojectLog(
  { engine, platform }: Pick<Parts, 'engine' | 'platform'>,
  store: Store,
  origin: Origin,
  role: NodeRole,
): Promise<void> {
  for (let after = 0; ; after += PAGE_ENTRIES) {
    const rows = await engine.rows(
      store,
      `SELECT seq, hlc, kind, version, body FROM "${store}_journal" WHERE origin = ? AND seq > ? AND seq <= ? ORDER BY seq`,
      [origin, after, after + PAGE_ENTRIES],
    );
    const page = rows.map(([seq, hlc, kind, version, body]): Entry => ({
      ...{ store, origin, seq: Number(seq), hlc: Number(hlc), kind: String(kind), version: Number(version) },
      ...{ salt: null, body: body === null ? null : String(body), bodyHash: '', hash: '' },
    }));
    await projectPage({ engine, platform }, store, page, role);
    if (rows.length < PAGE_ENTRIES) return;
    await platform.sleep(0);
  }
}

/** As one batch, and where the database refuses that, entry by entry. */
async function projectPage(
  parts: Pick<Parts, 'engine' | 'platform'>,
  store: Store,
  page: readonly Entry[],
  role: NodeRole,
): Promise<void> {
  const { engine, platform } = parts;
  try {
    await batchUnfrozen(engine, platform, store, projectAll(store, page, role, new Set()).statements);
  } catch (error) {
    const [only] = page;
    if (!(error instanceof EngineError) || error.reason !== 'constraint' || !only) throw error;
    if (page.length === 1) {
      const { statements } = projectAll(store, page, role, new Set([only.seq]));
      await batchUnfrozen(engine, platform, store, statements);
      return;
    }
    for (const entry of page) await projectPage(parts, store, [entry], role);
  }
}
