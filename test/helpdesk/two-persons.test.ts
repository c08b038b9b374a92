import { describe, expect, it } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { Branch, DAY, HOUR, SITE, newPc } from '../support/branch.ts';

const requestPath = (answer: { body: Record<string, unknown> }, what: string): string =>
  `/v1/recovery/requests/${String(answer.body['requestId'])}/${what}`;

describe('two persons', { timeout: 30_000 }, () => {
  it('are asked for by the rule of a site: one asks, another approves at the same edge, the first gets it once', async () => {
    const branch = await Branch.open();
    await branch.setRules({ twoPersons: true }, SITE);
    const { keyId, recoveryPassword } = await branch.escrow(newPc());
    branch.connected = false;
    const asked = await branch.disclose('luis', keyId);
    expect(asked).toMatchObject({ status: 202, body: { state: 'waiting', needs: ['site-rule'] } });
    expect(JSON.stringify(asked)).not.toContain(recoveryPassword);
    // The same question is the same request.
    expect((await branch.disclose('luis', keyId)).body['requestId']).toBe(asked.body['requestId']);
    expect(await branch.ask('luis', 'POST', requestPath(asked, 'disclosure'))).toMatchObject({
      ...{ status: 409, code: 'request-waiting' },
    });
    expect(await branch.ask('luis', 'POST', requestPath(asked, 'approval'))).toMatchObject({
      ...{ status: 403, code: 'second-person-needed' },
    });
    expect(await branch.ask('aurora', 'POST', requestPath(asked, 'approval'))).toMatchObject({
      ...{ status: 403, code: 'forbidden' },
    });
    // It outlives a restart of the edge.
    await branch.startEdge();
    const listed = await branch.ask('carla', 'GET', '/v1/recovery/requests');
    expect(listed.body['requests']).toMatchObject([
      { keyId, askedBy: { staffId: 'luis' }, endUser: 'CORP\\ana' },
    ]);
    expect(await branch.ask('carla', 'POST', requestPath(asked, 'approval'))).toMatchObject({
      ...{ status: 200, body: { state: 'approved', answeredBy: { staffId: 'carla' } } },
    });
    expect(await branch.ask('carla', 'POST', requestPath(asked, 'disclosure'))).toMatchObject({
      ...{ status: 404, code: 'request-unknown' },
    });
    const twice = await Promise.all(
      [0, 1].map(() => branch.ask('luis', 'POST', requestPath(asked, 'disclosure'))),
    );
    expect(twice.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(twice.find(({ status }) => status === 201)?.body).toMatchObject({ recoveryPassword });
    expect((await branch.ask('luis', 'POST', requestPath(asked, 'disclosure'))).code).toBe('request-over');

    branch.connected = true;
    await branch.sync();
    const story = await branch.story(branch.centre.node);
    expect(story).toEqual([
      ...['luis request', 'luis disclosure request-waiting', 'luis approval second-person-needed'],
      ...['aurora approval forbidden', 'carla approval', 'carla disclosure request-unknown'],
      ...['luis disclosure', 'luis disclosure request-over', 'luis disclosure request-over'],
    ]);
    const given = (await branch.audit(branch.centre.node)).find(
      ({ action, status }) => action === 'disclosure' && status === 'Successful',
    );
    expect(given).toMatchObject({
      ...{ requestId: asked.body['requestId'], otherId: 'carla', otherName: 'carla', keyId },
      offlineSince: null,
    });
  });

  it('are not an unlimited number of requests, and an approval counts while whoever gave it might give it', async () => {
    const branch = await Branch.open({ twoPersons: true });
    const pc = newPc();
    const asked = [];
    for (let at = 0; at < limits.requestsPerPersonMax; at += 1)
      asked.push(await branch.disclose('luis', (await branch.escrow(pc)).keyId));
    expect(new Set(asked.map(({ status }) => status))).toEqual(new Set([202]));
    const { keyId } = await branch.escrow(pc);
    expect(await branch.disclose('luis', keyId)).toMatchObject({ status: 503, code: 'overloaded' });
    expect((await branch.story()).at(-1)).toBe('luis disclosure overloaded');
    expect((await branch.disclose('ines', keyId)).status).toBe(202);
    const [first] = asked;
    if (!first) throw new Error('nothing was asked');
    expect((await branch.ask('carla', 'POST', requestPath(first, 'approval'))).status).toBe(200);
    const carla = branch.edge.configuration.get('staff', 'carla')?.body;
    if (!carla) throw new Error('carla is not configured');
    for (const change of [{ revoked: true }, { role: 'reports' as const }, { sites: ['toledo'] }]) {
      await branch.configure('staff', 'carla', { ...carla, ...change });
      const collected = await branch.ask('luis', 'POST', requestPath(first, 'disclosure'));
      expect([change, collected.code]).toEqual([change, 'request-waiting']);
    }
    await branch.configure('staff', 'carla', carla);
    expect((await branch.ask('luis', 'POST', requestPath(first, 'disclosure'))).status).toBe(201);
  });

  it('may disagree: what was denied is not given out, and the note says why', async () => {
    const branch = await Branch.open({ twoPersons: true });
    const { keyId } = await branch.escrow(newPc());
    const asked = await branch.disclose('luis', keyId);
    const denied = await branch.ask('ines', 'POST', requestPath(asked, 'denial'), { note: 'not her voice' });
    expect(denied).toMatchObject({ status: 200, body: { state: 'denied', answeredBy: { staffId: 'ines' } } });
    expect(await branch.ask('luis', 'POST', requestPath(asked, 'disclosure'))).toMatchObject({
      ...{ status: 409, code: 'request-over', body: { state: 'denied' } },
    });
    expect(await branch.ask('carla', 'POST', requestPath(asked, 'approval'))).toMatchObject({
      ...{ status: 409, code: 'request-over' },
    });
    expect((await branch.audit()).find(({ action }) => action === 'denial')).toMatchObject({
      ...{ note: 'not her voice', keyId, otherId: 'luis' },
    });
    // Another try is another request.
    expect((await branch.disclose('luis', keyId)).body['requestId']).not.toBe(asked.body['requestId']);
  });

  it('have half an hour to approve and a quarter to fetch; what was not used in time is recorded once', async () => {
    const branch = await Branch.open({ twoPersons: true });
    const { keyId } = await branch.escrow(newPc());
    const late = await branch.disclose('luis', keyId);
    await branch.live(limits.requestOpenMs);
    expect(await branch.ask('carla', 'POST', requestPath(late, 'approval'))).toMatchObject({
      ...{ code: 'request-over', body: { state: 'expired' } },
    });
    const unused = await branch.disclose('luis', keyId);
    await branch.ask('carla', 'POST', requestPath(unused, 'approval'));
    await branch.live(limits.requestApprovedMs);
    expect((await branch.ask('luis', 'POST', requestPath(unused, 'disclosure'))).code).toBe('request-over');
    await branch.live(HOUR);
    expect((await branch.story()).filter((line) => line === 'luis expiry')).toHaveLength(2);
    expect((await branch.ask('carla', 'GET', '/v1/recovery/requests')).body).toEqual({ requests: [] });
  });

  it('help a user who is not known on the computer: not one helpdesk user alone, but an advanced one or two', async () => {
    const branch = await Branch.open();
    const { keyId } = await branch.escrow(newPc(), undefined, ['CONTOSO\\anna']);
    const stranger = { endUser: 'FABRIKAM\\anna' };
    expect((await branch.disclose('luis', keyId, stranger)).code).toBe('end-user-unknown');
    expect((await branch.disclose('ines', keyId, stranger)).status).toBe(201);
    const asked = await branch.disclose('luis', keyId, { ...stranger, secondPerson: true });
    expect(asked).toMatchObject({ status: 202, body: { needs: ['asked-for', 'end-user-unknown'] } });
    await branch.ask('carla', 'POST', requestPath(asked, 'approval'));
    expect((await branch.ask('luis', 'POST', requestPath(asked, 'disclosure'))).status).toBe(201);
  });

  it('are needed for a stolen device, and one of them advanced; its keys are kept and a retired one is as any', async () => {
    const branch = await Branch.open();
    const pc = newPc();
    const { keyId, recoveryPassword } = await branch.escrow(pc);
    await branch.configure('device-state', pc.token.sub, { state: 'stolen', reason: 'left in a taxi' });
    expect((await branch.disclose('luis', keyId)).code).toBe('device-stolen');
    const asked = await branch.disclose('ines', keyId);
    expect(asked).toMatchObject({ status: 202, body: { needs: ['device-stolen'] } });
    await branch.ask('luis', 'POST', requestPath(asked, 'approval'));
    expect((await branch.ask('ines', 'POST', requestPath(asked, 'disclosure'))).body).toMatchObject({
      recoveryPassword,
    });
    await branch.configure('device-state', pc.token.sub, { state: 'retired', reason: 'replaced' });
    expect((await branch.disclose('luis', keyId)).body).toMatchObject({ recoveryPassword });
  });

  it('are needed after a week without the centre, and break-glass after a month; contact ends both', async () => {
    const branch = await Branch.open();
    const { keyId } = await branch.escrow(newPc());
    const lastContact = branch.now;
    branch.connected = false;
    await branch.live(7 * DAY - HOUR);
    expect((await branch.disclose('luis', keyId)).status).toBe(201);
    expect((await branch.audit()).at(-1)).toMatchObject({ action: 'disclosure', offlineSince: lastContact });
    await branch.live(2 * HOUR);
    expect(await branch.disclose('luis', keyId)).toMatchObject({
      status: 202,
      body: { needs: ['centre-away'] },
    });
    await branch.startEdge();
    expect((await branch.disclose('luis', keyId)).status).toBe(202);
    await branch.live(23 * DAY);
    expect(await branch.disclose('luis', keyId)).toMatchObject({ status: 403, code: 'break-glass-needed' });
    branch.connected = true;
    await branch.sync();
    expect((await branch.disclose('luis', keyId)).status).toBe(201);
  });

  it('are not asked for by a clock that jumps while the edge runs, and a clock alone never asks for break-glass', async () => {
    const branch = await Branch.open();
    const { keyId } = await branch.escrow(newPc());
    branch.connected = false;
    await branch.live(HOUR);
    for (const jump of [900 * DAY, -400 * DAY, 5_000 * DAY]) {
      branch.now += jump;
      await branch.live(HOUR);
      expect((await branch.disclose('ines', keyId)).status).toBe(201);
    }
    // Off, and on again with a clock that is years ahead: three days at most, each time.
    for (const [starts, status] of [
      [1, 201],
      [2, 201],
      [3, 202],
    ] as const) {
      branch.now += 900 * DAY;
      await branch.startEdge();
      await branch.live(HOUR);
      expect((await branch.disclose('ines', keyId)).status, `after ${String(starts)} starts`).toBe(status);
    }
  });
});
