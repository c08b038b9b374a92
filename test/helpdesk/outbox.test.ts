import { describe, expect, it } from 'vitest';
import { limits } from '../../shared/limits.ts';
import type { OutboxAnswer } from '../../shared/helpdesk/messages.ts';
import { Branch, newPc } from '../support/branch.ts';

async function after(branch: Branch, place?: string | null): Promise<OutboxAnswer> {
  const query = typeof place === 'string' ? `?after=${encodeURIComponent(place)}` : '';
  const answer = await branch.ask('admin', 'GET', `/v1/admin/outbox${query}`, undefined, branch.centre);
  expect(answer.status).toBe(200);
  return answer.body as unknown as OutboxAnswer;
}

describe('the outbox', () => {
  it('gives each disclosure once, with the addresses of the drive’s users, and late ones after earlier ones', async () => {
    const branch = await Branch.open();
    const users = ['ana@corp.example.org', 'CORP\\svc', 'lone@host'];
    const { keyId } = await branch.escrow(newPc(), undefined, users);
    await branch.sync();
    const begin = (await after(branch, 'now')).next;
    expect((await after(branch, begin)).notices).toEqual([]);
    branch.connected = false;
    await branch.disclose('luis', keyId, { endUser: 'CORP\\eve' });
    await branch.disclose('luis', keyId, { endUser: 'CORP\\ana' });
    branch.connected = true;
    await branch.sync();
    const first = await after(branch, begin);
    expect(first.notices).toMatchObject([
      {
        to: ['ana@corp.example.org'],
        users,
        keyId,
        nodeName: 'madrid',
        staffName: 'luis',
        reason: 'lost-pin',
      },
    ]);
    // It is another clock's older record that comes now.
    branch.now -= 400 * 86_400_000;
    await branch.disclose('carla', keyId, { endUser: 'CORP\\ana' });
    await branch.sync();
    const second = await after(branch, first.next);
    expect(second.notices.map(({ staffName }) => staffName)).toEqual(['carla']);
    expect((await after(branch, second.next)).notices).toEqual([]);
    expect((await after(branch)).notices).toHaveLength(2);
  });

  it('goes on by the page, through a log of any length, and knows a place that is none', async () => {
    const branch = await Branch.open({ personPerHour: 10_000, nodePerHour: 10_000 });
    const { keyId } = await branch.escrow(newPc());
    const many = limits.outboxNotices + 5;
    for (let at = 0; at < many; at += 1) await branch.disclose('ines', keyId);
    await branch.sync();
    const seen = new Set<string>();
    let place: string | null = null;
    for (;;) {
      const { notices, next }: OutboxAnswer = await after(branch, place);
      for (const { reference } of notices) seen.add(reference);
      if (notices.length === 0) break;
      place = next;
    }
    expect(seen.size).toBe(many);
    const unknown = `${'a'.repeat(10)}.${'a'.repeat(13)}#1`;
    const path = `/v1/admin/outbox?after=${encodeURIComponent(unknown)}`;
    expect((await branch.ask('admin', 'GET', path, undefined, branch.centre)).code).toBe('invalid-request');
    expect((await branch.ask('luis', 'GET', '/v1/admin/outbox', undefined, branch.centre)).code).toBe(
      'forbidden',
    );
  });
});
