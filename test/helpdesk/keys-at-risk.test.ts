import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import type { Guid } from '../../shared/domain/recovery-key.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import { limits } from '../../shared/limits.ts';
import type { KeysAtRiskAnswer } from '../../shared/reports/messages.ts';
import { Branch, DAY, type Pc, newPc } from '../support/branch.ts';
import { csvOf } from '../reports/csv-reader.ts';

const PATH = '/v1/reports/keys-at-risk';

async function atRisk(branch: Branch, query = ''): Promise<KeysAtRiskAnswer> {
  const answer = await branch.ask('aurora', 'GET', `${PATH}${query}`);
  expect(answer.status).toBe(200);
  return answer.body as unknown as KeysAtRiskAnswer;
}

const inShort = ({ rows }: KeysAtRiskAnswer): Record<string, string> =>
  Object.fromEntries(
    rows.map(({ keyId, risks, overdue }) => [
      keyId,
      risks.map(({ code }) => code).join() + (overdue ? '!' : ''),
    ]),
  );

async function keyOf(branch: Branch, pc: Pc): Promise<Guid> {
  const { keyId } = await branch.escrow(pc);
  await branch.report(pc, [keyId]);
  return keyId;
}

describe('keys at risk', () => {
  it('are those given out and not rotated, contradicted, not confirmed, and never seen again, each by name', async () => {
    const branch = await Branch.open();
    const [used, fine, twin] = [newPc(), newPc(), newPc()];
    const given = await keyOf(branch, used);
    await keyOf(branch, fine);
    const { keyId: unseen } = await branch.escrow(newPc());
    const contradicted = await keyOf(branch, newPc());
    await branch.escrow(twin, contradicted);
    await branch.edge.ledger.append('recovery', [importOf(randomUUID() as Guid)]);
    await branch.disclose('luis', given);
    const found = inShort(await atRisk(branch));
    expect(found).toMatchObject({ [given]: 'to-be-rotated', [unseen]: 'never-seen-again' });
    expect(found[contradicted]).toContain('conflict');
    expect(Object.values(found).filter((risks) => risks === 'unverified')).toHaveLength(1);
    expect(Object.keys(found)).toHaveLength(4);
    expect(Object.keys(inShort(await atRisk(branch, '?risk=unverified')))).toHaveLength(1);

    // Overdue after three days by this node's clock, until the drive is reported without it.
    branch.now += 3 * DAY + 1;
    expect(inShort(await atRisk(branch, '?overdue=true'))).toEqual({ [given]: 'to-be-rotated!' });
    await branch.report(used, [await branch.escrow(used).then(({ keyId }) => keyId)]);
    expect(inShort(await atRisk(branch, '?overdue=true'))).toEqual({});
    expect(inShort(await atRisk(branch))[given]).toBeUndefined();
  });

  it('come in pages that leave none out, in both languages as CSV, and for the sites of who asks alone', async () => {
    const branch = await Branch.open();
    const many = limits.riskChunkKeys + 20;
    const drafts = Array.from({ length: many }, () => importOf(randomUUID() as Guid));
    for (let at = 0; at < many; at += 200)
      await branch.edge.ledger.append('recovery', drafts.slice(at, at + 200));
    const ids = new Set<string>();
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: KeysAtRiskAnswer = await atRisk(branch, `?limit=50&cursor=${cursor}`);
      for (const { keyId } of page.rows) ids.add(keyId);
      cursor = page.nextCursor;
    }
    expect(ids.size).toBe(many);
    const csv = async (lang: 'en' | 'es') =>
      csvOf(await branch.send('aurora', 'GET', `${PATH}?format=csv&lang=${lang}`), lang);
    const [english, spanish] = [await csv('en'), await csv('es')];
    expect([english.length, spanish.length]).toEqual([many, many]);
    expect(english[0]).toMatchObject({ 'Needs attention because': 'Imported and not confirmed' });
    expect(spanish[0]).toMatchObject({ 'Requiere atención porque': 'Importada y sin confirmar' });
    await branch.configure('staff', 'aurora', {
      ...{ name: 'aurora', role: 'auditor', sites: ['toledo'], revoked: false },
    });
    expect((await atRisk(branch)).rows).toEqual([]);
    expect((await branch.ask('aurora', 'GET', `${PATH}?site=madrid`)).code).toBe('site-not-assigned');
  });
});

function importOf(keyId: Guid): Draft {
  const hash = nodePlatform.sha256(keyId);
  return {
    kind: 'import',
    body: {
      ...{ keyId, commitment: hash, source: 'mbam', createdAt: null, disclosed: false, staffId: 'admin' },
      ...{ deviceId: `d-${'a'.repeat(16)}`, siteId: 'madrid', volumeId: randomUUID() as Guid, volumeType: 1 },
      ...{ computerName: 'OLD', domain: 'd', users: [], package: null },
      sealed: [{ vaultId: 'org-1', enc: hash, n: 0, ct: hash }],
    },
  };
}
