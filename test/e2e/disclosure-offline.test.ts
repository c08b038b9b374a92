/**
 * The centre is killed, and the branches go on giving out keys by their rules: limited, refused, approved by a second
 * person, under break-glass, also over a kill of the edge itself. When the centre is back its audit report has all of
 * it, in order and exactly once, and the mailer's command is run for each disclosure.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { generateToken } from '../../central/local/secrets.ts';
import { DEFAULT_DISCLOSURE_RULES } from '../../shared/helpdesk/rules.ts';
import type { ConfigBody, ConfigKind } from '../../shared/journal/bodies.ts';
import { auditAnswer } from '../../shared/reports/messages.ts';
import { ask, bugsInLogs, openFleet, startCluster, untilNone } from '../support/cluster.ts';
import { load } from '../support/load.ts';
import { apiToken } from '../support/tokens.ts';

const PROGRAM = path.join(packageRoot(), 'dist/central/cli/holdfast.js');
const LIMIT = 3;

describe('with the centre killed', { timeout: 60_000 }, () => {
  let cluster: LocalCluster;
  /** each site's PCs */
  const fleets = new Map<string, Fleet>();
  const officers = { olga: generateToken('hfs'), omar: generateToken('hfs') };
  /** keys of each site */
  const keys = { madrid: [] as string[], toledo: [] as string[] };
  let place = '';
  /** who did what: the whole story, as the audit is to tell it */
  const story: string[] = [];

  beforeAll(async () => {
    const plan = { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 2), disclosuresPerHour: LIMIT };
    cluster = await startCluster(21_500, plan);
    for (const [id, token] of Object.entries(officers)) {
      await configure('api-token', id, apiToken(id, token, { scope: ['keys'] }));
      await configure('staff', id, {
        ...{ name: id, role: 'break-glass-officer', sites: ['madrid'], revoked: false },
      });
    }
    const rules = { ...DEFAULT_DISCLOSURE_RULES, twoPersons: true, siteId: 'toledo' };
    await configure('disclosure-rules', 'toledo', rules);
    for (const site of ['madrid', 'toledo'] as const) {
      const fleet = await openFleet(cluster, { devices: 2, seed: `disclosure ${site}`, sites: [site] });
      await fleet.enrolAll();
      keys[site] = (await load(fleet, 'escrow', at(site), 6)).keyIds;
      fleets.set(site, fleet);
    }
    await untilNone(
      async () => ((await isConfigured()) ? [] : ['the edges do not know their rules yet']),
      10_000,
    );
    place = path.join(cluster.folder, 'outbox.place');
    await holdfast(cluster.centreUrl, cluster.secrets.tokens.administrator, [
      ...['notify', '--state', place, '--exec', 'false'],
    ]);
    await cluster.centre?.stop('SIGKILL');
  }, 60_000);

  async function configure<K extends ConfigKind>(kind: K, id: string, body: ConfigBody<K>): Promise<void> {
    const { administrator } = cluster.secrets.tokens;
    const address = `${cluster.centreUrl}/v1/admin/config/${kind}/${id}`;
    const { status } = await ask(administrator, 'PUT', address, { revision: 0, body });
    expect(status).toBe(200);
  }

  async function isConfigured(): Promise<boolean> {
    const lists = await Promise.all(
      ['edge-madrid', 'edge-toledo'].map(async (edge) => {
        const address = `${cluster.edgeUrl(edge)}/v1/admin/config/disclosure-rules`;
        const { body } = await ask(cluster.secrets.tokens.administrator, 'GET', address);
        return (body['items'] as unknown[]).length;
      }),
    );
    return lists.every((count) => count === 2);
  }

  function holdfast(
    url: string,
    token: string,
    args: readonly string[],
  ): Promise<{ code: number; body: Record<string, unknown>; text: string }> {
    const env = { ...process.env, HOLDFAST_NODE: url, HOLDFAST_TOKEN: token };
    return new Promise((resolve) => {
      execFile(process.execPath, [PROGRAM, '--json', ...args], { env }, (error, stdout, stderr) => {
        const parsed = z.record(z.string(), z.unknown()).catch({}).parse(safeJson(stdout));
        resolve({ code: Number(error?.code ?? 0), body: parsed, text: stdout + stderr });
      });
    });
  }

  const at = (site: string): string => cluster.edgeUrl(`edge-${site}`);

  /** An advanced helpdesk user asks for a key; `said` is what the audit is to say. */
  async function disclose(site: string, keyId: string, said: string, change: object = {}, role?: 'helpdesk') {
    const { helpdesk, advancedHelpdesk } = cluster.secrets.tokens;
    const body = { keyId, reason: 'lost-pin', verification: 'manager', ...change };
    story.push(`${role ? 'helpdesk-1' : 'helpdesk-2'} ${said}`);
    return ask(role ? helpdesk : advancedHelpdesk, 'POST', `${at(site)}/v1/recovery/disclosures`, body);
  }

  it('gives out keys up to the limit, and refuses more, and strangers', async () => {
    const [first = '', second = ''] = keys.madrid;
    for (let count = 0; count < LIMIT; count += 1) {
      const given = await disclose('madrid', first, 'disclosure');
      expect(given).toMatchObject({
        status: 201,
        body: { recoveryPassword: fleets.get('madrid')?.passwordOf(first) },
      });
    }
    const limited = await disclose('madrid', second, 'disclosure disclosure-limit');
    expect(limited).toMatchObject({ status: 429, body: { limit: LIMIT } });
    const stranger = { endUser: 'NOWHERE\\nobody' };
    const refused = await disclose('madrid', second, 'disclosure end-user-unknown', stranger, 'helpdesk');
    expect(refused.status).toBe(403);
  });

  it('has a second person approve at the same edge, by command, over a kill of that edge', async () => {
    const { helpdesk, advancedHelpdesk } = cluster.secrets.tokens;
    const [keyId = ''] = keys.toledo;
    const how = ['--reason', 'bios-changed', '--verification', 'call-back'];
    story.push('helpdesk-2 request');
    const asked = await holdfast(at('toledo'), advancedHelpdesk, ['key', 'disclose', keyId, ...how]);
    expect(asked).toMatchObject({ code: 1, body: { state: 'waiting', needs: ['site-rule'] } });
    const requestId = String(asked.body['requestId']);

    await cluster.edges.get('edge-toledo')?.stop('SIGKILL');
    await cluster.startEdge('edge-toledo');
    await cluster.ready(at('toledo'));
    const listed = await holdfast(at('toledo'), helpdesk, ['key', 'requests']);
    expect(listed.body['requests']).toMatchObject([{ requestId, keyId }]);
    story.push('helpdesk-2 approval second-person-needed', 'helpdesk-1 approval', 'helpdesk-2 disclosure');
    expect((await holdfast(at('toledo'), advancedHelpdesk, ['key', 'approve', requestId])).code).toBe(1);
    expect((await holdfast(at('toledo'), helpdesk, ['key', 'approve', requestId])).code).toBe(0);
    const collected = await holdfast(at('toledo'), advancedHelpdesk, ['key', 'collect', requestId]);
    expect(collected.body).toMatchObject({ recoveryPassword: fleets.get('toledo')?.passwordOf(keyId) });
  });

  it('opens break-glass by two officers, by command, and gives out more than the limit, over a kill', async () => {
    story.push('olga break-glass-request', 'olga break-glass-opening second-person-needed');
    const reason = ['--site', 'madrid', '--reason', 'every PC wants its key'];
    const asked = await holdfast(at('madrid'), officers.olga, ['break-glass', 'ask', ...reason]);
    const [waiting] = z.array(z.object({ openingId: z.string() })).parse(asked.body['asked']);
    const openingId = waiting?.openingId ?? '';
    expect((await holdfast(at('madrid'), officers.olga, ['break-glass', 'open', openingId])).code).toBe(1);
    story.push('omar break-glass-opening');
    const opened = await holdfast(at('madrid'), officers.omar, ['break-glass', 'open', openingId]);
    expect(opened.body).toMatchObject({ open: { openingId, siteId: 'madrid' } });
    for (const keyId of keys.madrid.slice(0, 4))
      expect((await disclose('madrid', keyId, 'disclosure')).status).toBe(201);

    await cluster.edges.get('edge-madrid')?.stop('SIGKILL');
    await cluster.startEdge('edge-madrid');
    await cluster.ready(at('madrid'));
    const ready = await ask(officers.olga, 'GET', `${at('madrid')}/readyz`);
    expect(ready.body).toMatchObject({ breakGlass: { openingId, disclosures: 4 } });
    expect((await disclose('madrid', keys.madrid[4] ?? '', 'disclosure')).status).toBe(201);
    story.push('omar break-glass-end', 'olga break-glass-request break-glass-spent');
    expect((await holdfast(at('madrid'), officers.omar, ['break-glass', 'end', openingId])).code).toBe(0);
    expect((await holdfast(at('madrid'), officers.olga, ['break-glass', 'ask', ...reason])).code).toBe(1);
  });

  it('tells each computer of whose keys how often they were given out', async () => {
    for (const [site, times] of [
      ['madrid', LIMIT + 5],
      ['toledo', 1],
    ] as const) {
      const fleet = fleets.get(site);
      await fleet?.reportAll();
      expect([site, fleet?.counts().toldOfDisclosure]).toEqual([site, times]);
    }
  });

  it('has all of it in the audit report of the centre when that is back, in order and exactly once', async () => {
    await cluster.startCentre();
    await cluster.ready(cluster.centreUrl);
    const { auditor, administrator } = cluster.secrets.tokens;
    const told = async (): Promise<string[]> => {
      const answer = await ask(auditor, 'GET', `${cluster.centreUrl}/v1/reports/recovery-audit?limit=1000`);
      return auditAnswer
        .parse(answer.body)
        .rows.map(({ staffId, action, failure }) =>
          [staffId, action.code, failure?.code ?? ''].join(' ').trim(),
        )
        .reverse();
    };
    await untilNone(async () => {
      const lines = await told();
      return lines.length >= story.length ? [] : [`${String(lines.length)} of ${String(story.length)}`];
    }, 15_000);
    expect(await told()).toEqual(story);

    const alarms = await ask(auditor, 'GET', `${cluster.centreUrl}/readyz`);
    expect(alarms.body['alarms']).toContainEqual(
      expect.objectContaining({ type: 'disclosure-limit', subject: 'edge-madrid' }),
    );

    // The mailer's command is run for each disclosure, in order, and for none twice.
    const file = path.join(cluster.folder, 'told.jsonl');
    const notify = () =>
      holdfast(cluster.centreUrl, administrator, ['notify', '--state', place, '--exec', `cat >> '${file}'`]);
    const disclosures = story.filter((line) => line.endsWith(' disclosure')).length;
    expect((await notify()).body).toEqual({ told: disclosures });
    expect((await notify()).body).toEqual({ told: 0 });
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(disclosures);
    expect(lines.join()).not.toMatch(/\d{6}-\d{6}/);
  });

  it('is ruled by command: limits, names of domains, the state of a device, and which keys need somebody', async () => {
    const { administrator, reports } = cluster.secrets.tokens;
    const does = (...args: string[]) => holdfast(cluster.centreUrl, administrator, args);
    const names = ['--same-domain', 'CORP,example.org', '--same-domain', 'LAB,lab.example.org'];
    const set = await does('rules', 'set', '--person-per-hour', '50', '--two-persons-after', '5', ...names);
    expect(set.body).toMatchObject({
      ...{ personPerHour: 50, nodePerHour: LIMIT, twoPersonsOfflineMs: 5 * 86_400_000, siteId: null },
      domainNames: [
        ['CORP', 'example.org'],
        ['LAB', 'lab.example.org'],
      ],
    });
    expect((await does('rules', 'show', '--site', 'toledo')).body).toMatchObject({
      twoPersons: true,
      from: 'toledo',
    });
    expect((await does('rules', 'show', '--site', 'madrid')).body).toMatchObject({ personPerHour: 50 });
    expect((await does('rules', 'set', '--node-per-hour', 'many')).code).toBe(2);

    const deviceId = fleets.get('madrid')?.devices[0]?.enrolment?.deviceId ?? '';
    const state = await does('device', 'state', deviceId, 'retired', '--reason', 'given away');
    expect(state.body).toEqual({ deviceId, state: 'retired', reason: 'given away' });
    expect((await does('device', 'state', deviceId, 'lost')).code).toBe(2);

    const risky = await holdfast(cluster.centreUrl, reports, ['report', 'keys', '--risk', 'to-be-rotated']);
    const { rows } = z.object({ rows: z.array(z.object({ keyId: z.string() })) }).parse(risky.body);
    const given = [...keys.madrid.slice(0, 5), keys.toledo[0] ?? ''];
    expect(rows.map(({ keyId }) => keyId).sort()).toEqual(given.sort());
    expect(await bugsInLogs(cluster)).toEqual([]);
  });
});

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
