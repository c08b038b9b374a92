/** How one simulated node calls another: the production client on one side, the production routes on the other. */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { App, AppEnv } from '../../shared/http/context.ts';
import { STORES, type Store, type Vector } from '../../shared/journal/entry.ts';
import type { PeerFetch } from '../../shared/replication/client.ts';
import { SYNC_MEDIA_TYPE } from '../../shared/replication/protocol.ts';
import type { Life, Machine, Program } from './machine.ts';
import { Request, type Response } from './shims/globals.ts';
import { ConnectionLost } from './network.ts';
import { unpack } from './platform.ts';
import type { World } from './world.ts';

/** The routes that other nodes call, alone: building the whole application would take most of a run. */
export function peerApp(world: World, program: Program, node: NonNullable<Life['node']>): App {
  const app = new OpenAPIHono<AppEnv>();
  app.onError((error, c) => {
    const problem = program.problemOf(error);
    if (!problem) world.oracle.unexpected('a peer was answered with 500', error);
    return program.respond(c, problem ?? new program.Problem('unexpected'));
  });
  program.syncRoutes(app, node);
  return app;
}

const GIVEN_UP = new DOMException('given up', 'AbortError');

export function peerFetch(world: World, life: Life, target: Machine): PeerFetch {
  return (path, init) =>
    new Promise((resolve, reject) => {
      init.signal?.addEventListener('abort', () => {
        reject(GIVEN_UP);
      });
      const headers = init.headers ?? {};
      postTo(
        world,
        { name: life.machine.name, life },
        target,
        path,
        headers,
        init.body as Uint8Array<ArrayBuffer>,
      ).then((answer) => {
        resolve(answer as unknown as globalThis.Response);
      }, reject);
    });
}

export function postTo(
  world: World,
  from: { name: string; life: Life | null },
  target: Machine,
  path: string,
  headers: HeadersInit,
  body: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  return world.network.exchange<Response>({
    from: from.name,
    life: from.life,
    to: target,
    operation: path.slice(path.lastIndexOf('/') + 1),
    body,
    serve: async (server, arrived) => {
      const request = new Request(`http://localhost${path}`, { method: 'POST', headers, body: arrived });
      if (!server.app) throw new Error('not serving');
      const told = (await server.app.fetch(request as unknown as globalThis.Request)) as unknown as Response;
      const answer = (await server.machine.rogue?.answer(path, told)) ?? told;
      const bytes = await answer.arrayBuffer();
      // Elsewhere nothing leaves before it is synced.
      if (server.machine.disk.kind === 'libsql-server' && answer.status === 200)
        checkShown(world, server, path, arrived, bytes);
      return { answer, bytes: bytes.length };
    },
    // A packed answer is checked by whoever unpacks it; of another, HTTP notices that it is not whole.
    damage: (answer, by) => {
      if (answer.headers.get('Content-Type') !== SYNC_MEDIA_TYPE) throw new ConnectionLost('not whole');
      return answer.damaged(by);
    },
  });
}

function checkShown(
  { oracle }: World,
  server: Life,
  path: string,
  request: Uint8Array,
  answer: Uint8Array,
): void {
  if (path === '/v1/sync/pull') {
    const { vectors } = JSON.parse(unpack(answer)) as { vectors: Record<Store, Vector> };
    for (const store of STORES) oracle.shown(server, store, vectors[store]);
  } else if (path === '/v1/sync/push') {
    const { store } = JSON.parse(unpack(request)) as { store: Store };
    oracle.shown(server, store, (JSON.parse(unpack(answer)) as { held: Vector }).held);
  }
}
