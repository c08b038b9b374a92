/** What a centre says at its start when a database server, a token or an address is not right: one sentence that names the setting. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '@libsql/client';
import { startCentre } from '../../central/centre.ts';
import { makeIdentity } from '../../central/local/secrets.ts';
import { readCentreSettings } from '../../central/settings.ts';
import { afterFile } from '../support/cleanup.ts';
import { freePorts } from '../support/cluster.ts';
import { makePrivateKey } from '../support/organisation.ts';
import { ADMIN_KEY, Sqld, noSqld, sqldToken } from '../support/sqld.ts';

describe.skipIf(noSqld)(`the settings of a database server ${noSqld ?? ''}`, { timeout: 30_000 }, () => {
  let server: Sqld;
  let replica: Sqld;
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'holdfast-sqld-'));
    const port = await freePorts(11_380, 6);
    server = await Sqld.start(path.join(folder, 'primary'), port);
    replica = await Sqld.start(path.join(folder, 'replica'), port + 3, server);
    const identity = await makeIdentity(
      await makePrivateKey(),
      {
        ...{ name: 'centre', role: 'centre', regionId: null, siteId: null },
        scope: { recovery: 'all', compliance: 'all' },
      },
      [],
    );
    await writeFile(path.join(folder, 'identity.json'), JSON.stringify(identity));
    afterFile(async () => {
      await replica.kill();
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    });
  }, 30_000);

  /** The recovery store at the server, compliance in a file. */
  const settings = (changes: Record<string, string | undefined> = {}) => ({
    HOLDFAST_DATA: path.join(folder, 'centre'),
    HOLDFAST_IDENTITY_FILE: path.join(folder, 'identity.json'),
    HOLDFAST_PORT: '0',
    HOLDFAST_RECOVERY_URL: server.url,
    HOLDFAST_RECOVERY_TOKEN: sqldToken(),
    HOLDFAST_RECOVERY_ADMIN_URL: server.adminUrl,
    HOLDFAST_RECOVERY_ADMIN_KEY: ADMIN_KEY,
    ...changes,
  });
  const said: string[] = [];
  const start = (changes?: Record<string, string | undefined>) =>
    startCentre(readCentreSettings(settings(changes)), (_level, event) => said.push(event));

  it.each([
    ['a token of somebody else', { HOLDFAST_RECOVERY_TOKEN: 'a.b.c' }, /^HOLDFAST_RECOVERY_TOKEN is not acc/],
    ['no token', { HOLDFAST_RECOVERY_TOKEN: undefined }, /^HOLDFAST_RECOVERY_TOKEN is not accepted/],
    [
      'a token that may only read',
      { HOLDFAST_RECOVERY_TOKEN: sqldToken({ a: 'ro' }) },
      /^HOLDFAST_RECOVERY_TOKEN is not accepted/,
    ],
    [
      'an expired token',
      { HOLDFAST_RECOVERY_TOKEN: sqldToken({ exp: 1 }) },
      /^HOLDFAST_RECOVERY_TOKEN is not/,
    ],
    [
      'a server that is not there',
      { HOLDFAST_RECOVERY_URL: 'http://127.0.0.1:9' },
      /HOLDFAST_RECOVERY_URL \(127/,
    ],
    [
      'a wrong admin key',
      { HOLDFAST_RECOVERY_ADMIN_KEY: 'x' },
      /^HOLDFAST_RECOVERY_ADMIN_KEY is not accepted/,
    ],
    [
      'a wrong admin address',
      { HOLDFAST_RECOVERY_ADMIN_URL: 'http://127.0.0.1:9' },
      /HOLDFAST_RECOVERY_ADMIN_URL/,
    ],
    ['an admin address alone', { HOLDFAST_RECOVERY_URL: undefined }, /HOLDFAST_RECOVERY_URL names none/],
    ['another protocol', { HOLDFAST_RECOVERY_URL: 'ws://127.0.0.1' }, /must begin with file:, http:/],
  ])('names %s', async (_what, changes, sentence) => {
    await expect(Promise.resolve().then(() => start(changes))).rejects.toThrow(sentence);
  });

  it('raises an alarm when a token ends while it is used, with the reason', async () => {
    // sqld takes a token for a minute beyond its end.
    const token = sqldToken({ exp: Math.floor(Date.now() / 1000) - 57 });
    const centre = await start({ HOLDFAST_RECOVERY_TOKEN: token });
    const { alarms } = centre.node;
    const deadline = performance.now() + 15_000;
    while (alarms.list().length === 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(alarms.list()).toMatchObject([
      { type: 'storage', subject: 'recovery', detail: expect.stringContaining('unauthorised') },
    ]);
    expect((await fetch(`${centre.url}/readyz`)).status).toBe(503);
    await centre.stop().catch(() => undefined);
  });

  it('says that nothing is promised without an admin address, and works', async () => {
    const centre = await start({
      HOLDFAST_RECOVERY_ADMIN_URL: undefined,
      HOLDFAST_RECOVERY_ADMIN_KEY: undefined,
    });
    expect(said.join('\n')).toContain('HOLDFAST_RECOVERY_ADMIN_URL is not set');
    expect((await fetch(`${centre.url}/readyz`)).status).toBe(200);
    const { ledger } = centre.node;
    expect([ledger.durability('recovery').isUnknown, ledger.durability('compliance').isUnknown]).toEqual([
      true,
      false,
    ]);
    await centre.stop();
  });

  it('starts twice at once over an empty database, and migrates it once', async () => {
    const client = createClient({ url: server.url, authToken: sqldToken() });
    const { rows } = await client.execute(
      `SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name LIKE 'recovery%' ORDER BY type DESC`,
    );
    expect(rows.length).toBeGreaterThan(0);
    client.close();
    const centres = await Promise.all([start(), start({ HOLDFAST_DATA: path.join(folder, 'centre-2') })]);
    await Promise.all(centres.map((centre) => centre.stop()));
  });

  it('has a read replica of its server that follows, for whoever only reads', async () => {
    const client = createClient({ url: replica.url, authToken: sqldToken() });
    const deadline = performance.now() + 10_000;
    const count = async () =>
      Number(
        (await client.execute('SELECT count(*) AS n FROM recovery_migrations').catch(() => null))?.rows[0]?.[
          'n'
        ] ?? 0,
      );
    while ((await count()) === 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await count()).toBeGreaterThan(0);
    client.close();
  });
});
