import { expect, it } from 'vitest';
import { EngineError } from '../../shared/journal/engine.ts';
import type { Host } from '../support/node.ts';

/** What the journal relies on in an engine, and in SQLite as each host builds it. */
export function engineContract(host: Host): void {
  it('runs a batch as a whole or not at all', async () => {
    const engine = await (await host.database()).open();
    await engine.batch('recovery', [
      { sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, ok INTEGER CHECK (ok = 1))', args: [] },
    ]);
    const insert = (id: number, ok: number) => ({
      sql: 'INSERT INTO t (id, ok) VALUES (?, ?)',
      args: [id, ok],
    });
    await expect(engine.batch('recovery', [insert(1, 1), insert(2, 0), insert(3, 1)])).rejects.toMatchObject({
      name: 'EngineError',
      reason: 'constraint',
    });
    expect(await engine.rows('recovery', 'SELECT count(*) FROM t', [])).toEqual([[0]]);
    await engine.batch('recovery', [insert(1, 1)]);
    expect(await engine.rows('recovery', 'SELECT id, ok FROM t', [])).toEqual([[1, 1]]);
  });

  it('keeps bound values out of what it says (I8)', async () => {
    const engine = await (await host.database()).open();
    await engine.batch('recovery', [{ sql: 'CREATE TABLE t (secret TEXT UNIQUE)', args: [] }]);
    const insert = { sql: 'INSERT INTO t (secret) VALUES (?)', args: ['042647-302313'] };
    await engine.batch('recovery', [insert]);
    const failed = await engine.batch('recovery', [insert]).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(EngineError);
    expect(String(failed)).not.toContain('042647');
    expect(Object.values(failed as object).join(' ')).not.toContain('042647');
  });

  it.each([
    ['a broken condition', 'INSERT INTO t (id, ok) VALUES (1, 0)', 'constraint'],
    ['a value of the wrong type', "INSERT INTO t (id, ok) VALUES ('x', 1)", 'constraint'],
    ['a value that is too big', 'INSERT INTO t (id, ok) VALUES (1, zeroblob(2000000000))', 'constraint'],
    ['text that is no JSON', "INSERT INTO t (id, ok) SELECT value, 1 FROM json_each('[')", 'constraint'],
    ['a table that is missing', 'INSERT INTO nowhere (id) VALUES (1)', 'other'],
  ])('says what kind of failure %s is', async (_what, sql, reason) => {
    const engine = await (await host.database()).open();
    await engine.batch('recovery', [
      { sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, ok INTEGER CHECK (ok = 1))', args: [] },
    ]);
    await expect(engine.batch('recovery', [{ sql, args: [] }])).rejects.toMatchObject({ reason });
  });

  it('gives whole numbers back exactly, and text of any script', async () => {
    const engine = await (await host.database()).open();
    const text = 'Büro "Nord" 営業部 💻 \u2028 \\ \'';
    const args = [Number.MAX_SAFE_INTEGER, text, null];
    expect(await engine.rows('compliance', 'SELECT ?, ?, ?', args)).toEqual([args]);
    const json = JSON.stringify([args]);
    expect(
      await engine.rows(
        'compliance',
        `SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)`,
        [json],
      ),
    ).toEqual([[Number.MAX_SAFE_INTEGER, text]]);
  });

  it('counts the bytes of a text', async () => {
    const engine = await (await host.database()).open();
    expect(await engine.rows('recovery', 'SELECT octet_length(?)', ['é営💻'])).toEqual([[9]]);
  });
}
