import { expect, it } from 'vitest';
import { EngineError } from '../../shared/journal/engine.ts';
import { limits } from '../../shared/limits.ts';
import type { ReportHead } from '../../shared/reports/messages.ts';
import type { Host } from '../support/node.ts';
import { makeIdentity } from '../support/organisation.ts';
import { device, openFleet } from './fleet.ts';
import { MINUTE, NOW, copyInto, json, openInstallation, tokenOf } from './installation.ts';

const REPORTS = ['enterprise-compliance', 'computer-compliance', 'recovery-audit'] as const;
const path = (report: string) => `/v1/reports/${report}`;

interface FreshnessHeader {
  readonly node: string;
  readonly generatedAt: string;
  readonly offlineSince: string | null;
  readonly nodes: readonly Record<string, unknown>[];
  readonly nodesNotShown: number;
}

export function freshnessContract(host: Host): void {
  it('at a centre each report says how current each edge is', async () => {
    const { organisation, centre, other } = await openFleet(host);
    const { certificate } = other.node.identity;
    const held = { [other.node.ledger.self]: 3 };
    centre.node.peers.contact(certificate, 'compliance', held);
    const names = {
      nodeId: certificate.nodeId,
      nodeName: certificate.name,
      siteId: 'site-1',
      siteName: 'site-1',
    };
    for (const report of REPORTS) {
      const head = await json<ReportHead>(await centre.get(path(report)));
      expect(head).toMatchObject({
        ...{ generatedAt: NOW, offlineSince: null, holds: { recovery: 'all', compliance: 'all' } },
        node: { name: centre.node.identity.certificate.name, role: 'centre' },
        freshness: [{ ...names, asOf: NOW, entriesBehind: 0, lastContactWithCentre: NOW }],
      });
    }
    // One that has written nothing yet is listed too.
    const silent = await makeIdentity(host.platform, organisation);
    centre.node.peers.contact(silent.certificate, 'recovery', {});
    const both = await json<ReportHead>(await centre.get(path('recovery-audit')));
    expect(both.freshness.map(({ nodeName }) => nodeName).sort()).toEqual(
      [certificate.name, silent.certificate.name].sort(),
    );
    centre.node.peers.contact(certificate, 'compliance', { [other.node.ledger.self]: 8 });
    for (const report of REPORTS) {
      const later = await json<ReportHead>(await centre.get(path(report)));
      expect(later.freshness.find(({ nodeId }) => nodeId === certificate.nodeId)).toMatchObject({
        ...{ asOf: NOW, entriesBehind: 5 },
      });
      const csv = await centre.get(`${path(report)}?format=csv`);
      expect(JSON.parse(csv.headers.get('Holdfast-Freshness') ?? '')).toEqual({
        ...{ generatedAt: '2026-03-02T09:00:00.000Z', node: centre.node.identity.certificate.name },
        offlineSince: null,
        nodes: expect.arrayContaining([
          {
            ...{ node: certificate.name, site: 'site-1', asOf: '2026-03-02T09:00:00.000Z' },
            ...{ entriesBehind: 5, lastContactWithCentre: '2026-03-02T09:00:00.000Z' },
          },
        ]),
        nodesNotShown: 0,
      } satisfies FreshnessHeader);
    }
  });

  it('at an edge each report goes on while no centre answers, and says since when (I10)', async () => {
    const { organisation, centre } = await openFleet(host);
    let now = NOW;
    const edge = await openInstallation(host, { organisation, role: 'edge', now: () => now });
    await copyInto(centre.node, edge.node);
    for (const report of REPORTS) {
      const csv = await edge.get(`${path(report)}?format=csv`);
      expect(JSON.parse(csv.headers.get('Holdfast-Freshness') ?? '')).toMatchObject({
        offlineSince: 'never',
      });
    }
    edge.node.peers.contact(centre.node.identity.certificate, 'recovery', {});
    now += 5 * MINUTE;
    // An edge's own log is there from its first entry on.
    await edge.node.ledger.append('compliance', [
      { kind: 'seen', body: { devices: [{ deviceId: device('b'), counter: 9, seenAt: now }] } },
    ]);
    for (const report of REPORTS) {
      const head = await json<ReportHead>(await edge.get(path(report)));
      expect(head).toMatchObject({ generatedAt: now, offlineSince: NOW, node: { role: 'edge' } });
      const own = head.freshness.find(({ nodeId }) => nodeId === edge.node.identity.certificate.nodeId);
      expect(own).toMatchObject({ asOf: now, entriesBehind: 0, lastContactWithCentre: NOW });
      const others = head.freshness.filter((one) => one !== own);
      expect(others).toMatchObject([{ asOf: null, entriesBehind: null, lastContactWithCentre: null }]);
    }
  });

  it('is the same report at an edge that holds the same logs', async () => {
    const { organisation, centre } = await openFleet(host);
    const edge = await openInstallation(host, { organisation, role: 'edge' });
    await copyInto(centre.node, edge.node);
    for (const report of REPORTS) {
      const query = `${path(report)}?format=csv&lang=es`;
      expect(await (await edge.get(query)).text()).toBe(await (await centre.get(query)).text());
    }
  });

  const ALLOWED = {
    'enterprise-compliance': ['reports', 'auditor', 'administrator', 'helpdesk', 'advanced'],
    'computer-compliance': ['reports', 'auditor', 'administrator', 'helpdesk', 'advanced'],
    'recovery-audit': ['reports', 'auditor', 'administrator'],
  } as const;

  it('is for the roles of each report', async () => {
    const { centre } = await openFleet(host);
    const staff = ['reports', 'auditor', 'administrator', 'helpdesk', 'advanced'] as const;
    for (const report of REPORTS) {
      const allowed: readonly string[] = ALLOWED[report];
      for (const id of staff) {
        const { status } = await centre.get(path(report), { token: tokenOf(id) });
        expect([report, id, status]).toEqual([report, id, allowed.includes(id) ? 200 : 403]);
      }
      expect((await centre.get(path(report), { token: tokenOf('somebody-else') })).status).toBe(401);
      for (const query of ['', '?format=csv']) {
        const { status, headers } = await centre.get(path(report) + query, { token: null });
        expect([report, status, headers.get('Content-Type')]).toEqual([
          ...[report, 401, 'application/problem+json'],
        ]);
      }
    }
  });

  const REFUSED: readonly [report: string, query: string, field: string][] = [
    ['enterprise-compliance', 'site=No%20Such', 'site'],
    ['enterprise-compliance', 'format=xml', 'format'],
    ['enterprise-compliance', 'lang=fr', 'lang'],
    ['enterprise-compliance', 'timeZone=Mars/Olympus', 'timeZone'],
    ['enterprise-compliance', 'domain=', 'domain'],
    ['enterprise-compliance', 'domain=a%00b', 'domain'],
    ['enterprise-compliance', 'sites=madrid', ''],
    ['computer-compliance', 'state=fine', 'state'],
    ['computer-compliance', 'state=unknown&state=compliant', 'state'],
    ['computer-compliance', 'page=0', 'page'],
    ['computer-compliance', 'page=1e3', 'page'],
    ['computer-compliance', `limit=${limits.reportComputersMax + 1}`, 'limit'],
    ['computer-compliance', 'standing=gone', 'standing'],
    ['recovery-audit', 'from=yesterday', 'from'],
    ['recovery-audit', 'from=2026-02-30', 'from'],
    ['recovery-audit', 'to=2026-03-01T00:00:00', 'to'],
    ['recovery-audit', 'cursor=AAAA', 'cursor'],
    ['recovery-audit', 'cursor=%22', 'cursor'],
    ['recovery-audit', `limit=${limits.reportRowsMax + 1}`, 'limit'],
    ['recovery-audit', 'status=failed', 'status'],
    ['recovery-audit', 'keyType=Password', 'keyType'],
    ['recovery-audit', 'timeZone=Europe/Madrid%0a', 'timeZone'],
  ];

  it('refuses a query that does not fit, and names the field', async () => {
    const { centre } = await openFleet(host);
    for (const [report, query, field] of REFUSED) {
      const response = await centre.get(`${path(report)}?${query}`);
      expect([report, query, response.status, await response.json()]).toMatchObject([
        ...[report, query, 400],
        { type: 'urn:holdfast:problem:invalid-request', fields: [{ at: field }] },
      ]);
    }
  });

  it('waits for its edges at a centre that has just started (I7)', async () => {
    const { organisation, centre, other } = await openFleet(host);
    const { options, identity, peers } = centre.node;
    peers.contact(other.node.identity.certificate, 'compliance', {});
    await peers.save();
    const again = await openInstallation(host, {
      ...{ organisation, database: centre.database },
      identity: { ...identity, privateKey: options.identity.privateKey },
    });
    const response = await again.get(path('enterprise-compliance'));
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { type: 'urn:holdfast:problem:centre-unconfirmed' },
    ]);
    again.node.confirmation.override();
    expect((await again.get(path('enterprise-compliance'))).status).toBe(200);
  });

  it('is a problem document when the database fails, in CSV too, and quotes nothing (I8)', async () => {
    const { centre } = await openFleet(host);
    for (const report of REPORTS) {
      centre.breakReads(new EngineError('unavailable', 'no further detail'));
      for (const query of ['', '&format=csv']) {
        const response = await centre.get(`${path(report)}?domain=corp.example.org${query}`);
        expect([report, response.status]).toEqual([report, 503]);
        expect(await response.text()).not.toContain('corp.example.org');
      }
      centre.breakReads(null);
      expect((await centre.get(path(report))).status).toBe(200);
    }
  });

  it('reads a page in the same number of statements however many rows it has', async () => {
    const { centre } = await openFleet(host);
    const statements = async (query: string) => {
      const before = centre.queries.length;
      await json(await centre.get(query));
      return centre.queries.length - before;
    };
    // The first one also reads which machines enrolled again.
    await statements(path('computer-compliance'));
    const one = await statements(`${path('computer-compliance')}?limit=1`);
    expect(await statements(`${path('computer-compliance')}?limit=15`)).toBe(one);
    expect(one).toBeLessThan(10);
  });
}
