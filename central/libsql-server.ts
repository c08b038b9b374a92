/**
 * What a store needs beyond SQL when it stands at a libSQL server: answers in bounded time, and checkpoints.
 *
 * sqld acknowledges a batch without a sync (measured: none in 50 inserts), and no statement makes it sync. Its admin
 * address has a call that checkpoints the write-ahead log, which does. That call answers 200 as well when it could not
 * do it all, because somebody was reading from an older state; it then waits for its whole busy timeout first. So an
 * answer counts only if it came sooner than that. A slow disk may take as long: the next try then has less to do.
 */
import { EngineError, type ServedStore } from '../shared/journal/engine.ts';

export interface AdminTarget {
  /** `http(s)://host:port`, or with `/v1/namespaces/NAME` for another namespace than the default */
  readonly url: string;
  readonly authKey?: string;
}

/** A batch of 500 entries takes 30 ms; a server that is this late is stopped, or its disk is. */
export const SERVER_ANSWER_MS_MAX = 10_000;
/** A checkpoint that has to give up on a reader takes 100 ms at least (measured: 108 and 117). */
const BUSY_ANSWER_MS = 95;
/** Longer than any transaction may stay open at sqld (5 s), so that a reader ends before this does. */
const CHECKPOINT_MS_MAX = 8_000;

const RETRY_MS = 10;

/** `fetch` for the libSQL client, which itself waits for ever. */
export function boundedFetch(request: Request): Promise<Response> {
  return fetch(request, { signal: AbortSignal.timeout(SERVER_ANSWER_MS_MAX) });
}

export function servedStore(admin: AdminTarget | null): ServedStore {
  return { checkpoint: admin ? () => checkpoint(admin) : null };
}

async function checkpoint(admin: AdminTarget): Promise<void> {
  const deadline = performance.now() + CHECKPOINT_MS_MAX;
  for (;;) {
    const begin = performance.now();
    const status = await call(admin);
    const took = performance.now() - begin;
    if (status === 200 && took < BUSY_ANSWER_MS) return;
    if (performance.now() > deadline)
      throw status === 200
        ? new EngineError('busy', 'a long reading kept it from syncing')
        : new EngineError('unavailable', `its admin address answered ${String(status)}`);
    // 500 passes: it was seen while several processes wrote and checkpointed at once.
    if (status !== 200) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** The status of an answer that may be followed by another try. */
async function call({ url, authKey }: AdminTarget): Promise<200 | 500> {
  const { origin, pathname } = new URL(url);
  const path = pathname === '/' ? '/v1/namespaces/default' : pathname.replace(/\/$/, '');
  let status: number;
  try {
    const response = await fetch(`${origin}${path}/checkpoint`, {
      method: 'POST',
      headers: authKey === undefined ? {} : { Authorization: `Basic ${authKey}` },
      signal: AbortSignal.timeout(SERVER_ANSWER_MS_MAX),
    });
    await response.arrayBuffer();
    ({ status } = response);
  } catch {
    throw new EngineError('unavailable', 'its admin address does not answer');
  }
  if (status === 401 || status === 403) throw new EngineError('unauthorised', 'at its admin address');
  if (status !== 200 && status !== 500)
    throw new EngineError('unavailable', `its admin address answered ${String(status)}`);
  return status;
}
