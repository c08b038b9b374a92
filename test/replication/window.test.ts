/** Nodes of neighbouring protocol versions replicate; others are refused with a sentence, and go on trying. */
import { describe, expect, it } from 'vitest';
import { STORES } from '../../shared/journal/entry.ts';
import type { PeerFetch } from '../../shared/replication/client.ts';
import { PROTOCOL_HEADER, PROTOCOLS_SPOKEN, commonProtocol } from '../../shared/replication/protocol.ts';
import { CENTRE, edgeIn, eventually, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

const newest = PROTOCOLS_SPOKEN.at(-1) ?? 0;

/** A peer that speaks only these, and hears them as its newest own. */
function speaking(spoken: readonly number[], fetch: PeerFetch, asked: string[]): PeerFetch {
  return (path, init) => {
    const headers = new Headers(init.headers);
    const version = headers.get(PROTOCOL_HEADER) ?? '';
    asked.push(version);
    if (!spoken.some((each) => String(each) === version)) {
      const type = 'urn:holdfast:problem:protocol-unsupported';
      return Promise.resolve(new Response(JSON.stringify({ type, status: 400, spoken }), { status: 400 }));
    }
    headers.set(PROTOCOL_HEADER, String(newest));
    return fetch(path, { ...init, headers });
  };
}

describe('the window of protocol versions', () => {
  it('has the newest that both speak, or none', () => {
    expect(commonProtocol([newest - 1, newest, newest + 1])).toBe(newest);
    expect(commonProtocol([newest + 1, newest + 2])).toBeNull();
    expect(PROTOCOLS_SPOKEN.length).toBeLessThanOrEqual(2);
  });

  it('lets an edge replicate with a centre that speaks a newer version as well', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    const asked: string[] = [];
    const fetch = speaking([newest, newest + 1], centre.fetch, asked);
    const edge = await startNetworkNode(organisation, edgeIn('centro', 'madrid', 'own'), [
      { name: 'centre', fetch },
    ]);
    edge.node.start();
    await eventually(() => centre.node.peers.all().length > 0 && edge.node.peers.all().length > 0);
    expect(new Set(asked)).toEqual(new Set([String(newest)]));
    expect(centre.node.peers.all()).toMatchObject([{ name: 'madrid', program: 'test' }]);
    expect(edge.node.peers.all()).toMatchObject([{ name: 'centre', program: 'test' }]);
  });

  it('says which of two nodes to upgrade that have no version in common, and keeps what waits', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    const spoken = [newest + 1, newest + 2];
    const fetch = speaking(spoken, centre.fetch, []);
    const edge = await startNetworkNode(organisation, edgeIn('centro', 'madrid', 'own'), [
      { name: 'centre', fetch },
    ]);
    edge.node.start();
    await eventually(() => edge.node.alarms.list().some(({ type }) => type === 'peer-refused'));
    const [alarm] = edge.node.alarms.list().filter(({ type }) => type === 'peer-refused');
    expect(alarm?.detail).toBe(
      `it speaks protocol ${spoken.join(', ')} and this program ${PROTOCOLS_SPOKEN.join(', ')}: upgrade the older of the two`,
    );
    expect(STORES.every((store) => centre.node.ledger.origins(store).size === 0)).toBe(true);
  });

  it.each(['0', String(newest + 1), '1.0', ' 1', '', 'one'])(
    'refuses a request in version "%s", with those that are spoken',
    async (version) => {
      const centre = await startNetworkNode(await makeOrganisation(), CENTRE);
      const answer = await centre.fetch('/v1/sync/challenge', {
        method: 'POST',
        headers: { [PROTOCOL_HEADER]: version },
        body: new Uint8Array(2),
      });
      // Headers are trimmed on the way.
      if (PROTOCOLS_SPOKEN.some((each) => String(each) === version.trim())) expect(answer.status).toBe(415);
      else {
        expect(answer.status).toBe(400);
        expect(await answer.json()).toMatchObject({
          type: 'urn:holdfast:problem:protocol-unsupported',
          spoken: PROTOCOLS_SPOKEN,
        });
      }
    },
  );
});
