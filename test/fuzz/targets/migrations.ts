/** A program that starts over a database of another past: migrations of other versions, half of them, edited ones, tables that are gone. */
import fc from 'fast-check';
import { nodePlatform } from '../../../central/platform.ts';
import { SqliteEngine } from '../../../central/snapshot/sqlite.ts';
import { migrations } from '../../../migrations/index.ts';
import {
  type Migration,
  MigrationError,
  checksumOf,
  isAdditive,
  migrate,
} from '../../../shared/journal/migrate.ts';
import { STORES, type Store } from '../../../shared/journal/entry.ts';
import { Steps, type Target, must, same } from '../target.ts';

const LATER: readonly Migration[] = [
  {
    name: '0002_more',
    sql: 'CREATE TABLE `more` (`a` text);\n--> statement-breakpoint\nCREATE UNIQUE INDEX `more_a` ON `more` (`a`);',
  },
  { name: '0003_column', sql: 'ALTER TABLE `more` ADD `b` integer DEFAULT 0 NOT NULL;' },
  { name: '0004_breaks', sql: 'DROP TABLE `more`;' },
  { name: '0005_wrong', sql: 'CREATE TABLE `wrong` (' },
];
/** What a database may have met. `T` is the table of its migrations. */
const ODD: readonly string[] = [
  'DELETE FROM T WHERE position = 1',
  'DELETE FROM T WHERE position = 2',
  "UPDATE T SET checksum = 'x' WHERE position = 1",
  "UPDATE T SET name = '0000_other' WHERE position = 1",
  'UPDATE T SET applied_at = -1, additive = 7',
  "INSERT INTO T VALUES (3, '0002_future', 'x', 0, 1)",
  "INSERT INTO T VALUES (3, '0002_future', 'x', 0, 0)",
  "INSERT INTO T VALUES (-1, 'before', 'x', 0, 1)",
  'DROP TABLE T',
  'CREATE TABLE IF NOT EXISTS "more" ("a" text)',
  'DROP VIEW IF EXISTS "keys"',
  'CREATE TABLE IF NOT EXISTS "wrong" (x)',
];

async function schemaOf(engine: SqliteEngine, store: Store): Promise<unknown> {
  return engine.rows(
    store,
    "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
    [],
  );
}

const namesOf = async (engine: SqliteEngine, store: Store) =>
  (await engine.rows(store, `SELECT name, checksum FROM "${store}_migrations" ORDER BY position`, [])).map(
    (row) => row.join(' '),
  );

export const target: Target = {
  name: 'migrations',
  holds:
    'a start ends in every migration applied once, in order, or in one sentence and the database as it was; a second start changes nothing; an older program goes on over what a newer one only added to',
  inputs: fc.uint8Array({ minLength: 2, maxLength: 10 }),
  bytesMax: 12,
  open: () => ({
    seeds: [
      new Uint8Array([0, 2, 0]),
      new Uint8Array([1, 4, 6, 3, 2]),
      new Uint8Array([0, 0, 9]),
      new Uint8Array([0, 3, 4, 200, 2]),
    ],
    async run(input) {
      const steps = new Steps(input);
      const store = steps.pick(STORES);
      const all = [...migrations[store], ...LATER];
      const engine = new SqliteEngine(':memory:', 'write');
      try {
        const start = (count: number) => startedWith(engine, store, all.slice(0, count));
        const first = steps.byte() % 6;
        const begun = await start(first);
        must(begun === null, 'a new database is refused');
        while (!steps.isOver) {
          const step = steps.byte();
          if (step < ODD.length)
            await engine
              .batch(store, [{ sql: (ODD[step] ?? '').replace(/\bT\b/g, `"${store}_migrations"`), args: [] }])
              .catch(() => undefined);
          else await start(step % (all.length + 1));
        }
      } finally {
        engine.close();
      }
    },
  }),
};

/** One start; checks what it leaves behind. Gives why it was refused. */
async function startedWith(
  engine: SqliteEngine,
  store: Store,
  known: readonly Migration[],
): Promise<string | null> {
  const had = await namesOf(engine, store).catch((): string[] => []);
  const before = await schemaOf(engine, store);
  try {
    await migrate(engine, store, known, nodePlatform);
  } catch (error) {
    must(error instanceof MigrationError, 'a start fails otherwise than by a sentence');
    must(/^[A-Z][^\n]{20,300}\.$/.test(error.message), 'no sentence says why a start is refused');
    const now = await namesOf(engine, store);
    // Those before the one that failed are whole, and stand.
    must(
      had.every((name, index) => now[index] === name),
      'a refused start forgets migrations',
    );
    if (now.length === had.length && had.length > 0)
      same(await schemaOf(engine, store), before, 'a refused start changes tables');
    return error.message;
  }
  const names = await namesOf(engine, store);
  const wanted = known.map((each) => `${each.name} ${checksumOf(nodePlatform, each)}`);
  same(names.slice(0, wanted.length), wanted, 'a start ends without all its migrations');
  if (names.length > wanted.length) {
    must(names.length === had.length, 'an older program applies what it does not know');
    const rest = await engine.rows(
      store,
      `SELECT additive FROM "${store}_migrations" ORDER BY position LIMIT -1 OFFSET ${known.length}`,
      [],
    );
    must(
      rest.every(([additive]) => additive !== 0),
      'an older program starts over what is no addition',
    );
  }
  const after = await schemaOf(engine, store);
  await migrate(engine, store, known, nodePlatform);
  same(await schemaOf(engine, store), after, 'a second start changes tables');
  must(
    known.every((each) => typeof isAdditive(each) === 'boolean'),
    'no word of what is added',
  );
  return null;
}
