import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Guid } from '../../shared/domain/recovery-key.ts';
import { Branch, newPc } from '../support/branch.ts';

const guid = (): Guid => randomUUID() as Guid;

/** What is known of each key: its state, whether it is on its drive, whether it was given out. */
async function stateOf(branch: Branch, keyId: string): Promise<string> {
  const answer = await branch.ask('ines', 'POST', '/v1/recovery/search', { keyId });
  const [found] = answer.body['candidates'] as {
    state: string;
    onDrive: boolean | null;
    disclosed: boolean;
  }[];
  if (!found) throw new Error('the key was not found');
  return `${found.state}${found.disclosed ? ', given out' : ''}, ${found.onDrive === null ? 'not seen' : found.onDrive ? 'on the drive' : 'gone'}`;
}

describe('a password is used once', () => {
  it('and is to be rotated until the drive is reported without it, not when a new one comes', async () => {
    const branch = await Branch.open();
    const pc = newPc();
    const { keyId } = await branch.escrow(pc);
    await branch.report(pc, [keyId]);
    expect(await stateOf(branch, keyId)).toBe('present, on the drive');
    await branch.disclose('luis', keyId);
    const rotate = { type: 'rotate', keyId, volumeId: pc.volumeId };
    expect((await branch.report(pc, [keyId])).instructions).toEqual([rotate]);
    const { keyId: next } = await branch.escrow(pc);
    expect(await stateOf(branch, next)).toBe('present, not seen');
    expect(await stateOf(branch, keyId)).toBe('disclosed, given out, on the drive');
    expect((await branch.report(pc, [keyId, next])).instructions).toEqual([rotate]);
    expect((await branch.report(pc, [next])).instructions).toEqual([]);
    expect(await stateOf(branch, keyId)).toBe('rotated, given out, gone');
    expect(await stateOf(branch, next)).toBe('present, on the drive');
  });

  it('and a late, older escrow is kept and displaces nothing: the device counts, and no clock', async () => {
    const branch = await Branch.open();
    const pc = newPc();
    const older = { ...pc, counter: 0 };
    pc.counter = 5;
    const { keyId: current } = await branch.escrow(pc);
    await branch.report(pc, [current]);
    // It comes a year later by the clock, and is older by the device's counter.
    branch.now += 365 * 86_400_000;
    const late = await branch.escrow(older);
    expect(await stateOf(branch, late.keyId)).toBe('rotated, gone');
    expect(await stateOf(branch, current)).toBe('present, on the drive');
    await branch.sync();
    expect((await branch.report(pc, [current])).instructions).toEqual([]);
    expect((await branch.disclose('luis', late.keyId)).body).toMatchObject({
      recoveryPassword: late.recoveryPassword,
    });
    // A report that was under way for as long says nothing either.
    await branch.report(pc, [late.keyId], { counter: 2 });
    expect(await stateOf(branch, current)).toBe('present, on the drive');
  });

  it('and a removable drive gets its new one at whichever computer reports it next', async () => {
    const branch = await Branch.open();
    const [home, office, other] = [newPc(), newPc(), newPc()];
    const stick = guid();
    const { keyId } = await branch.escrow({ ...home, volumeId: stick }, undefined, undefined, 3);
    home.counter = 1;
    const listed = { volumeId: stick, volumeType: 3 } as const;
    await branch.report(home, [keyId], listed);
    await branch.disclose('luis', keyId);
    expect((await branch.report(office, [keyId], listed)).instructions).toEqual([
      { type: 'rotate', keyId, volumeId: stick },
    ]);
    // One that never saw the key there proves nothing.
    await branch.report(other, [guid()], listed);
    expect(await stateOf(branch, keyId)).toBe('disclosed, given out, on the drive');
    await branch.report(office, [guid()], listed);
    expect(await stateOf(branch, keyId)).toBe('rotated, given out, gone');
  });

  it("and the drive's user is told by the next report, each time it was given out, also offline", async () => {
    const branch = await Branch.open();
    const [pc, other] = [newPc(), newPc()];
    const { keyId } = await branch.escrow(pc);
    branch.connected = false;
    expect((await branch.report(pc, [keyId])).notices).toEqual([]);
    await branch.disclose('luis', keyId, { endUser: 'CORP\\eve' });
    expect((await branch.report(pc, [keyId])).notices).toEqual([]);
    const at = branch.now;
    await branch.disclose('luis', keyId);
    branch.now += 60_000;
    await branch.disclose('carla', keyId);
    const { notices } = await branch.report(pc, [keyId]);
    expect(notices).toMatchObject([
      { type: 'key-given-out', keyId, nodeName: 'madrid', at: at + 60_000 },
      { type: 'key-given-out', keyId, nodeName: 'madrid', at },
    ]);
    expect(new Set(notices.map(({ reference }) => reference)).size).toBe(2);
    expect((await branch.report(other, [])).notices).toEqual([]);
  });
});
