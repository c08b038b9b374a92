/** I1 where a commit is not a sync: what is promised, what peers are shown, and when an append is acknowledged. */
import { describe, expect, it } from 'vitest';
import { type Engine, EngineError, type ServedStore } from '../../shared/journal/engine.ts';
import { Peers } from '../../shared/replication/peers.ts';
import { heldVectors } from '../../shared/replication/service.ts';
import { nodePlatform } from '../../central/platform.ts';
import { distinctEscrows } from '../support/drafts.ts';
import { memoryHost } from '../support/libsql.ts';
import { copyAll, startNode } from '../support/node.ts';
import { makeOrganisation } from '../support/organisation.ts';

/** A server whose checkpoints end when the test says so. */
class Server {
  waiting: (() => void)[] = [];
  error: EngineError | null = null;
  readonly served: ServedStore;

  constructor(isTold = true) {
    this.served = {
      checkpoint: isTold
        ? async () => {
            if (this.error) throw this.error;
            await new Promise<void>((resolve) => this.waiting.push(resolve));
          }
        : null,
    };
  }

  readonly wrap = (engine: Engine): Engine => ({
    kind: 'libsql-server',
    batch: (store, statements) => engine.batch(store, statements),
    rows: (store, sql, args) => engine.rows(store, sql, args),
    served: () => this.served,
  });

  async sync(): Promise<void> {
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    for (let tries = 0; this.waiting.length === 0 && tries < 1_000; tries += 1) await turn();
    for (const resolve of this.waiting.splice(0)) resolve();
    await turn();
  }
}

const centreOn = async (server: Server) =>
  startNode(memoryHost, { organisation: await makeOrganisation(), role: 'centre', wrap: server.wrap });

describe('durability at a database server', () => {
  it('acknowledges an append, and shows it to peers, only when a checkpoint has covered it', async () => {
    const server = new Server();
    const { ledger } = await centreOn(server);
    let isDone = false;
    const append = ledger.append('recovery', distinctEscrows(3, 1)).then(() => (isDone = true));
    await nodePlatform.sleep(30);
    expect(ledger.origins('recovery').get(ledger.self)?.headSeq).toBe(4);
    expect(isDone).toBe(false);
    expect(heldVectors(ledger).recovery[ledger.self]).toBe(0);
    await server.sync();
    await append;
    expect(heldVectors(ledger).recovery[ledger.self]).toBe(4);
    expect(ledger.durability('recovery').isDurable(ledger.self, 4)).toBe(true);
  });

  it('syncs once for all who wait, and again for who came while it was under way', async () => {
    const server = new Server();
    const { ledger } = await centreOn(server);
    const first = ledger.append('recovery', distinctEscrows(1, 1));
    await nodePlatform.sleep(20);
    const later = [2, 3, 4].map((seed) => ledger.append('recovery', distinctEscrows(1, seed)));
    await nodePlatform.sleep(20);
    expect(server.waiting).toHaveLength(1);
    await server.sync();
    await first;
    await nodePlatform.sleep(20);
    expect(server.waiting).toHaveLength(1);
    await server.sync();
    await Promise.all(later);
    expect(server.waiting).toHaveLength(0);
  });

  it('does not acknowledge what could not be synced, and makes up for it later', async () => {
    const server = new Server();
    const { ledger, alarms } = await centreOn(server);
    server.error = new EngineError('unavailable', 'its admin address does not answer');
    await expect(ledger.append('recovery', distinctEscrows(1, 1))).rejects.toMatchObject({
      reason: 'unavailable',
    });
    expect(alarms.list()).toMatchObject([{ type: 'storage', subject: 'recovery' }]);
    expect(heldVectors(ledger).recovery[ledger.self]).toBe(0);
    server.error = null;
    const following = ledger.follow();
    await server.sync();
    await following;
    expect(heldVectors(ledger).recovery[ledger.self]).toBe(2);
    expect(alarms.list()).toEqual([]);
  });

  it('counts nothing that the server lost before its checkpoint ended', async () => {
    const server = new Server();
    const { ledger, engine } = await centreOn(server);
    const append = ledger.append('recovery', distinctEscrows(3, 1));
    append.catch(() => undefined);
    await nodePlatform.sleep(20);
    await engine.batch('recovery', [{ sql: 'DELETE FROM recovery_origins', args: [] }]);
    await server.sync();
    await expect(append).rejects.toMatchObject({ reason: 'unavailable' });
    expect(ledger.durability('recovery').isDurable(ledger.self, 1)).toBe(false);
  });

  it('shows peers everything, and promises nothing, where the server is not told to sync', async () => {
    const { ledger } = await centreOn(new Server(false));
    await ledger.append('recovery', distinctEscrows(3, 1));
    expect(heldVectors(ledger).recovery[ledger.self]).toBe(4);
    expect(ledger.durability('recovery').isDurable(ledger.self, 4)).toBe(false);
    expect(ledger.durability('recovery').isUnknown).toBe(true);
  });

  it("lets an edge promise nothing on such a centre's word, also after a restart", async () => {
    const organisation = await makeOrganisation();
    const centre = await startNode(memoryHost, { organisation, role: 'centre' });
    const edge = await startNode(memoryHost, { organisation });
    await edge.ledger.append('recovery', distinctEscrows(3, 1));
    await copyAll(edge, centre, 'recovery');
    const { certificate } = centre.identity;
    const peers = await Peers.open(edge.ledger, nodePlatform, edge.identity.certificate);
    const held = heldVectors(centre.ledger).recovery;
    peers.promises(certificate, ['compliance']);
    peers.contact(certificate, 'recovery', held);
    const isAtCentre = (of: Peers) => of.heldAtCentre('recovery', edge.ledger.self, 4);
    expect(isAtCentre(peers)).toBe(false);
    // A second copy it is all the same.
    expect(peers.heldElsewhere('recovery', edge.ledger.self, 4)).toBe(true);
    await peers.save();
    const again = await Peers.open(edge.ledger, nodePlatform, edge.identity.certificate);
    expect(isAtCentre(again)).toBe(false);
    again.promises(certificate, ['recovery', 'compliance']);
    expect(isAtCentre(again)).toBe(true);
  });
});
