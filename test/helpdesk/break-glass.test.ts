import { describe, expect, it } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { Branch, DAY, HOUR, SITE, newPc } from '../support/branch.ts';

const PATH = '/v1/break-glass';

async function openIt(branch: Branch, siteId = SITE): Promise<string> {
  const asked = await branch.ask('olga', 'POST', PATH, { siteId, reason: 'every PC shows a blue screen' });
  expect(asked.status).toBe(201);
  const [waiting] = asked.body['asked'] as { openingId: string }[];
  const openingId = waiting?.openingId ?? '';
  expect((await branch.ask('omar', 'POST', `${PATH}/${openingId}/confirmation`)).status).toBe(200);
  return openingId;
}

const statusOf = async (answer: Promise<{ status: number }>): Promise<number> => (await answer).status;

describe('break-glass', { timeout: 30_000 }, () => {
  it('is opened by two officers together, while the centre is away, and lifts what the rules of other days ask', async () => {
    const branch = await Branch.open({ personPerHour: 2, twoPersons: true, breakGlassDisclosures: 30 });
    const { keyId, recoveryPassword } = await branch.escrow(newPc());
    branch.connected = false;
    await branch.live(31 * DAY);
    expect((await branch.disclose('luis', keyId)).code).toBe('break-glass-needed');
    expect(await statusOf(branch.ask('luis', 'POST', PATH, { siteId: SITE, reason: 'x' }))).toBe(403);
    expect(await statusOf(branch.ask('admin', 'POST', PATH, { siteId: SITE, reason: 'x' }))).toBe(403);

    const asked = await branch.ask('olga', 'POST', PATH, { siteId: SITE, reason: 'blue screens' });
    expect(asked.body).toMatchObject({ open: null, asked: [{ siteId: SITE, askedBy: { staffId: 'olga' } }] });
    const openingId = (asked.body['asked'] as { openingId: string }[])[0]?.openingId ?? '';
    const confirm = (who: string) => branch.ask(who, 'POST', `${PATH}/${openingId}/confirmation`);
    expect((await confirm('olga')).code).toBe('second-person-needed');
    expect((await confirm('luis')).code).toBe('forbidden');
    expect((await confirm('omar')).body).toMatchObject({
      open: {
        openingId,
        siteId: SITE,
        disclosures: 0,
        disclosuresMax: 30,
        remainingMs: limits.breakGlassOpenMs,
      },
    });
    for (let at = 0; at < 10; at += 1)
      expect((await branch.disclose('luis', keyId)).body).toMatchObject({ recoveryPassword });
    // What it does not lift: roles, the user to be named, one site.
    expect((await branch.disclose('olga', keyId)).code).toBe('forbidden');
    expect((await branch.disclose('luis', keyId, { endUser: 'CORP\\eve' })).code).toBe('end-user-unknown');
    const elsewhere = await branch.escrow(newPc('toledo'));
    expect((await branch.disclose('luis', elsewhere.keyId)).code).toBe('break-glass-needed');

    const records = await branch.audit();
    expect(
      records.filter(({ breakGlassId, action }) => breakGlassId === openingId && action === 'disclosure'),
    ).toHaveLength(10);
    expect(
      records.find(({ action, status }) => action === 'break-glass-opening' && status === 'Successful'),
    ).toMatchObject({ staffId: 'omar', otherId: 'olga', siteId: SITE, note: 'blue screens' });
    branch.connected = true;
    await branch.sync();
    const types = () => branch.centre.node.alarms.list().map(({ type, subject }) => `${type} ${subject}`);
    expect(types()).toContain(`break-glass madrid ${SITE}`);
    await branch.ask('olga', 'POST', `${PATH}/${openingId}/end`);
    await branch.sync();
    expect(types()).not.toContain(`break-glass madrid ${SITE}`);
  });

  it('ends by itself after four hours as the edge lives them, whatever its clock says, and over restarts', async () => {
    const branch = await Branch.open();
    const openingId = await openIt(branch);
    branch.connected = false;
    const isOpen = async () => (await branch.ask('olga', 'GET', PATH)).body['open'] !== null;
    branch.now += 900 * DAY;
    await branch.live(HOUR);
    expect(await isOpen()).toBe(true);
    branch.now -= 2_000 * DAY;
    await branch.live(HOUR);
    await branch.startEdge();
    expect(await isOpen()).toBe(true);
    const ready = await branch.ask('olga', 'GET', '/readyz');
    expect(ready.body).toMatchObject({ breakGlass: { openingId, siteId: SITE } });
    await branch.live(HOUR);
    expect(await isOpen()).toBe(true);
    await branch.live(HOUR + 4 * limits.livedTickMsMax);
    expect(await isOpen()).toBe(false);
    await branch.startEdge();
    await branch.live(HOUR);
    expect((await branch.story()).filter((line) => line.endsWith('break-glass-end'))).toEqual([
      'omar break-glass-end',
    ]);
  });

  it('ends when so many keys were given out, and their number survives a restart', async () => {
    const branch = await Branch.open({ personPerHour: 1, breakGlassDisclosures: 3 });
    const { keyId } = await branch.escrow(newPc());
    await openIt(branch);
    expect(await statusOf(branch.disclose('luis', keyId))).toBe(201);
    await branch.startEdge();
    const many = await Promise.all(Array.from({ length: 5 }, () => branch.disclose('luis', keyId)));
    // Two of the opening, and one that the hour allows.
    expect(many.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(many.filter(({ status }) => status === 429)).toHaveLength(2);
    await branch.live(60_000);
    expect((await branch.story()).filter((line) => line.endsWith('break-glass-end'))).toHaveLength(1);
  });

  it.each([
    ['a rule that asks for two persons', { twoPersons: true }, 0, 'waiting'],
    ['a month without the centre', { breakGlassOfflineMs: HOUR }, 2 * HOUR, 'break-glass-needed'],
  ])('lets no more pass than it has left when all ask at once, in spite of %s', async (...of) => {
    const [, rules, away, otherwise] = of;
    const branch = await Branch.open({ ...rules, breakGlassDisclosures: 2 });
    const { keyId } = await branch.escrow(newPc());
    branch.connected = false;
    await branch.live(away);
    await openIt(branch);
    const answers = await Promise.all(Array.from({ length: 6 }, () => branch.disclose('luis', keyId)));
    const outcomes = answers.map(({ status, code, body }) =>
      status === 201 ? 'given' : (code ?? body['state']),
    );
    expect(outcomes.filter((outcome) => outcome === 'given')).toHaveLength(2);
    expect(outcomes.filter((outcome) => outcome === otherwise)).toHaveLength(4);
  });

  it('takes two who are officers of the site when it is opened, not when it was asked for', async () => {
    const branch = await Branch.open();
    const asked = await branch.ask('olga', 'POST', PATH, { siteId: SITE, reason: 'x' });
    const { openingId } = (asked.body['asked'] as { openingId: string }[])[0] ?? { openingId: '' };
    const olga = { name: 'olga', role: 'break-glass-officer', sites: null, revoked: false } as const;
    const confirm = () => branch.ask('omar', 'POST', `${PATH}/${openingId}/confirmation`);
    for (const change of [{ revoked: true }, { role: 'auditor' as const }, { sites: ['toledo'] }]) {
      await branch.configure('staff', 'olga', { ...olga, ...change });
      expect((await confirm()).code).toBe('break-glass-unknown');
    }
    await branch.configure('staff', 'olga', olga);
    expect((await confirm()).status).toBe(200);
  });

  it('is not opened again before the centre holds the record of the last time', async () => {
    const branch = await Branch.open();
    branch.connected = false;
    const openingId = await openIt(branch);
    const ask = () => branch.ask('olga', 'POST', PATH, { siteId: SITE, reason: 'again' });
    expect((await ask()).code).toBe('break-glass-open');
    expect(await statusOf(branch.ask('omar', 'POST', `${PATH}/${openingId}/end`))).toBe(200);
    expect((await ask()).code).toBe('break-glass-spent');
    branch.now += 900 * DAY;
    await branch.startEdge();
    expect((await ask()).code).toBe('break-glass-spent');
    branch.connected = true;
    await branch.sync();
    branch.connected = false;
    // Once more, under a clock that was put back: it is the last opening that counts, whatever time it says.
    branch.now -= 2_000 * DAY;
    await branch.startEdge();
    const again = await openIt(branch);
    await branch.startEdge();
    expect((await ask()).code).toBe('break-glass-open');
    await branch.ask('omar', 'POST', `${PATH}/${again}/end`);
    await branch.startEdge();
    expect((await ask()).code).toBe('break-glass-spent');
  });

  it('keeps to officers of the site, sites that there are, and edges that can open their keys', async () => {
    const branch = await Branch.open();
    await branch.configure('staff', 'olga', {
      ...{ name: 'olga', role: 'break-glass-officer', sites: ['toledo'], revoked: false },
    });
    const ask = (siteId: string, who = 'olga') => branch.ask(who, 'POST', PATH, { siteId, reason: 'x' });
    expect((await ask(SITE)).code).toBe('site-not-assigned');
    expect((await ask('nowhere', 'omar')).code).toBe('invalid-request');
    const elsewhere = { name: 'Lugo', regionId: 'norte' };
    await branch.configure('site', 'lugo', elsewhere);
    expect((await ask('lugo', 'omar')).code).toBe('vault-not-here');
    const centre = { siteId: SITE, reason: 'x' };
    expect((await branch.ask('omar', 'POST', PATH, centre, branch.centre)).code).toBe('forbidden');
    expect((await branch.ask('omar', 'POST', `${PATH}/b-${'a'.repeat(16)}/confirmation`)).code).toBe(
      'break-glass-unknown',
    );
    const story = await branch.story();
    expect(
      story.every((line) =>
        / (?:site-not-assigned|invalid-request|vault-not-here|break-glass-unknown)$/.test(line),
      ),
    ).toBe(true);
    expect(story).toHaveLength(4);
  });
});
