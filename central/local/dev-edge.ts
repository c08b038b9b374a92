/**
 * `npm run dev:edge`: the edge under `wrangler dev`, which reloads it when its sources change, with an identity of the
 * development installation. Further arguments go to wrangler (`npm run dev:edge -- --port 9000`).
 *
 * Nothing calls out: wrangler's look for updates, its sample of `Request.cf` and its statistics are switched off here
 * and in scripts/run.sh.
 */
import { spawn } from 'node:child_process';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DEVELOPMENT_EDGE, openDevelopment } from './development.ts';
import { packageRoot } from './processes.ts';

const cluster = await openDevelopment(process.env);
const root = packageRoot();
const folder = path.join(cluster.folder, 'wrangler');
const variables = path.join(folder, 'edge.env');
await mkdir(folder, { recursive: true, mode: 0o700 });
await writeFile(
  `${variables}.new`,
  `HOLDFAST_IDENTITY='${JSON.stringify(cluster.secrets.edges[DEVELOPMENT_EDGE])}'\nHOLDFAST_CENTRE_URL=${cluster.centreUrl}\n`,
  { mode: 0o600 },
);
await rename(`${variables}.new`, variables);

process.stderr.write(
  `holdfast: the edge of ${path.relative(process.cwd(), cluster.folder)}, whose centre is ${cluster.centreUrl} (npm run dev:central).\n`,
);
const wrangler = spawn(
  process.execPath,
  [
    path.join(root, 'node_modules/wrangler/bin/wrangler.js'),
    ...['dev', '--config', path.join(root, 'edge/wrangler.jsonc')],
    ...['--env-file', variables, '--persist-to', path.join(folder, 'state')],
    ...process.argv.slice(2),
  ],
  {
    stdio: 'inherit',
    env: { ...process.env, WRANGLER_HIDE_BANNER: 'true', WRANGLER_WRITE_LOGS: 'false' },
  },
);
// Ctrl-C reaches wrangler from the terminal too; it stops once, and as asked for is no failure.
let asked = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    asked = true;
    wrangler.kill(signal);
  });
}
wrangler.once('exit', (code) => process.exit(asked ? 0 : (code ?? 1)));
