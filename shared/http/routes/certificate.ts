/**
 * What the root of an edge's machine asks its edge, on loopback and with a token that only root and the edge can read:
 * to have a certificate for the terminator in front signed by the centre, and to remember when the one in use ends.
 * The box makes the key; it never leaves the box.
 */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { limits } from '../../limits.ts';
import type { HoldfastNode } from '../../node.ts';
import type { Platform } from '../../platform.ts';
import { certificateRequest } from '../../replication/protocol.ts';
import type { AppEnv, Routes } from '../context.ts';
import { Problem, misfit } from '../problem.ts';
import { requireBox, unanswered } from './box.ts';

const ending = z.strictObject({
  /** seconds since 1970 */
  endsAt: z.number().int().min(0).max(32_503_680_000),
});

export function boxTokenHash(platform: Pick<Platform, 'sha256'>, token: string): string {
  return platform.sha256('holdfast box token v1\n', token);
}

export const certificateRoutes: Routes = (app, node) => {
  if (node.identity.certificate.role !== 'edge') return;
  app.post('/v1/box/certificate', async (c) => {
    requireRoot(node, c);
    const parsed = certificateRequest.safeParse(await c.req.json());
    if (!parsed.success) throw misfit(parsed.error.issues, 'body');
    const [link] = node.links;
    if (!link) throw new Problem('certificate-refused', { why: 'no-authority' });
    const made = await link.client.certify(parsed.data.request, c.req.raw.signal).catch(unanswered);
    if ('why' in made) throw new Problem('certificate-refused', { why: made.why });
    return c.body(made.chain, 200, { 'Content-Type': 'application/pem-certificate-chain' });
  });
  app.post('/v1/box/certificate/end', async (c) => {
    requireRoot(node, c);
    const parsed = ending.safeParse(await c.req.json());
    if (!parsed.success) throw misfit(parsed.error.issues, 'body');
    node.endings.note('terminator', parsed.data.endsAt * 1000, limits.certificateWarningMs);
    return c.json(parsed.data);
  });
};

/** Any program on the machine may speak on loopback; who holds the token may read the terminator's key as well. */
function requireRoot(node: HoldfastNode, c: Context<AppEnv>): void {
  requireBox(c);
  const { boxTokenHash: known, platform } = node.options;
  const token = /^Bearer ([A-Za-z0-9_-]{32,128})$/.exec(c.req.header('Authorization') ?? '')?.[1];
  // Hashes are compared, so that time tells nothing of the token.
  if (known === undefined || token === undefined || boxTokenHash(platform, token) !== known)
    throw new Problem('token-invalid');
}
