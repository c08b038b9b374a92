/** What administrators call: configuration at a centre, revocation of a device, agreement of tables, confirmation. */
import { createRoute, z } from '@hono/zod-openapi';
import { deviceStateRecord } from '../../helpdesk/device-state.ts';
import { type ConfigKind, configBodies, deviceId, deviceRevocation } from '../../journal/bodies.ts';
import { STORES } from '../../journal/entry.ts';
import { digestSlice } from '../../journal/digest.ts';
import type { Draft } from '../../journal/drafts.ts';
import { limits } from '../../limits.ts';
import type { HoldfastNode } from '../../node.ts';
import { RefusedError, UnreachableError } from '../../replication/client.ts';
import type { Difference } from '../../replication/comparison.ts';
import { verifyRelease } from '../../release/manifest.ts';
import { requireAdministrator } from '../../staff/authenticate.ts';
import { Redacted } from '../../vault/redacted.ts';
import { Sealer } from '../../vault/seal.ts';
import type { StaffMember } from '../../staff/member.ts';
import { slug } from '../../trust/certificate.ts';
import type { Routes } from '../context.ts';
import { jsonContent, jsonRequest, nothingToSay, problems, staffToken } from '../openapi.ts';
import { Problem, misfit } from '../problem.ts';
import { checkAnswer } from '../../edges/joining.ts';
import { checkVault } from './vaults.ts';

const ADMIN_PROBLEMS = [
  'credentials-missing',
  'token-invalid',
  'forbidden',
  'overloaded',
  'storage-unavailable',
] as const;
const kinds = z.enum(Object.keys(configBodies) as [ConfigKind, ...ConfigKind[]]);
const item = z
  .object({
    kind: kinds,
    id: z.string(),
    revision: z.number().int(),
    body: z.record(z.string(), z.unknown()),
  })
  .openapi('ConfiguredItem');

const listRoute = createRoute({
  method: 'get',
  path: '/v1/admin/config/{kind}',
  summary: 'List configured regions, sites, vaults, staff, site tokens, policies or exemptions',
  security: staffToken,
  request: { params: z.object({ kind: kinds }) },
  responses: {
    200: { description: 'Current revisions', content: jsonContent(z.object({ items: z.array(item) })) },
    ...problems(...ADMIN_PROBLEMS),
  },
});

const putRoute = createRoute({
  method: 'put',
  path: '/v1/admin/config/{kind}/{id}',
  summary: 'Configure one thing (at a centre)',
  description:
    'Send the revision you read, 0 for a new one; it is refused when somebody else changed it meanwhile.',
  security: staffToken,
  request: {
    params: z.object({ kind: kinds, id: slug }),
    ...jsonRequest(
      z.strictObject({ revision: z.number().int().min(0), body: z.record(z.string(), z.unknown()) }),
    ),
  },
  responses: {
    200: { description: 'Configured', content: jsonContent(item) },
    ...problems(
      ...ADMIN_PROBLEMS,
      'revision-stale',
      'centre-unconfirmed',
      'release-invalid',
      'vault-fixed',
      'vault-needed',
    ),
  },
});

const revokeRoute = createRoute({
  method: 'post',
  path: '/v1/admin/device-revocations',
  summary: 'Revoke a device; its keys are kept',
  security: staffToken,
  request: jsonRequest(z.strictObject({ deviceId, reason: deviceRevocation.shape.reason })),
  responses: {
    201: {
      description: 'Revoked here and, with the next sync, everywhere',
      content: jsonContent(z.object({ deviceId: z.string() })),
    },
    ...problems(...ADMIN_PROBLEMS),
  },
});

const digestsRoute = createRoute({
  method: 'get',
  path: '/v1/admin/digests',
  summary: 'How far each log is held here, its chain head, and a digest of every table derived from it',
  security: staffToken,
  responses: {
    200: {
      description: 'One row per store and origin',
      content: jsonContent(
        z.object({
          origins: z.array(
            z.object({
              store: z.enum(STORES),
              origin: z.string(),
              seq: z.number().int(),
              hash: z.string(),
              tables: z.record(z.string(), z.string()),
            }),
          ),
        }),
      ),
    },
    ...problems(...ADMIN_PROBLEMS),
  },
});

