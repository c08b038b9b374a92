/** Configures one thing at a centre: reads the revision that is there, and sends the next. */
import { z } from 'zod';
import { type ConfigBody, type ConfigKind, configBodies } from '../../shared/journal/bodies.ts';
import type { NodeApi } from './api.ts';
import type { Context } from './context.ts';
import { CliError, EXIT_REFUSED } from './errors.ts';

const items = z.object({
  items: z.array(
    z.looseObject({ id: z.string(), revision: z.number().int(), body: z.record(z.string(), z.unknown()) }),
  ),
});

export interface ConfigureOptions {
  /** whether one that is there already may be changed; otherwise that is refused */
  readonly replace?: boolean;
}

export async function configure<K extends ConfigKind>(
  context: Context,
  kind: K,
  id: string,
  body: ConfigBody<K>,
  { replace = false }: ConfigureOptions = {},
): Promise<void> {
  const centre = await context.centre();
  const listed = await list(centre, kind);
  const revision = listed.items.find((item) => item.id === id)?.revision ?? 0;
  if (revision > 0 && !replace)
    throw new CliError(EXIT_REFUSED, context.words.cli.existsAlready(id), context.words.cli.replaceIt);
  await centre.answer(
    centre.client().PUT('/v1/admin/config/{kind}/{id}', {
      params: { path: { kind, id } },
      body: { revision, body: { ...body } },
    }),
    z.looseObject({ revision: z.number() }),
  );
}

export async function configuredIds(context: Context, kind: ConfigKind): Promise<string[]> {
  const centre = await context.centre();
  return (await list(centre, kind)).items.map(({ id }) => id);
}

export async function configuredBodies<K extends ConfigKind>(
  context: Context,
  kind: K,
): Promise<{ id: string; body: ConfigBody<K> }[]> {
  const centre = await context.centre();
  // The schema of this kind was chosen by the same `kind`, which the union of all kinds forgets.
  const bodyOf = (body: unknown) => configBodies[kind].parse(body) as ConfigBody<K>;
  return (await list(centre, kind)).items.map(({ id, body }) => ({ id, body: bodyOf(body) }));
}

/** What is configured under this ID, or null. */
export async function configuredBody<K extends ConfigKind>(
  context: Context,
  kind: K,
  id: string,
): Promise<ConfigBody<K> | null> {
  const found = (await configuredBodies(context, kind)).find((item) => item.id === id);
  return found?.body ?? null;
}

function list(centre: NodeApi, kind: ConfigKind) {
  return centre.answer(centre.client().GET('/v1/admin/config/{kind}', { params: { path: { kind } } }), items);
}
