/** The edge's entry: hands every request to the one object that is this edge. */
import type { EdgeEnv } from './settings.ts';

export { EdgeNode } from './node-object.ts';

const handler: ExportedHandler<EdgeEnv> = {
  fetch: (request, env) => env.NODE.get(env.NODE.idFromName('edge')).fetch(request),
};

// workerd takes the default export as the entry.
export default handler;