const comparisonRoute = createRoute({
  method: 'post',
  path: '/v1/admin/comparison',
  summary:
    'Compare every table with the journal here and with each reachable peer, and name the rows that differ',
  security: staffToken,
  request: nothingToSay,
  responses: {
    200: {
      description: 'Differences; an empty list means agreement',
      content: jsonContent(
        z.object({
          differences: z.array(
            z.object({
              /** null: compared with this node's own journal */
              peer: z.string().nullable(),
              wrongHere: z.boolean(),
              store: z.string(),
              origin: z.string(),
              table: z.string(),
              key: z.string(),
              how: z.string(),
            }),
          ),
        }),
      ),
    },
    ...problems(...ADMIN_PROBLEMS),
  },
});

const confirmRoute = createRoute({
  method: 'post',
  path: '/v1/admin/confirmation',
  summary: 'Confirm a centre whose missing edges will not come',
  security: staffToken,
  request: nothingToSay,
  responses: {
    200: { description: 'Confirmed', content: jsonContent(z.object({ confirmed: z.literal(true) })) },
    ...problems(...ADMIN_PROBLEMS),
  },
});

export const adminRoutes: Routes = (app, node) => {
  app.openapi(listRoute, async (c) => {
    await requireAdministrator(node, c);
    const { kind } = c.req.valid('param');
    return c.json(
      {
        items: node.configuration
          .all(kind)
          .map(({ id, revision, body }) => ({ kind, id, revision, body: plain(body) })),
      },
      200,
    );
  });
  app.openapi(putRoute, async (c) => {
    const by = await requireAdministrator(node, c);
    node.confirmation.require();
    const { kind, id } = c.req.valid('param');
    const { revision, body } = c.req.valid('json');
    const configured = await configureAs(node, by, kind, id, revision, body);
    return c.json(configured, 200);
  });
  app.openapi(revokeRoute, async (c) => {
    const by = await requireAdministrator(node, c);
    const body = c.req.valid('json');
    await node.ledger.append('recovery', [{ kind: 'device-revocation', body: { ...body, ...byOf(by) } }]);
    await node.configuration.settled();
    return c.json({ deviceId: body.deviceId }, 201);
  });
  app.openapi(digestsRoute, async (c) => {
    await requireAdministrator(node, c);
    return c.json({ origins: await digests(node) }, 200);
  });
  app.openapi(comparisonRoute, async (c) => {
    await requireAdministrator(node, c);
    const found: (Difference & { peer: string | null })[] = (await node.comparison.withJournal()).map(
      (difference) => ({ peer: null, ...difference }),
    );
    for (const { name, client } of node.links) {
      if (!client.peer) continue;
      // A peer that cannot be reached at this moment has nothing to say.
      const differences = await node.comparison.all(client, c.req.raw.signal).catch((error: unknown) => {
        if (error instanceof UnreachableError || error instanceof RefusedError) return [];
        throw error;
      });
      found.push(...differences.map((difference) => ({ peer: name, ...difference })));
    }
    return c.json({ differences: found }, 200);
  });
  app.openapi(confirmRoute, async (c) => {
    await requireAdministrator(node, c);
    node.confirmation.override();
    return c.json({ confirmed: true as const }, 200);
  });
};

/** Configures one thing, and does with accounts what follows from it. `by`: null for the installation's own token. */
export async function configureAs(
  node: HoldfastNode,
  by: StaffMember | null,
  kind: ConfigKind,
  id: string,
  seen: number,
  value: Record<string, unknown>,
) {
  const wasRevoked = node.configuration.get('staff', id)?.body.revoked;
  const configured = await node.configuration.inTurn(() => configure(node, by, kind, id, seen, value));
  if (kind === 'staff') {
    const isRevoked = node.configuration.get('staff', id)?.body.revoked === true;
    // Their credentials go where they work, and nowhere once they are gone.
    if (isRevoked && wasRevoked !== true) await node.accounts.revoked(id, by?.staffId ?? null);
    else await node.accounts.align();
  }
  return configured;
}

