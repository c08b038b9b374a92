/** Each database is a Durable Object; each call of its engine runs inside that object, over its own SQLite. */
import { env } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { DurableEngine } from '../../edge/durable-engine.ts';
import { workerdPlatform } from '../../edge/platform.ts';
import type { Engine } from '../../shared/journal/engine.ts';
import { randomName } from '../../shared/platform.ts';
import type { Host } from '../support/node.ts';

export const durableHost: Host = {
  platform: workerdPlatform,
  database() {
    const stub = env.EDGE.getByName(randomName(workerdPlatform, 16));
    const inside = <T>(work: (engine: Engine) => Promise<T>): Promise<T> =>
      runInDurableObject(stub, (_object, state) => work(new DurableEngine(state.storage)));
    const engine: Engine = {
      kind: 'durable-object',
      batch: (store, statements) => inside((within) => within.batch(store, statements)),
      rows: (store, sql, args) => inside((within) => within.rows(store, sql, args)),
    };
    return Promise.resolve({ open: () => Promise.resolve(engine) });
  },
};
