import { env } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { toolchainContract } from '../contract/toolchain.ts';
import type { TestObject } from './worker.ts';

declare global {
  namespace Cloudflare {
    interface Env {
      EDGE: DurableObjectNamespace<TestObject>;
    }
  }
}

describe('toolchain in workerd with a Durable Object', () => {
  it('runs inside workerd', () => {
    expect(navigator.userAgent).toBe('Cloudflare-Workers');
  });
  toolchainContract((sql) =>
    runInDurableObject(
      env.EDGE.getByName('toolchain'),
      (_object, state) => Object.values(state.storage.sql.exec(sql).one())[0],
    ),
  );
});