async function configure(
  node: HoldfastNode,
  by: StaffMember | null,
  kind: ConfigKind,
  id: string,
  seen: number,
  value: Record<string, unknown>,
) {
  if (node.identity.certificate.role !== 'centre')
    throw new Problem('forbidden', { why: 'only a centre configures' });
  const parsed = configBodies[kind].safeParse(value);
  if (!parsed.success) throw misfit(parsed.error.issues, 'body');
  await checkVaultKey(node, parsed.data);
  if (kind === 'release') await checkRelease(node, configBodies.release.parse(parsed.data));
  const current = node.configuration.get(kind, id);
  if (kind === 'api-token') checkLifetime(node, configBodies['api-token'].parse(parsed.data));
  if (kind === 'edge-request') await checkAnswer(node, id, configBodies['edge-request'].parse(parsed.data));
  if (kind === 'vault')
    await checkVault(node, node.configuration.get(kind, id), configBodies.vault.parse(parsed.data));
  if ((current?.revision ?? 0) !== seen)
    throw new Problem('revision-stale', { revision: current?.revision ?? 0 });
  const revision = seen + 1;
  // The schema of this kind was chosen by the same `kind`, which the union of all kinds forgets.
  const draft = { kind: 'config', body: { kind, id, revision, body: parsed.data, ...byOf(by) } } as Draft;
  const records = kind === 'device-state' ? [await recordOf(node, by, id, parsed.data)] : [];
  await node.ledger.append('recovery', [draft, ...records]);
  await node.configuration.settled();
  return { kind, id, revision, body: plain(parsed.data) };
}

async function recordOf(
  node: HoldfastNode,
  by: StaffMember | null,
  id: string,
  value: unknown,
): Promise<Draft> {
  if (!deviceId.safeParse(id).success)
    throw new Problem('invalid-request', { fields: [{ at: 'id', code: 'not_a_device_id' }] });
  const { ledger, identity, peers, options } = node;
  const parts = { ledger, identity, peers, platform: options.platform };
  return deviceStateRecord(parts, by, id, configBodies['device-state'].parse(value));
}

/** The boxes check it again; here somebody is told at once. */
async function checkRelease(node: HoldfastNode, { manifest }: { readonly manifest: string }): Promise<void> {
  const signed = await verifyRelease(manifest, node.authority.organisation);
  if (!signed?.edge) throw new Problem('release-invalid');
}

/** What nobody has to renew is forgotten, and works for whoever finds it. */
function checkLifetime(node: HoldfastNode, { expiresAt }: { readonly expiresAt: number }): void {
  if (expiresAt > node.options.platform.now() + limits.apiTokenMsMax)
    throw new Problem('invalid-request', { fields: [{ at: 'body.expiresAt', code: 'too_late' }] });
}

/** For entries that name who said so. */
function byOf(by: StaffMember | null): { by?: string } {
  return by ? { by: by.staffId } : {};
}

/** For JSON, which knows no fields without a value. */
function plain(body: object): Record<string, unknown> {
  return { ...body };
}

/** A vault key that nothing can be sealed to would make every escrow of its sites fail: it is tried before it is told. */
async function checkVaultKey(node: HoldfastNode, body: object): Promise<void> {
  if (!('publicKey' in body) || typeof body.publicKey !== 'string') return;
  const record = { keyId: '', deviceId: '', volumeId: '' };
  const trial = new Sealer(node.options.platform).seal(
    [{ vaultId: 'trial', publicKey: body.publicKey }],
    { kind: 'recovery-password', ...record },
    new Redacted(new Uint8Array(16)),
  );
  try {
    await trial;
  } catch {
    throw new Problem('invalid-request', { fields: [{ at: 'body.publicKey', code: 'not_an_x25519_key' }] });
  }
}

async function digests(node: HoldfastNode) {
  const { ledger, options } = node;
  const found = [];
  for (const store of STORES) {
    for (const [origin, { seq, hash }] of ledger.origins(store)) {
      const { tables } = await digestSlice(ledger.engine, options.platform, store, origin, 1, seq);
      const digestsByTable = Object.fromEntries(
        Object.entries(tables).map(([table, { digest }]) => [table, digest]),
      );
      found.push({ store, origin, seq, hash, tables: digestsByTable });
    }
  }
  return found;
}
