/** What administrators do on the centre's pages, with whom it concerns elsewhere: registered by `pages.test.ts`. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { packageRoot } from '../../central/local/processes.ts';
import { afterFile } from '../support/cleanup.ts';
import { ask } from '../support/cluster.ts';
import { type Stage, violationsOf, writeBeside } from './stage.ts';

const HASH = 'A'.repeat(43);
/** How long another node may take to hear of something, on a machine that does much else. */
const REPLICATED = { timeout: 20_000 };

export function administrationFlows(of: () => Stage): void {
  it('asks for an exemption at an edge, has it approved until a day, and shows the answer where it was asked', async () => {
    const stage = of();
    const asks = await stage.visit(stage.madrid, 'helpdesk');
    const { page } = asks;
    await page.goto(`${stage.madrid}/computers`);
    const links = page.locator('tbody th a');
    const first = (await links.nth(0).getAttribute('href')) ?? '';
    const second = (await links.nth(1).getAttribute('href')) ?? '';
    // The second one stays unanswered, for who looks at the page afterwards.
    for (const computer of [first, second]) {
      await page.goto(`${stage.madrid}${computer}`);
      await page.click('#exemption a');
      await page.fill('#endUser', 'CORP\\ana');
      await page.fill('#reason', 'Its firmware is being repaired');
      await page.click('main form button');
      await page.waitForSelector('#exemption .tag.warn');
      expect(await page.locator('#exemption a').count()).toBe(0);
    }
    const approves = await stage.visit(stage.centre, 'administrator');
    const waiting = approves.page.locator('.request');
    await expect
      .poll(async () => {
        await approves.page.goto(`${stage.centre}/admin/exemption-requests`);
        return waiting.count();
      }, REPLICATED)
      .toBe(2);
    expect(await violationsOf(approves)).toEqual([]);
    const mine = waiting.filter({ has: approves.page.locator(`a[href="${first}"]`) });
    await mine.locator('input[type=date]').fill('2099-01-31');
    await mine.locator('button', { hasText: 'Approve' }).click();
    await approves.page.waitForSelector('.tag.good');
    expect(await waiting.count()).toBe(1);
    await expect
      .poll(async () => {
        await page.goto(`${stage.madrid}${first}`);
        return page.locator('#exemption').textContent();
      }, REPLICATED)
      .toMatch(/^ExemptionTemporary user exempt, until 31 Jan 2099\.Approved CORP\\ana/);
    expect([...asks.complaints, ...approves.complaints]).toEqual([]);
    await asks.context.close();
    await approves.context.close();
  });

  it('gives one line for a new edge, which asks for its certificate as it stands there', async () => {
    const stage = of();
    const { page, context, complaints } = await stage.visit(stage.centre, 'administrator');
    await page.goto(`${stage.centre}/admin/edges`);
    await page.fill('#edge-name', 'edge-new');
    await page.selectOption('#edge-site', 'lugo');
    await page.click('main form button');
    const line = (await page.textContent('[data-line]')) ?? '';
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-box-'));
    afterFile(() => rm(folder, { recursive: true, force: true }));
    const command = path.join(folder, 'holdfast');
    const program = path.join(packageRoot(), 'dist/central/cli/holdfast.js');
    await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
    await chmod(command, 0o755);
    // Typed as it stands; only that it does not wait for somebody with the organisation's key.
    const { stdout } = await promisify(execFile)('bash', ['-c', `${line} --no-wait`], {
      ...{ cwd: folder, env: { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`, LANG: 'C' } },
    });
    await page.click('.button.second');
    const row = page.locator('tr', { hasText: 'edge-new-1' });
    expect(await row.locator('.tag').textContent()).toBe('Waits for approval');
    const fingerprint = (await row.locator('td .code').textContent()) ?? '';
    expect(fingerprint).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(stdout).toContain(fingerprint);
    await row.locator('button').click();
    expect(await row.locator('.tag').textContent()).toBe('Revoked');
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('shows escrows that were kept aside, and takes back in or leaves those that are chosen', async () => {
    const stage = of();
    await keepAside(stage, ['PC-LUG-A', 'PC-LUG-B', 'PC-LUG-C']);
    const visitor = await stage.visit(stage.centre, 'administrator');
    const { page, context } = visitor;
    await page.goto(`${stage.centre}/admin/edges`);
    await page.click('text=edge-lugo');
    expect(await page.textContent('main')).toContain('3 to look at');
    await page.click('main a[href$="/aside"]');
    const row = (name: string) => page.locator('tr', { hasText: name });
    for (const [name, decision, state] of [
      ['PC-LUG-A', 'release', 'Released'],
      ['PC-LUG-B', 'refuse', 'Refused'],
    ] as const) {
      await row(name).locator('input').check();
      await page.click(`button[value=${decision}]`);
      expect(await row(name).locator('.tag').textContent()).toBe(state);
    }
    expect(await row('PC-LUG-C').locator('.tag').textContent()).toBe('To look at');
    expect(await row('PC-LUG-A').locator('input').count()).toBe(0);
    expect(await violationsOf(visitor)).toEqual([]);
    await context.close();
  });
}

/** As what a revoked edge wrote later comes in by way of others, which `replication/revocation.test.ts` shows. */
async function keepAside(stage: Stage, names: readonly string[]): Promise<void> {
  const { administrator } = stage.cluster.secrets.tokens;
  const { body } = await ask(administrator, 'GET', `${stage.centre}/v1/admin/edges`);
  const known = z.array(z.object({ name: z.string(), nodeId: z.string() })).parse(body['edges']);
  const lugo = known.find(({ name }) => name === 'edge-lugo')?.nodeId ?? '';
  const statements = names.map((computerName, index) => {
    const escrow = {
      ...{ keyId: randomUUID(), commitment: HASH, deviceId: `d-${'a'.repeat(16)}`, siteId: 'lugo' },
      ...{ volumeId: randomUUID(), volumeType: 1, counter: 1, computerName, domain: 'corp.example' },
      ...{ users: [], claim: 'held', package: null },
      sealed: [{ vaultId: 'organisation-1', enc: HASH, n: 0, ct: HASH }],
    };
    return {
      sql: "INSERT INTO recovery_quarantine (origin, seq, hlc, kind, version, body, hash) VALUES (?, ?, ?, 'escrow', 1, ?, ?)",
      args: [
        ...[`${lugo}.${'a'.repeat(13)}`, index + 1, Date.now() * 1024 + index],
        ...[JSON.stringify(escrow), HASH.slice(1) + String(index + 2)],
      ],
    };
  });
  await writeBeside(path.join(stage.cluster.centreData, 'recovery.db'), statements);
}
