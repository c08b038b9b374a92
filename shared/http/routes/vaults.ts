/** What administrators ask of vaults: which there are, what only an old one opens, and how far re-sealing has come. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Configured } from '../../configuration.ts';
import type { HoldfastNode } from '../../node.ts';
import { requireAdministrator } from '../../staff/authenticate.ts';
import { keysSealedAlone } from '../../vault/resealing.ts';
import type { Routes } from '../context.ts';
import { jsonContent, problems, staffToken } from '../openapi.ts';
import { Problem } from '../problem.ts';

const count = z.number().int();

export const vaultsAnswer = z
  .object({
    vaults: z.array(
      z.object({
        vaultId: z.string(),
        scope: z.enum(['region', 'organisation']),
        regionId: z.string().nullable(),
        publicKey: z.string(),
        /** new secrets are sealed to it, and old ones again */
        newest: z.boolean(),
        retired: z.boolean(),
        compromised: z.boolean(),
        /** whether this node holds its private key */
        opensHere: z.boolean(),
        /** keys that no newer vault of the same region opens; it cannot be retired while there are any; null: not counted */
        keysAlone: count.nullable(),
      }),
    ),
    /** of this node, since it had to begin from the start */
    resealing: z.object({
      running: z.boolean(),
      rows: count,
      rowsSeen: count,
      resealed: z.record(z.string(), count),
      notOpenedHere: count,
      failed: count,
    }),
  })
  .openapi('Vaults');

const listRoute = createRoute({
  method: 'get',
  path: '/v1/admin/vaults',
  summary: 'List vaults, the keys that only an old one opens, and how far re-sealing has come on this node',
  security: staffToken,
  request: {
    query: z.object({
      count: z.enum(['yes', 'no']).default('yes').openapi({
        description: '`no`: without counting what only old vaults open, which looks at every key.',
      }),
    }),
  },
  responses: {
    200: { description: 'Vaults, the newest of each region first', content: jsonContent(vaultsAnswer) },
    ...problems('credentials-missing', 'token-invalid', 'forbidden', 'storage-unavailable'),
  },
});

export const vaultRoutes: Routes = (app, node) => {
  app.openapi(listRoute, async (c) => {
    await requireAdministrator(node, c);
    const vaults: z.infer<typeof vaultsAnswer>['vaults'] = [];
    const isCounted = c.req.valid('query').count === 'yes';
    for (const vault of node.configuration.all('vault')) vaults.push(await describe(node, vault, isCounted));
    vaults.sort((a, b) =>
      a.regionId === b.regionId
        ? b.vaultId.localeCompare(a.vaultId, 'en', { numeric: true })
        : (a.regionId ?? '').localeCompare(b.regionId ?? ''),
    );
    const progress = node.resealing.progress();
    return c.json({ vaults, resealing: { ...progress, resealed: { ...progress.resealed } } }, 200);
  });
  node.metrics.observe(() => {
    const { rows, rowsSeen, resealed, failed } = node.resealing.progress();
    return [
      { name: 'holdfast_reseal_rows', labels: { state: 'all' }, value: rows },
      { name: 'holdfast_reseal_rows', labels: { state: 'seen' }, value: rowsSeen },
      { name: 'holdfast_reseal_failed_keys', labels: {}, value: failed },
      ...Object.entries(resealed).map(([vault, value]) => ({
        name: 'holdfast_resealed_keys',
        labels: { vault },
        value,
      })),
    ];
  });
};

async function describe(
  node: HoldfastNode,
  { id, body }: Configured<'vault'>,
  isCounted: boolean,
): Promise<z.infer<typeof vaultsAnswer>['vaults'][number]> {
  const { scope, regionId, publicKey, retired, compromised = false } = body;
  const newest = node.configuration.livingVaults(regionId)[0]?.id === id;
  return {
    ...{ vaultId: id, scope, regionId, publicKey, newest, retired, compromised },
    opensHere: node.vaultKeys.some(({ vaultId }) => vaultId === id),
    keysAlone: newest || retired ? 0 : isCounted ? await keysAlone(node, id, regionId) : null,
  };
}

/** How many keys have a copy in this vault and none in a newer one of the same region. */
function keysAlone(node: HoldfastNode, vaultId: string, regionId: string | null): Promise<number> {
  const living = node.configuration.livingVaults(regionId).map(({ id }) => id);
  const newer = living.slice(0, Math.max(0, living.indexOf(vaultId)));
  return keysSealedAlone({ ledger: node.ledger, platform: node.options.platform }, vaultId, newer);
}

/**
 * Throws a Problem for what must never become of a vault: another key under its name, for then nobody can tell which
 * key opens what (I2), or an end while keys have their only copy there.
 */
export async function checkVault(
  node: HoldfastNode,
  current: Configured<'vault'> | undefined,
  next: Configured<'vault'>['body'],
): Promise<void> {
  if ((next.scope === 'organisation') !== (next.regionId === null))
    throw new Problem('invalid-request', { fields: [{ at: 'body.regionId', code: 'not_of_this_scope' }] });
  if (!current) return;
  const { scope, regionId, publicKey, retired } = current.body;
  if (scope !== next.scope || regionId !== next.regionId || publicKey !== next.publicKey)
    throw new Problem('vault-fixed');
  if (!next.retired || retired) return;
  const newest = node.configuration.livingVaults(regionId)[0]?.id;
  if (newest === current.id) throw new Problem('vault-needed', { why: 'newest' });
  const keys = await keysAlone(node, current.id, regionId);
  if (keys > 0) throw new Problem('vault-needed', { keys });
}
