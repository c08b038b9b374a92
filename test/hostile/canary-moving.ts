/** The canary's way through moving: an import with every fault, one that is killed and run again, and an export. */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { expect } from 'vitest';
import { z } from 'zod';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { generateToken } from '../../central/local/secrets.ts';
import { nodePlatform } from '../../central/platform.ts';
import { formatRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import { holdfast, startHoldfast } from '../import/command.ts';
import { configure, fetchOf } from '../support/people.ts';
import { apiToken } from '../support/tokens.ts';

/** More than one request, so that a kill finds something done and something not. */
const OTHERS = 3_000;

/** Resolves with everything that was printed. Reports and the export are left in the cluster's folder, to be searched. */
export async function moveWithCanaries(
  cluster: LocalCluster,
  plant: (name: string, key: Buffer) => string,
): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-canary-source-'));
  let printed = '';
  const run = async (...args: string[]) => {
    const ran = await holdfast(cluster, args);
    printed += ran.stdout + ran.stderr;
    return ran;
  };
  try {
    const held = plant('imported password', randomBytes(16));
    const keyId = randomUUID();
    const wrong = plant('invalid password', randomBytes(16)).replace(/\d$/, (last) =>
      String((Number(last) + 1) % 10),
    );
    const lines = [
      [keyId, held],
      [keyId, plant('conflicting imported password', randomBytes(16))],
      [randomUUID(), wrong],
      [plant('password in the place of an ID', randomBytes(16)), held],
      ['no ID', `"${held}`],
      ...Array.from({ length: OTHERS }, () => [randomUUID(), formatRecoveryPassword(randomBytes(16))]),
      [randomUUID(), plant('last imported password', randomBytes(16))],
    ];
    const file = path.join(folder, 'keys.csv');
    await writeFile(
      file,
      ['RecoveryKeyId,RecoveryKey', ...lines.map((cells) => cells.join(','))].join('\r\n'),
    );
    const report = (name: string) =>
      ['txt', 'json', 'csv'].map((form) => path.join(cluster.folder, `${name}.${form}`));
    const args = ['import', 'mbam', file, '--site', 'madrid'];
    await run(...args, '--dry-run', '--report', ...report('dry'));
    const first = startHoldfast(cluster, args);
    await nodePlatform.sleep(700);
    first.process.kill('SIGKILL');
    const killed = await first.ended;
    printed += killed.stdout + killed.stderr;
    expect(killed.code).toBeNull();
    const again = await run(...args, '--report', ...report('import'));
    expect(again.code).toBe(1);
    expect(existsSync(path.join(cluster.folder, 'import.json'))).toBe(true);
    printed += await exportAll(cluster, held);
    return printed;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function exportAll(cluster: LocalCluster, held: string): Promise<string> {
  let printed = '';
  const officer = generateToken('hfs');
  const body = { name: 'Second', role: 'administrator', sites: null, revoked: false };
  const centre = fetchOf(cluster.centreUrl);
  const { administrator } = cluster.secrets.tokens;
  await configure(centre, administrator, 'staff', 'second-officer', body);
  await configure(centre, administrator, 'api-token', 'second', apiToken('second-officer', officer));
  const as = async (token: string, ...args: string[]) => {
    const ran = await holdfast(cluster, ['--json', 'export', ...args], { token });
    printed += ran.stdout + ran.stderr;
    expect(ran.code, ran.stderr).toBe(0);
    return ran.stdout;
  };
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const made = await as(
    administrator,
    'request',
    '--recipient',
    recipient,
    '--purpose',
    'leaving',
    '--reason',
    'canary',
  );
  const { exportId } = z.object({ exportId: z.string() }).parse(JSON.parse(made));
  await as(officer, 'confirm', exportId);
  const out = path.join(cluster.folder, 'export.age');
  await as(administrator, 'fetch', exportId, '--out', out);
  // It is in there, for whoever may read it.
  const reader = new Decrypter();
  reader.addIdentity(identity);
  expect(await reader.decrypt(await readFile(out), 'text')).toContain(held);
  return printed;
}
