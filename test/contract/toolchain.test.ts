import { createClient } from '@libsql/client';
import { describe } from 'vitest';
import { toolchainContract } from './toolchain.ts';

describe('toolchain on Node with libSQL', () => {
  const client = createClient({ url: ':memory:' });
  toolchainContract(async (sql) => (await client.execute(sql)).rows[0]?.[0]);
});
