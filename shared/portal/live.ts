/**
 * Parts of a page that the node sends anew while somebody looks: server-sent events, each the whole part as the page
 * itself has it. A stream ends after a while and is not begun again by itself: a page that lies open must not keep a
 * session alive.
 */
import { streamSSE } from 'hono/streaming';
import type { App } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { limits } from '../limits.ts';
import type { HoldfastNode } from '../node.ts';
import type { Access } from './routing.ts';
import { type SignedIn, signedIn, visitOf } from './visit.ts';

export function streams(
  app: App,
  node: HoldfastNode,
  path: string,
  { use, roles }: Access,
  part: (visit: SignedIn) => Promise<string>,
): void {
  let open = 0;
  app.get(path, async (c) => {
    node.confirmation.require();
    const visit = await signedIn(visitOf(node, c), use, roles);
    if (open >= limits.eventStreamsMax) throw new Problem('overloaded', {}, { 'Retry-After': '30' });
    open += 1;
    return streamSSE(c, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => {
        gone.abort();
      });
      try {
        let sent = '';
        const isKnown = () => node.configuration.get('staff', visit.staff.staffId)?.body.revoked === false;
        for (let turn = 0; turn < limits.eventStreamTurns && !gone.signal.aborted && isKnown(); turn += 1) {
          const fresh = await part({ ...visit, clock: visitOf(node, c).clock });
          if (fresh !== sent) await stream.writeSSE({ event: 'part', data: fresh });
          sent = fresh;
          await node.options.platform.sleep(limits.eventEveryMs, gone.signal);
        }
        if (!gone.signal.aborted) await stream.writeSSE({ event: 'end', data: '' });
      } finally {
        open -= 1;
      }
    });
  });
}
