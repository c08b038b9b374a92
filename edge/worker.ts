/** The edge's entry: hands every request to the one object that is this edge. */
import type { EdgeEnv } from './settings.ts';

export { EdgeNode } from './node-object.ts';

let id: DurableObjectId | null = null;

const handler: ExportedHandler<EdgeEnv> = {
  fetch: (request, env) => env.NODE.get((id ??= env.NODE.idFromName('edge'))).fetch(request),
};

// workerd takes the default export as the entry.
export default handler;
