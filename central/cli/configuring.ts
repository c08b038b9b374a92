/** Configures one thing at a centre: reads the revision that is there, and sends the next. */
import { z } from 'zod';
import type { ConfigBody, ConfigKind } from '../../shared/journal/bodies.ts';
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
  const listed = await centre.get(`/v1/admin/config/${kind}`, items);
  const revision = listed.items.find((item) => item.id === id)?.revision ?? 0;
  if (revision > 0 && !replace)
    throw new CliError(EXIT_REFUSED, context.words.cli.existsAlready(id), context.words.cli.replaceIt);
  await centre.put(
    `/v1/admin/config/${kind}/${id}`,
    { revision, body },
    z.looseObject({ revision: z.number() }),
  );
}

export async function configuredIds(context: Context, kind: ConfigKind): Promise<string[]> {
  const centre = await context.centre();
  return (await centre.get(`/v1/admin/config/${kind}`, items)).items.map(({ id }) => id);
}
