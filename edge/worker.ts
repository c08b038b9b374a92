/** The edge's entry: hands every request to the one object that is this edge. */
import { log } from './log.ts';
import type { EdgeEnv } from './node-object.ts';

export { EdgeNode } from './node-object.ts';

let id: DurableObjectId | null = null;

const handler: ExportedHandler<EdgeEnv> = {
  fetch: async (request, env) => {
    const edge = env.NODE.get((id ??= env.NODE.idFromName('edge')));
    try {
      return await edge.fetch(request);
    } catch (error) {
      // A commit that fails shows only here, where the answer would have left: nothing was promised.
      if (!(error instanceof Error)) throw error;
      if (/SQLITE_FULL|disk is full/.test(error.message)) {
        log('warn', 'a write found no room on the disk', {});
        await edge.makeRoom();
        return refusal(
          'storage-full',
          'The disk of this node is nearly full: what is left is kept for giving out keys.',
          1,
        );
      }
      if (!/SQLITE_(IOERR|READONLY)/.test(error.message)) throw error;
      log('warn', 'a write failed on the disk', {});
      return refusal('storage-unavailable', 'The node cannot write to its disk or database.', 10);
    }
  },
};

function refusal(
  code: 'storage-full' | 'storage-unavailable',
  title: string,
  retrySeconds: number,
): Response {
  const document = { type: `urn:holdfast:problem:${code}`, title, status: 503 };
  return new Response(JSON.stringify(document), {
    status: 503,
    headers: {
      'Content-Type': 'application/problem+json',
      'Retry-After': String(retrySeconds),
      'Cache-Control': 'no-store',
    },
  });
}

// workerd takes the default export as the entry.
export default handler;
