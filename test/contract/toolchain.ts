import { expect, it } from 'vitest';
import exampleSql from './toolchain.sql';

/** Runs one statement and returns the first column of its first row. */
export type RunSql = (sql: string) => Promise<unknown>;

/** What every engine's test run relies on: `.sql` files arrive as text, and a suite can be shared between hosts. */
export function toolchainContract(runSql: RunSql): void {
  it('imports .sql files as text that the engine runs', async () => {
    expect(exampleSql).toContain('SELECT');
    expect(await runSql(exampleSql)).toBe(42);
  });
}
