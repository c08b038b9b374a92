import { expect, it } from 'vitest';
import type { AskedExemption } from '../../shared/exemptions/messages.ts';
import { limits } from '../../shared/limits.ts';
import { Branch, DAY, SITE, newPc } from '../support/branch.ts';

const PATH = '/v1/exemptions/requests';

const states = (body: Record<string, unknown>) =>
  (body['requests'] as AskedExemption[]).map(({ state, answer }) => [state, answer?.until ?? null]);

it('is asked for by the helpdesk without the centre, approved by an administrator until a day, and ends by itself', async () => {
  const branch = await Branch.open();
  const pc = newPc();
  const deviceId = pc.token.sub;
  await branch.report(pc, []);
  const [until, sooner] = [branch.now + 30 * DAY, branch.now + 7 * DAY];
  const asked = { deviceId, endUser: 'CORP\\ana', reason: 'Firmware is being repaired', until };

  branch.connected = false;
  expect(await branch.ask('luis', 'POST', PATH, { ...asked, until: branch.now - 1 })).toMatchObject({
    ...{ status: 400, body: { fields: [{ at: 'until' }] } },
  });
  for (const bad of [
    ...[{ reason: '' }, { endUser: '' }, { endUser: 'x'.repeat(321) }, { reason: 'a\u0000b' }],
    ...[{ until: 1.5 }, { until: 'tomorrow' }, { deviceId: 'd-*' }, { approved: true }],
  ])
    expect((await branch.ask('luis', 'POST', PATH, { ...asked, ...bad })).code).toBe('invalid-request');
  expect((await branch.ask('luis', 'GET', `${PATH}?deviceId=*`)).code).toBe('invalid-request');
  expect(states((await branch.ask('luis', 'GET', PATH)).body)).toEqual([]);
  expect((await branch.ask('luis', 'POST', PATH, { ...asked, deviceId: `d-${'a'.repeat(16)}` })).code).toBe(
    'not-found',
  );
  expect((await branch.ask('aurora', 'POST', PATH, asked)).code).toBe('forbidden');
  const request = await branch.ask('luis', 'POST', PATH, asked);
  expect(request).toMatchObject({
    status: 201,
    body: { ...asked, siteId: SITE, computerName: pc.computerName, state: 'waiting', answer: null },
  });
  expect((await branch.ask('carla', 'POST', PATH, asked)).code).toBe('exemption-open');
  const requestId = String(request.body['requestId']);
  const answerPath = (what: string, of = requestId) => `${PATH}/${of}/${what}`;
  // Only a centre configures.
  expect((await branch.ask('admin', 'POST', answerPath('approval'), { until: null })).code).toBe('forbidden');
  expect((await branch.report(pc, [])).policy.enforcement).toBe('enforced');

  branch.connected = true;
  await branch.sync();
  const { centre } = branch;
  for (const [who, what, body, code] of [
    ['luis', 'approval', { until: null }, 'forbidden'],
    ['admin', 'approval', { until: branch.now - 1 }, 'invalid-request'],
  ] as const)
    expect((await branch.ask(who, 'POST', answerPath(what), body, centre)).code).toBe(code);
  expect(
    (await branch.ask('admin', 'POST', answerPath('approval', `x-${'a'.repeat(16)}`), { until }, centre))
      .code,
  ).toBe('exemption-unknown');
  const approval = { until: sooner, note: 'A week is enough' };
  expect(await branch.ask('admin', 'POST', answerPath('approval'), approval, centre)).toMatchObject({
    status: 200,
    body: { state: 'approved', answer: { ...approval, answeredBy: { staffId: 'admin' } } },
  });
  expect((await branch.ask('admin', 'POST', answerPath('refusal'), {}, centre)).code).toBe('exemption-over');

  // Whoever asked sees the answer at their own node, and the device is told there.
  await branch.sync();
  const seen = await branch.ask('luis', 'GET', `${PATH}?deviceId=${deviceId}`);
  expect(states(seen.body)).toEqual([['approved', sooner]]);
  expect((await branch.report(pc, [])).policy.enforcement).toBe('temporary-user-exempt');
  branch.now = sooner + 1;
  expect((await branch.report(pc, [])).policy.enforcement).toBe('enforced');

  // Asked again and refused: nothing changes.
  const again = await branch.ask('ines', 'POST', PATH, { ...asked, until: null });
  await branch.sync();
  const refusal = answerPath('refusal', String(again.body['requestId']));
  expect((await branch.ask('admin', 'POST', refusal, { note: 'No' }, centre)).body).toMatchObject({
    ...{ state: 'refused', answer: { note: 'No', until: null } },
  });
  await branch.sync();
  expect(states((await branch.ask('luis', 'GET', PATH)).body)).toEqual([
    ['refused', null],
    ['approved', sooner],
  ]);
  expect((await branch.report(pc, [])).policy.enforcement).toBe('enforced');
});

it('shows people the requests of their own sites, and lets no more wait than anybody can answer', async () => {
  const branch = await Branch.open();
  const pc = newPc();
  await branch.report(pc, []);
  const asked = { deviceId: pc.token.sub, endUser: 'ana', reason: 'a test', until: null };
  await branch.configure('staff', 'luis', {
    ...{ name: 'luis', role: 'helpdesk', sites: ['toledo'], revoked: false },
  });
  expect((await branch.ask('luis', 'POST', PATH, asked)).code).toBe('site-not-assigned');
  await branch.ask('carla', 'POST', PATH, asked);
  expect(states((await branch.ask('luis', 'GET', PATH)).body)).toEqual([]);
  expect(states((await branch.ask('carla', 'GET', PATH)).body)).toEqual([['waiting', null]]);
  const full = Array.from({ length: limits.exemptionRequestsOpenMax - 1 }, (_, index) => ({
    kind: 'exemption-request' as const,
    body: {
      ...{
        ...asked,
        requestId: `x-${String(index)
          .padStart(16, 'a')
          .replace(/[0189]/g, (digit) => 'bcdf'['0189'.indexOf(digit)] ?? '')}`,
      },
      ...{ siteId: SITE, computerName: 'PC', at: 1, staffId: 'carla', staffName: 'Carla' },
    },
  }));
  for (const some of [full.slice(0, 250), full.slice(250)]) await branch.edge.ledger.append('recovery', some);
  const other = newPc();
  await branch.report(other, []);
  expect((await branch.ask('carla', 'POST', PATH, { ...asked, deviceId: other.token.sub })).status).toBe(503);
});
