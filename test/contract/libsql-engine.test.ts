import { expect, it } from 'vitest';
import { libsqlHost } from '../support/libsql.ts';

it('syncs every commit and waits for other processes, on whichever connection a call gets (I1)', async () => {
  const engine = await (await libsqlHost.database()).open();
  const pragmas = ['synchronous', 'busy_timeout', 'journal_mode'];
  const read = pragmas.map((pragma) => engine.rows('recovery', `PRAGMA ${pragma}`, []));
  expect(
    (
      await Promise.all([
        ...read,
        ...pragmas.map((pragma) => engine.rows('recovery', `PRAGMA ${pragma}`, [])),
      ])
    ).flat(2),
  ).toEqual([2, 5_000, 'wal', 2, 5_000, 'wal']);
});
