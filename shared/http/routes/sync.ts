/** What other nodes call; see `replication/protocol.ts`. */
import type { Context } from 'hono';
import type { z } from 'zod';
import { limits } from '../../limits.ts';
import type { HoldfastNode } from '../../node.ts';
import * as protocol from '../../replication/protocol.ts';
import { readBody } from '../body.ts';
import type { AppEnv, Routes } from '../context.ts';
import { Problem, misfit } from '../problem.ts';
import { describeSync } from '../reference/sync.ts';

/** Bodies before anybody has proved who they are. */
const HANDSHAKE_BYTES_MAX = 16 * 1024;

export const syncRoutes: Routes = (app, node) => {
  const { sync } = node;
  describeSync(app);
  app.post('/v1/sync/challenge', async (c) => {
    await message(node, c, protocol.challengeRequest, HANDSHAKE_BYTES_MAX);
    return answer(node, sync.challenge());
  });
  app.post('/v1/sync/session', async (c) =>
    answer(node, await sync.session(await message(node, c, protocol.sessionRequest, HANDSHAKE_BYTES_MAX))),
  );
  app.post('/v1/sync/pull', async (c) => {
    const session = sync.authenticate(c.req.header('Authorization'));
    return answer(
      node,
      await sync.pull(session, await message(node, c, protocol.pullRequest, limits.syncBodyBytesMax)),
    );
  });
  app.post('/v1/sync/push', async (c) => {
    const session = sync.authenticate(c.req.header('Authorization'));
    return answer(
      node,
      await sync.push(session, await message(node, c, protocol.pushRequest, limits.syncBodyBytesMax)),
    );
  });
  app.post('/v1/sync/hashes', async (c) => {
    const session = sync.authenticate(c.req.header('Authorization'));
    return answer(
      node,
      await sync.hashes(session, await message(node, c, protocol.hashesRequest, HANDSHAKE_BYTES_MAX)),
    );
  });
  app.post('/v1/sync/digests', async (c) => {
    const session = sync.authenticate(c.req.header('Authorization'));
    return answer(
      node,
      await sync.digests(session, await message(node, c, protocol.digestRequest, HANDSHAKE_BYTES_MAX)),
    );
  });
};

/** A message of a peer, unpacked and by its schema. */
export async function message<S extends z.ZodType>(
  node: HoldfastNode,
  c: Context<AppEnv>,
  schema: S,
  bytesMax: number,
): Promise<z.infer<S>> {
  const asked = c.req.header(protocol.PROTOCOL_HEADER);
  if (!protocol.PROTOCOLS_SPOKEN.some((version) => String(version) === asked))
    throw new Problem('protocol-unsupported', { spoken: protocol.PROTOCOLS_SPOKEN });
  if (c.req.header('Content-Type') !== protocol.SYNC_MEDIA_TYPE)
    throw new Problem('unsupported-media-type', { expected: protocol.SYNC_MEDIA_TYPE });
  const packed = await readBody(c, bytesMax);
  let value: unknown;
  try {
    value = JSON.parse(await node.options.platform.decompress(packed, bytesMax));
  } catch (error) {
    // Both hosts' zlib says so when more comes out than may.
    if (error instanceof RangeError) throw new Problem('body-too-large', { bytesMax });
    throw new Problem('malformed-json');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw misfit(parsed.error.issues);
}

export async function answer(node: HoldfastNode, value: object): Promise<Response> {
  const body = await node.options.platform.compress(JSON.stringify(value));
  return new Response(body, {
    headers: { 'Content-Type': protocol.SYNC_MEDIA_TYPE, 'Cache-Control': 'no-store' },
  });
}
