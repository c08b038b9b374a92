/** What `npm start` does not start with: each is one sentence that names the setting, exit code 2, and nothing touched. */
import { cp, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createClient } from '@libsql/client';
import { beforeAll, describe, expect, it } from 'vitest';
import { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { freePorts } from '../support/cluster.ts';
import { shell, temporaryFolder, type Finished } from './program.ts';

describe('npm start refuses', { timeout: 60_000 }, () => {
  let whole: string;
  let port: string;

  beforeAll(async () => {
    whole = path.join(await temporaryFolder(), 'whole');
    port = String(await freePorts(10_270, 4));
    const cluster = await LocalCluster.prepare(whole, DEMO_PLAN, Number(port));
    await cluster.startAll();
    await cluster.stopAll();
  }, 60_000);

  const start = (settings: Record<string, string>): Promise<Finished> =>
    shell(`exec ${process.execPath} ${path.join(packageRoot(), 'dist/central/start/main.js')}`, {
      HOLDFAST_PORT: port,
      HOLDFAST_FLEET: '0',
      ...settings,
    });

  async function copy(): Promise<string> {
    const folder = path.join(await temporaryFolder(), 'data');
    await cp(whole, folder, { recursive: true });
    return folder;
  }

  function expectSentence({ code, out, err }: Finished, text: string | RegExp): void {
    expect(err).toMatch(text);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(`${out}${err}`).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  }

  it.each([
    ['HOLDFAST_PORT', 'abc', 'HOLDFAST_PORT is "abc", but must be a whole number from 1 to 65532.'],
    ['HOLDFAST_PORT', '0', 'HOLDFAST_PORT is "0"'],
    ['HOLDFAST_PORT', '65533', 'HOLDFAST_PORT is "65533"'],
    ['HOLDFAST_FLEET', '-1', 'HOLDFAST_FLEET is "-1"'],
    ['HOLDFAST_DATA', '/dev/null/data', 'HOLDFAST_DATA (/dev/null/data) is not a folder that can be written'],
    ['HOLDFAST_DATA', '/proc/self', 'HOLDFAST_DATA (/proc/self)'],
  ])('%s=%s', async (name, value, sentence) => {
    const folder = await temporaryFolder();
    const { code, err } = await start({ HOLDFAST_DATA: path.join(folder, 'data'), [name]: value });
    expect(err).toContain(sentence);
    expect(code).toBe(2);
  });

  it('says it in Spanish where the locale is', async () => {
    const told = await start({
      HOLDFAST_DATA: await temporaryFolder(),
      HOLDFAST_PORT: 'x',
      LANG: 'es_ES.UTF-8',
    });
    expectSentence(told, 'HOLDFAST_PORT es "x", pero debe ser un número entero');
  });

  it('a folder that holds something else, and leaves it as it is', async () => {
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, 'thesis.txt'), 'years of work');
    expectSentence(
      await start({ HOLDFAST_DATA: folder }),
      /HOLDFAST_DATA \(.*\) already holds something else \(thesis\.txt\)/,
    );
    expect(await readdir(folder)).toEqual(['thesis.txt']);
  });

  it('secrets that are cut short, and does not make new ones', async () => {
    const folder = await copy();
    const secrets = path.join(folder, 'secrets.json');
    await truncate(secrets, 1_000);
    expectSentence(await start({ HOLDFAST_DATA: folder }), /HOLDFAST_DATA .* secrets\.json is not whole/);
    expect(await readFile(secrets, 'utf8')).toHaveLength(1_000);
  });

  it('databases whose secrets are gone', async () => {
    const folder = path.join(await temporaryFolder(), 'data');
    await mkdir(folder);
    await cp(path.join(whole, 'centre'), path.join(folder, 'centre'), { recursive: true });
    expectSentence(
      await start({ HOLDFAST_DATA: folder }),
      /HOLDFAST_DATA .* holds databases but no secrets\.json/,
    );
  });

  it.each(['centre/recovery.db', 'edges/edge-madrid/data'])(
    'a database that is none, in %s',
    async (where) => {
      const folder = await copy();
      const names = where.endsWith('.db') ? [where] : await databasesIn(folder, where);
      for (const name of names) await writeFile(path.join(folder, name), 'not a database'.repeat(1_000));
      expectSentence(
        await start({ HOLDFAST_DATA: folder }),
        new RegExp(`HOLDFAST_DATA .* is damaged: ${names[0] ?? ''}`),
      );
    },
  );

  it('a database that is damaged inside, once the centre has seen it', async () => {
    const folder = await copy();
    const file = path.join(folder, 'centre/recovery.db');
    const client = createClient({ url: `file:${file}` });
    await client.execute('PRAGMA wal_checkpoint(TRUNCATE)');
    client.close();
    const bytes = await readFile(file);
    // Past the header, which alone is looked at before anything is started.
    bytes.fill(0xa5, 100);
    await writeFile(file, bytes);
    const told = await start({ HOLDFAST_DATA: folder });
    expect(told.err).toMatch(/^holdfast: .*HOLDFAST_DATA/m);
    expect(told.err).not.toMatch(/^\s+at /m);
    expect(told.code).toBe(2);
  });

  async function databasesIn(folder: string, where: string): Promise<string[]> {
    const names = await readdir(path.join(folder, where), { recursive: true });
    return names
      .filter((name) => name.endsWith('.sqlite'))
      .sort()
      .map((name) => path.join(where, name));
  }
});
