import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { limits } from '../../shared/limits.ts';
import { Branch, DAY, HOUR, SITE, newPc } from '../support/branch.ts';

const alarms = (branch: Branch, of = branch.edge): string[] =>
  of.alarms.list().flatMap(({ type, subject }) => (type === 'disclosure-limit' ? [subject] : []));

describe('limits of the hour', { timeout: 30_000 }, () => {
  it('give each person so many keys, exactly, also when all are asked for at once', async () => {
    const branch = await Branch.open({ personPerHour: 3 });
    const { keyId, recoveryPassword } = await branch.escrow(newPc());
    const answers = await Promise.all(Array.from({ length: 8 }, () => branch.disclose('luis', keyId)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(answers.find(({ status }) => status === 201)?.body).toMatchObject({ recoveryPassword });
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(5);
    expect(refused[0]).toMatchObject({
      code: 'disclosure-limit',
      body: { per: 'person', limit: 3, retryAt: branch.now + HOUR },
    });
    expect(refused[0]?.headers.get('Retry-After')).toBe('3600');
    expect(JSON.stringify(refused)).not.toContain(recoveryPassword);
    expect((await branch.disclose('carla', keyId)).status).toBe(201);
  });

  it('give everybody at a node so many, say when there is room again, and give it then', async () => {
    const branch = await Branch.open({ personPerHour: 2, nodePerHour: 3 });
    const { keyId } = await branch.escrow(newPc());
    for (const who of ['luis', 'luis', 'carla']) {
      expect((await branch.disclose(who, keyId)).status).toBe(201);
      branch.now += 60_000;
    }
    const refused = await branch.disclose('carla', keyId);
    expect(refused).toMatchObject({ status: 429, body: { per: 'node', limit: 3 } });
    branch.now = Number(refused.body['retryAt']) - 1;
    expect((await branch.disclose('carla', keyId)).status).toBe(429);
    branch.now += 1;
    expect((await branch.disclose('carla', keyId)).status).toBe(201);
  });

  it('count what was given out, and neither searches nor refusals', async () => {
    const branch = await Branch.open({ personPerHour: 1 });
    const { keyId } = await branch.escrow(newPc());
    for (let at = 0; at < 3; at += 1) {
      await branch.ask('luis', 'POST', '/v1/recovery/search', { keyId: keyId.slice(0, 8) });
      expect((await branch.disclose('luis', keyId, { endUser: 'CORP\\eve' })).code).toBe('end-user-unknown');
    }
    expect((await branch.disclose('luis', keyId)).status).toBe(201);
  });

  it('survive a restart, and are raised wherever the audit goes without telling everybody who it was', async () => {
    const branch = await Branch.open({ personPerHour: 1 });
    const { keyId } = await branch.escrow(newPc());
    await branch.disclose('luis', keyId);
    await branch.startEdge();
    expect((await branch.disclose('luis', keyId)).status).toBe(429);
    expect(alarms(branch)).toEqual(['madrid']);
    await branch.startEdge();
    expect(alarms(branch)).toEqual(['madrid']);
    await branch.sync();
    expect(alarms(branch, branch.centre.node)).toEqual(['madrid']);
  });

  it('count what a person was given at other nodes, once that is known, and for nobody else', async () => {
    const branch = await Branch.open({ personPerHour: 2, nodePerHour: 2 });
    const { keyId } = await branch.escrow(newPc());
    expect((await branch.disclose('luis', keyId)).status).toBe(201);
    const [record] = await branch.audit();
    if (!record) throw new Error('nothing was recorded');
    // As another helpdesk edge of the region brings it; it is no disclosure of this node's.
    const elsewhere = { ...record, nodeId: 'aaaaaaaaaa', nodeName: 'lugo' };
    await branch.centre.node.ledger.append('recovery', [{ kind: 'audit', body: elsewhere }]);
    await branch.sync();
    expect(await branch.disclose('luis', keyId)).toMatchObject({
      status: 429,
      body: { per: 'person', limit: 2, retryAt: record.at + HOUR },
    });
    expect((await branch.disclose('carla', keyId)).status).toBe(201);
    expect(await branch.disclose('carla', keyId)).toMatchObject({ status: 429, body: { per: 'node' } });
  });

  it('bound searches as well, exactly, with a clear refusal that is recorded and raised', async () => {
    const branch = await Branch.open({ personPerHour: 1, breakGlassDisclosures: 2 });
    const { keyId } = await branch.escrow(newPc());
    const search = (who: string) =>
      branch.ask(who, 'POST', '/v1/recovery/search', { keyId: keyId.slice(0, 8) });
    const many = limits.searchesPerKey + 3;
    const answers = await Promise.all(Array.from({ length: many }, () => search('luis')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(limits.searchesPerKey);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused).toMatchObject({
      code: 'search-limit',
      body: { per: 'person', limit: limits.searchesPerKey, retryAt: branch.now + HOUR },
    });
    expect(refused?.body).not.toHaveProperty('candidates');
    expect(refused?.headers.get('Retry-After')).toBe('3600');
    expect((await branch.story()).filter((told) => told === 'luis search search-limit')).toHaveLength(3);
    expect(alarms(branch)).toEqual(['madrid']);
    expect((await search('carla')).status).toBe(200);
    // On the day on which every PC asks, there is room for as many as may be given out then.
    const asked = await branch.ask('olga', 'POST', '/v1/break-glass', { siteId: SITE, reason: 'x' });
    const { openingId } = z.object({ asked: z.array(z.object({ openingId: z.string() })) }).parse(asked.body)
      .asked[0] ?? { openingId: '' };
    await branch.ask('omar', 'POST', `/v1/break-glass/${openingId}/confirmation`);
    expect((await search('luis')).status).toBe(200);
    branch.now += HOUR;
    expect((await search('luis')).status).toBe(200);
  });

  it('neither lock anybody out for long nor free anybody when a clock jumps', async () => {
    const branch = await Branch.open({ personPerHour: 1 });
    const { keyId } = await branch.escrow(newPc());
    const right = branch.now;
    // A clock that is years ahead and put right: what was recorded meanwhile does not lock the person out.
    branch.now = right + 900 * DAY;
    expect((await branch.disclose('luis', keyId)).status).toBe(201);
    branch.now = right;
    expect((await branch.disclose('luis', keyId)).status).toBe(201);
    // One that is put back by less than an hour frees nobody.
    branch.now = right - HOUR / 2;
    expect((await branch.disclose('luis', keyId)).status).toBe(429);
  });
});
