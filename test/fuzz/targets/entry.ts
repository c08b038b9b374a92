/** Entries as any author may write them, projected and put into the real tables. */
import fc from 'fast-check';
import { z } from 'zod';
import { SqliteEngine } from '../../../central/snapshot/sqlite.ts';
import { nodePlatform } from '../../../central/platform.ts';
import { migrations } from '../../../migrations/index.ts';
import { EngineError } from '../../../shared/journal/engine.ts';
import { type Entry, type Store, STORES, isStorable } from '../../../shared/journal/entry.ts';
import { KINDS, type Kind, project } from '../../../shared/journal/kinds.ts';
import { migrate } from '../../../shared/journal/migrate.ts';
import { projectAll } from '../../../shared/journal/projection.ts';
import { TABLE_SHAPES } from '../../../shared/journal/tables.ts';
import type { Origin } from '../../../shared/trust/certificate.ts';
import { centreDrafts } from '../../support/drafts.ts';
import { type Target, jsonOf, must, same } from '../target.ts';

const ORIGIN = 'edgeaaaaaa.bbbbbbbbbbbbb' as Origin;
const written = z.looseObject({
  store: z.string(),
  kind: z.string(),
  version: z.number(),
  by: z.string(),
  body: z.unknown(),
});

const valid = fc.oneof(
  ...STORES.map((store) =>
    centreDrafts[store].map(({ kind, body }) => ({
      store,
      kind,
      version: 1,
      by: 'centre',
      body: body,
    })),
  ),
);
const kinds = Object.keys(KINDS) as Kind[];

export const target: Target = {
  name: 'entry',
  holds:
    'an entry has rows or is marked, never both; what is projected goes into the real tables of its store under every constraint, twice is once, and views over it can be read; texts in rows can be stored',
  inputs: fc.oneof(
    valid.map((entry) => JSON.stringify(entry)),
    fc
      .tuple(valid, fc.constantFrom<Kind>(...kinds), fc.constantFrom(...STORES))
      .map(([entry, kind, store]) => JSON.stringify({ ...entry, kind, store })),
    fc.tuple(valid, fc.jsonValue({ maxDepth: 2 })).map(([entry, body]) =>
      JSON.stringify({
        ...entry,
        body:
          typeof body === 'object' && body !== null && !Array.isArray(body)
            ? { ...(entry.body as object), ...body }
            : body,
      }),
    ),
  ),
  words: [...kinds, 'centre', 'edge', 'revision', 'counter', '"volumes":[]'],
  bytesMax: 6_000,
  async open() {
    const engines = {
      recovery: new SqliteEngine(':memory:', 'write'),
      compliance: new SqliteEngine(':memory:', 'write'),
    };
    for (const store of STORES) await migrate(engines[store], store, migrations[store], nodePlatform);
    const views = new Map<Store, string[]>();
    for (const store of STORES)
      views.set(
        store,
        (await engines[store].rows(store, "SELECT name FROM sqlite_schema WHERE type = 'view'", [])).map(
          ([name]) => String(name),
        ),
      );
    let seq = 0;
    return {
      seeds: fc.sample(valid, { numRuns: 40, seed: 7 }).map((entry) => JSON.stringify(entry)),
      async run(input) {
        const parsed = written.safeParse(jsonOf(input));
        if (!parsed.success || !(STORES as readonly string[]).includes(parsed.data.store)) return;
        const { kind, version, by } = parsed.data;
        const store = parsed.data.store as Store;
        const role = by === 'centre' ? 'centre' : 'edge';
        const body = parsed.data.body === undefined ? null : JSON.stringify(parsed.data.body);
        const projected = project({ store, kind, version, body }, role);
        const definition = (KINDS as Readonly<Record<string, (typeof KINDS)[Kind]>>)[kind];
        if (!Object.hasOwn(KINDS, kind) || !definition || 'mark' in projected) {
          must('mark' in projected, 'an unknown kind has rows');
          return;
        }
        must(
          definition.authors.includes(role) && definition.stores.includes(store),
          'an entry counts without authority',
        );
        seq += 1;
        const entry: Entry = {
          store,
          origin: ORIGIN,
          seq,
          hlc: seq,
          kind,
          version,
          salt: null,
          body,
          bodyHash: 'b'.repeat(43),
          hash: 'h'.repeat(43),
        };
        const { statements, marks } = projectAll(store, [entry], role, new Set());
        must(marks.length === 0, 'an entry is marked and projected');
        const engine = engines[store];
        try {
          await engine.batch(store, statements);
        } catch (error) {
          must(
            error instanceof EngineError && error.reason === 'constraint',
            'the database refuses for another reason than the values',
          );
          must(false, `the tables refuse what the schema of ${kind} lets pass`);
        }
        const rows = await rowsOf(engine, store, seq);
        must(
          rows.every((row) => row.every((value) => typeof value !== 'string' || isStorable(value))),
          'a text in a row cannot be stored',
        );
        await engine.batch(store, statements);
        same(await rowsOf(engine, store, seq), rows, 'an entry projected twice has other rows');
        for (const view of views.get(store) ?? [])
          await engine.rows(store, `SELECT * FROM "${view}" LIMIT 5`, []);
        await empty(engine, store);
      },
      close: () => {
        for (const engine of Object.values(engines)) engine.close();
      },
    };
  },
};

const tablesOf = (store: Store) =>
  [...TABLE_SHAPES.values()].filter((shape) => shape.store === store).map(({ sqlName }) => sqlName);

async function rowsOf(engine: SqliteEngine, store: Store, seq: number) {
  const found = await Promise.all(
    tablesOf(store).map((table) => engine.rows(store, `SELECT * FROM "${table}" WHERE seq = ?`, [seq])),
  );
  return found.flat();
}

/** Each entry is the first, so that a case is the same whenever it is run. */
async function empty(engine: SqliteEngine, store: Store): Promise<void> {
  await engine.batch(
    store,
    tablesOf(store).map((table) => ({ sql: `DELETE FROM "${table}"`, args: [] })),
  );
}
