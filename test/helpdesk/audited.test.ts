import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { Branch, newPc, tokenOf } from '../support/branch.ts';

describe('whoever is known and is refused', () => {
  it('leaves a record at every address that leads to a key, also where their token is for something else', async () => {
    const branch = await Branch.open();
    const { keyId, recoveryPassword } = await branch.escrow(newPc());
    await branch.configure('api-token', 'script-1', {
      ...{ staffId: 'luis', label: 'reports alone', scope: ['reports'], revoked: false },
      ...{ tokenHash: staffTokenHash(nodePlatform, tokenOf('script')), expiresAt: branch.now + 86_400_000 },
    });
    const requestId = `r-${'a'.repeat(16)}`;
    const openingId = `b-${'a'.repeat(16)}`;
    const asked: [method: string, path: string, body: object, action: string][] = [
      ['POST', '/v1/recovery/search', { keyId }, 'search'],
      ['POST', '/v1/recovery/disclosures', { keyId, reason: 'other', verification: 'other' }, 'disclosure'],
      ['GET', '/v1/recovery/requests', {}, 'request'],
      ['POST', `/v1/recovery/requests/${requestId}/approval`, {}, 'approval'],
      ['POST', `/v1/recovery/requests/${requestId}/denial`, {}, 'denial'],
      ['POST', `/v1/recovery/requests/${requestId}/disclosure`, {}, 'disclosure'],
      ['POST', '/v1/break-glass', { siteId: 'madrid', reason: 'x' }, 'break-glass-request'],
      ['POST', `/v1/break-glass/${openingId}/confirmation`, {}, 'break-glass-opening'],
      ['POST', `/v1/break-glass/${openingId}/end`, {}, 'break-glass-end'],
    ];
    for (const [method, path, body] of asked) {
      const answer = await branch.ask('script', method, path, body);
      expect([path, answer.status, answer.code]).toEqual([path, 403, 'forbidden']);
      expect(JSON.stringify(answer.body)).not.toContain(recoveryPassword);
    }
    expect(await branch.story()).toEqual(asked.map(([, , , action]) => `luis ${action} forbidden`));
    // Nor does it get anybody past the record that they, or their token, are good for nothing any more.
    const luis = { name: 'luis', role: 'helpdesk', sites: null, revoked: true } as const;
    await branch.configure('staff', 'luis', luis);
    expect((await branch.ask('luis', 'POST', '/v1/recovery/search', { keyId })).code).toBe('token-invalid');
    expect((await branch.story()).at(-1)).toBe('luis search token-invalid');
    await branch.configure('staff', 'luis', { ...luis, revoked: false });
    branch.now += 2 * 86_400_000;
    expect((await branch.ask('script', 'POST', '/v1/recovery/search', { keyId })).code).toBe('token-invalid');
    expect((await branch.story()).filter((told) => told === 'luis search token-invalid')).toHaveLength(2);
    // A token that is nobody's leaves nothing, for there is nobody to name.
    expect((await branch.ask('nobody', 'POST', '/v1/recovery/search', { keyId })).code).toBe('token-invalid');
    expect(await branch.story()).toHaveLength(asked.length + 2);
  });
});
