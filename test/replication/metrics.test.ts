import { expect, it } from 'vitest';
import { CENTRE, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

it('counts requests by declared route, whatever a client asks for', async () => {
  const { node, fetch } = await startNetworkNode(await makeOrganisation(), CENTRE);
  node.alarms.raise('fork', 'somewhere', 'test');
  const put = { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{}' };
  await fetch('/v1/admin/config/site/some-name', put);
  await fetch('/v1/recovery/keys/3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c', put);
  await fetch('/no/such/place/1', { method: 'GET' });
  await fetch('/no/such/place/2', { method: 'GET' });
  const text = await (await fetch('/metrics', { method: 'GET' })).text();
  const series = text.split('\n').filter((line) => line.startsWith('holdfast_requests_total{'));
  const routes = series.map((line) => /route="([^"]*)",status="(\d+)"/.exec(line)?.slice(1).join(' '));
  expect(routes.sort()).toEqual([
    '/v1/admin/config/:kind/:id 400',
    '/v1/recovery/keys/:keyId 400',
    'other 404',
  ]);
  expect(text).toContain('holdfast_alarms_total{type="fork"} 1');
});
