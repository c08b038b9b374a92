/**
 * Makes the fact tables of a store again from its journal, when the program projects by other rules than the one that
 * made them. What an older version could not read and marked is read again then (I9). It runs before the node serves;
 * a start that was interrupted begins again, and one that meets a snapshot's freeze waits for its end (I11).
 *
 * At a database server other processes go on answering from these tables meanwhile, so no row is ever missing there that
 * the journal has (I2): the rows of each page of the journal are replaced in one transaction. A row of the old rules may
 * have stood in the way of one from an earlier page, so all pages are projected once more. Nobody compares meanwhile (I5).
 */
import type { Log, Platform } from '../platform.ts';
import type { CertificateAuthority, NodeRole, Origin } from '../trust/certificate.ts';
import { sliceOf } from './absorber.ts';
import { NO_RULES, rulesOf } from './digest.ts';
import { type Engine, EngineError, type Statement } from './engine.ts';
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

/** One log that is gone through. `replaces`: its old rows still stand, and give way page by page. */
interface Pass {
  readonly origin: Origin;
  readonly role: NodeRole;
  readonly replaces: boolean;
}

export async function reproject(parts: Parts, store: Store, version = PROJECTION_VERSION): Promise<void> {
  const { engine, platform, authority, log } = parts;
  const made = await rulesOf(engine, store);
  if (made === version && !(await isKnownNow(engine, store))) return;
  const logs = await engine.rows(store, `SELECT origin, certificate FROM "${store}_origins"`, []);
  if (logs.length > 0) log('info', 'tables are made again from the journal', { store, version });
  const setVersion = (to: number) => ({
    sql: `INSERT OR REPLACE INTO "${store}_projection" (id, version) VALUES (1, ?)`,
    args: [to],
  });
  const isRead = Boolean(engine.served?.(store));
  const emptied = tablesOf(store).map((table) => ({ sql: `DELETE FROM "${table}"`, args: [] }));
  // Nobody's version: after an interruption an older program makes them again as well.
  await batchUnfrozen(engine, platform, store, [setVersion(NO_RULES), ...(isRead ? [] : emptied)]);
  for (const replaces of isRead ? [true, false] : [false]) {
    for (const [origin, certificate] of logs) {
      const author = await authority.check(String(certificate));
      const pass = { origin: String(origin) as Origin, replaces };
      if (author) await reprojectLog(parts, store, { ...pass, role: author.role });
    }
    // Before the second pass: what another process cut off meanwhile must not stand in the way of what it left.
    if (replaces)
      for (const statement of dropStray(store)) await batchUnfrozen(engine, platform, store, [statement]);
  }
  if (isRead)
    for (const statement of dropStray(store)) await batchUnfrozen(engine, platform, store, [statement]);
  await batchUnfrozen(engine, platform, store, [setVersion(version)]);
}

function tablesOf(store: Store): string[] {
  const shapes = [...TABLE_SHAPES.values()].filter((shape) => shape.store === store);
  return [...shapes.map(({ sqlName }) => sqlName), `${store}_marks`];
}

/** Rows of no entry that is held. */
function dropStray(store: Store): Statement[] {
  return tablesOf(store).map((table) => ({
    sql:
      `DELETE FROM "${table}" AS f WHERE NOT EXISTS ` +
      `(SELECT 1 FROM "${store}_journal" j WHERE j.origin = f.origin AND j.seq = f.seq)`,
    args: [],
  }));
}

/** The rows that these entries determined, and the marks on them. */
function withoutRows(store: Store, origin: Origin, page: readonly Entry[]): Statement[] {
  return tablesOf(store).map((table) => ({
    sql: `DELETE FROM "${table}" WHERE origin = ? AND seq >= ? AND seq <= ?`,
    args: [origin, page[0]?.seq ?? 0, page.at(-1)?.seq ?? 0],
  }));
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
  pass: Pass,
): Promise<void> {
  const { origin } = pass;
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
    for (let at = 0; at < page.length;) {
      const slice = sliceOf(page, at, PAGE_ENTRIES);
      await projectPage({ engine, platform }, store, slice, pass);
      at += slice.length;
    }
    if (rows.length < PAGE_ENTRIES) return;
    await platform.sleep(0);
  }
}

/** As one batch, and where the database refuses that, entry by entry. */
async function projectPage(
  parts: Pick<Parts, 'engine' | 'platform'>,
  store: Store,
  page: readonly Entry[],
  pass: Pass,
): Promise<void> {
  const { engine, platform } = parts;
  const before = pass.replaces ? withoutRows(store, pass.origin, page) : [];
  const write = (poison: ReadonlySet<number>) =>
    batchUnfrozen(engine, platform, store, [
      ...before,
      ...projectAll(store, page, pass.role, poison).statements,
    ]);
  try {
    await write(new Set());
  } catch (error) {
    const [only] = page;
    if (!(error instanceof EngineError) || error.reason !== 'constraint' || !only) throw error;
    if (page.length === 1) await write(new Set([only.seq]));
    else for (const entry of page) await projectPage(parts, store, [entry], pass);
  }
}
