import { describe, expect, it } from 'vitest';
import type { ComputerAnswer, EnterpriseAnswer } from '../../shared/reports/messages.ts';
import { Branch, DAY, newPc } from '../support/branch.ts';

describe('device states', () => {
  it('leave retired computers out of percentages with their keys kept, and show each state', async () => {
    const branch = await Branch.open();
    const [live, silent, retired, stolen] = [newPc(), newPc(), newPc(), newPc()];
    const keys = new Map<string, string>();
    for (const pc of [silent, retired, stolen]) {
      const { keyId } = await branch.escrow(pc);
      keys.set(pc.token.sub, keyId);
      await branch.report(pc, [keyId]);
    }
    branch.now += 31 * DAY;
    await branch.report(live, []);
    const put = (deviceId: string, revision: number, state: string, at = branch.centre) =>
      branch.ask(
        'admin',
        'PUT',
        `/v1/admin/config/device-state/${deviceId}`,
        { revision, body: { state, reason: 'r' } },
        at,
      );
    expect((await put(retired.token.sub, 0, 'retired')).status).toBe(200);
    expect((await put(stolen.token.sub, 0, 'stolen')).status).toBe(200);
    expect((await put('pc-01', 0, 'retired')).code).toBe('invalid-request');
    expect((await put(stolen.token.sub, 0, 'live')).code).toBe('revision-stale');
    await branch.sync();

    const enterprise = (await branch.ask('aurora', 'GET', '/v1/reports/enterprise-compliance'))
      .body as unknown as EnterpriseAnswer;
    expect(enterprise).toMatchObject({
      managed: 3,
      notManaged: { retired: 1, revoked: 0 },
      stolen: 1,
      silent: 1,
    });
    // The silent one counts by its last report, and all shares together are of the three.
    expect(enterprise.states.reduce((sum, { computers: some }) => sum + some, 0)).toBe(3);
    const computers = async (query: string) =>
      (await branch.ask('aurora', 'GET', `/v1/reports/computer-compliance${query}`))
        .body as unknown as ComputerAnswer;
    const states = (await computers('')).computers.map(({ deviceId, deviceState, standing }) => [
      deviceId,
      deviceState.code,
      standing.code,
    ]);
    expect(new Set(states.map(String))).toEqual(
      new Set([
        `${live.token.sub},live,managed`,
        `${silent.token.sub},silent,managed`,
        `${retired.token.sub},retired,retired`,
        `${stolen.token.sub},stolen,managed`,
      ]),
    );
    for (const [state, pc] of [
      ['live', live],
      ['silent', silent],
      ['retired', retired],
      ['stolen', stolen],
    ] as const) {
      const { computers: found } = await computers(`?deviceState=${state}`);
      expect(found.map(({ deviceId }) => deviceId)).toEqual([pc.token.sub]);
    }
    expect((await branch.disclose('luis', keys.get(retired.token.sub) ?? '')).status).toBe(201);

    // Who said so is in the audit, and goes where the keys go.
    expect((await put(retired.token.sub, 1, 'live')).status).toBe(200);
    await branch.sync();
    const said = (await branch.audit()).filter(({ action }) => action === 'device-state');
    expect(said.map(({ staffId, deviceId, note }) => [staffId, deviceId, note])).toEqual([
      ['admin', retired.token.sub, 'retired: r'],
      ['admin', stolen.token.sub, 'stolen: r'],
      ['admin', retired.token.sub, 'live: r'],
    ]);
  });
});
