/**
 * What the machine that an edge runs on asks it, on loopback and for itself alone: which release the centre wants here,
 * the archive, piece by piece through the edge's own session with its centre, and how it went. So a box downloads from
 * the one peer that it may talk to, and needs no credentials beside the edge's.
 */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { compareVersions, releaseVersion, verifyRelease } from '../../release/manifest.ts';
import { type WantedRelease, wantedRelease } from '../../release/wanted.ts';
import type { HoldfastNode } from '../../node.ts';
import { RefusedError, UnreachableError } from '../../replication/client.ts';
import { hostOf, type AppEnv, type Routes } from '../context.ts';
import { Problem, misfit } from '../problem.ts';

const outcome = z.strictObject({ version: releaseVersion, ready: z.boolean() });
const OFFSET = /^\d{1,12}$/;

export const boxRoutes: Routes = (app, node) => {
  if (node.identity.certificate.role !== 'edge') return;
  app.get('/v1/box/release', (c) => {
    requireBox(c);
    const wanted = wantedHere(node);
    // To an older version no box goes because its centre says so.
    const due = isPending(wanted, node.options.version);
    return c.json({
      ...{ running: node.options.version, wanted: wanted?.version ?? null, due },
      manifest: wanted?.manifest ?? '',
    });
  });
  app.get('/v1/box/release/file', async (c) => {
    requireBox(c);
    const offset = c.req.query('offset') ?? '';
    if (!OFFSET.test(offset)) throw misfit([{ path: ['query', 'offset'] }]);
    const wanted = wantedHere(node);
    // A centre is not believed: what is not signed is not even fetched.
    const signed = wanted && (await verifyRelease(wanted.manifest, node.authority.organisation));
    const [link] = node.links;
    if (!signed?.edge || !link) throw new Problem('not-found');
    const chunk = await link.client
      .releaseChunk(signed.edge.sha256, Number(offset), c.req.raw.signal)
      .catch(unanswered);
    return c.body(chunk, 200, { 'Content-Type': 'application/octet-stream' });
  });
  app.post('/v1/box/outcome', async (c) => {
    requireBox(c);
    const parsed = outcome.safeParse(await c.req.json());
    if (!parsed.success) throw misfit(parsed.error.issues, 'body');
    const { version, ready } = parsed.data;
    const { name } = node.identity.certificate;
    if (ready) node.alarms.clear('upgrade', name);
    else
      node.alarms.raise(
        'upgrade',
        name,
        `${version} did not become ready, and the version before it runs on`,
      );
    return c.json({ ready });
  });
};

export function wantedHere(node: HoldfastNode): WantedRelease | null {
  const { certificate } = node.identity;
  if (certificate.role !== 'edge') return null;
  return wantedRelease(certificate, node.configuration, node.options.platform.now());
}

/** Whether what is wanted is still to come: neither runs nor is older than what does. */
export function isPending(wanted: WantedRelease | null, running: string | null): boolean {
  if (!wanted?.due || running === null || !releaseVersion.safeParse(running).success) return false;
  return compareVersions(wanted.version, running) > 0;
}

/** What came in the place of the centre's answer: a revoked edge is told so, and everything else is for later. */
export function unanswered(error: unknown): never {
  if (error instanceof RefusedError) throw new Problem('node-refused', { why: 'by-the-centre' });
  if (error instanceof UnreachableError) throw new Problem('overloaded', {}, { 'Retry-After': '60' });
  throw error;
}

/** Whoever comes from farther away comes through the TLS terminator, which says so. */
export function requireBox(c: Context<AppEnv>): void {
  const isForwarded = ['X-Forwarded-For', 'X-Forwarded-Proto', 'Forwarded', 'CF-Connecting-IP'].some(
    (name) => c.req.header(name) !== undefined,
  );
  if (isForwarded || !/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(hostOf(c)))
    throw new Problem('not-found');
}
