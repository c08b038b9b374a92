/** The archives of releases that were staged at this centre, piece by piece, for edges that show who they are. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../../shared/http/problem.ts';
import type { Routes } from '../../shared/http/context.ts';
import { answer, message } from '../../shared/http/routes/sync.ts';
import { limits } from '../../shared/limits.ts';
import { releaseRequest } from '../../shared/replication/protocol.ts';

/** Two numbers and a hash. */
const REQUEST_BYTES_MAX = 1_024;

/** Where a centre keeps the archives that edges ask for, named by what they are. */
export function stagedArchive(dataFolder: string, sha256: string): string {
  return path.join(dataFolder, 'releases', `${sha256}.tar.gz`);
}

export function releaseRoutes(dataFolder: string): Routes {
  return (app, node) => {
    app.post('/v1/sync/release', async (c) => {
      node.sync.authenticate(c.req.header('Authorization'));
      const { sha256, offset } = await message(node, c, releaseRequest, REQUEST_BYTES_MAX);
      const chunk = await readChunk(stagedArchive(dataFolder, sha256), offset);
      if (!chunk) throw new Problem('not-found');
      return answer(node, { bytes: chunk.bytes, data: chunk.data.toString('base64url') });
    });
  };
}

async function readChunk(file: string, offset: number): Promise<{ bytes: number; data: Buffer } | null> {
  const handle = await open(file).catch(() => null);
  if (!handle) return null;
  try {
    const { size } = await handle.stat();
    const length = Math.max(0, Math.min(limits.releaseChunkBytesMax, size - offset));
    const data = Buffer.alloc(length);
    const { bytesRead } = await handle.read(data, 0, length, offset);
    return { bytes: size, data: data.subarray(0, bytesRead) };
  } finally {
    await handle.close();
  }
}
