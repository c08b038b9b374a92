/** Installing a centre whose stores stand at database servers, each at one of its own. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { InstallError } from '../../central/install/error.ts';
import { fault } from '../../central/words/fault.ts';
import { STORES } from '../../shared/journal/entry.ts';
import { afterFile } from '../support/cleanup.ts';
import { freePorts } from '../support/cluster.ts';
import { bareMachine, photograph } from '../support/install.ts';
import { Sqld, noSqld } from '../support/sqld.ts';

describe('installing a centre at database servers', { timeout: 60_000 }, () => {
  it('proves their replicas, and registers an instance of the writer for each', async ({ skip }) => {
    skip(noSqld !== null, noSqld ?? '');
    const machine = await bareMachine();
    const port = await freePorts(11_560, 6);
    const started: Sqld[] = [];
    afterFile(() => Promise.all(started.map((each) => each.kill())));
    for (const [index, store] of STORES.entries())
      started.push(await Sqld.start(path.join(machine.root, '..', store), port + 3 * index));
    const changes = new Map<string, string>();
    for (const [index, store] of STORES.entries()) {
      changes.set(`HOLDFAST_${store.toUpperCase()}_URL`, started[index]?.url ?? '');
      changes.set(`HOLDFAST_${store.toUpperCase()}_TOKEN`, started[index]?.target.authToken ?? '');
    }
    const before = await photograph(machine.root);
    const failing = machine.install({
      changes,
      atPoint: (point) => {
        if (point === 'enable is done') throw new InstallError(fault('unreadable', 'injected'));
      },
    });
    await expect(failing).rejects.toThrow('injected');
    expect(await photograph(machine.root)).toEqual(before);
    const { writers } = await machine.install({ changes });
    expect(writers.map(({ url, dependsOn }) => [url, dependsOn.engine])).toEqual(
      started.map(({ url }) => [url, 'libsql-server']),
    );
    expect(new Set(writers.map(({ instance }) => instance)).size).toBe(2);
    expect(
      await readFile(path.join(machine.layout.writers, `${writers[0]?.instance ?? ''}.json`), 'utf8'),
    ).not.toContain(started[0]?.target.authToken);
  });
});
