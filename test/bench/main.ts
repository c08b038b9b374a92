/**
 * `npm run bench`: measures a real installation on this machine and prints each figure beside its baseline and its aim.
 *
 *   npm run bench -- [--only NAME]... [--json FILE] [--entries N] [--devices N] [--rounds N] [--port N] [--keep FOLDER]
 *
 * Everything runs on one machine, load generator and all nodes together: on two cores the figures are what two cores
 * leave. See docs/PERFORMANCE.md.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { benchCatchUp } from './catchup.ts';
import { benchCatchUpIntoServers } from './catchup-servers.ts';
import { benchEscrows } from './escrows.ts';
import { type Figure, table } from './figures.ts';
import { benchImport } from './import.ts';
import type { BenchContext } from './installation.ts';
import { benchLive } from './live.ts';
import { benchPages } from './pages.ts';
import { benchReports } from './reports.ts';
import { benchRestart } from './restart.ts';
import { benchScale } from './scale.ts';
import { benchSeed } from './seed.ts';
import { benchSignIn } from './sign-in.ts';
import { benchSnapshot } from './snapshot.ts';
import { benchWire } from './wire.ts';

const BENCHES = {
  escrow: benchEscrows,
  'catch-up': benchCatchUp,
  live: benchLive,
  reports: benchReports,
  restart: benchRestart,
  scale: benchScale,
  wire: benchWire,
  'catch-up-servers': benchCatchUpIntoServers,
  snapshot: benchSnapshot,
  seed: benchSeed,
  import: benchImport,
  pages: benchPages,
  'sign-in': benchSignIn,
} as const;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
    entries: { type: 'string', default: '50000' },
    devices: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '5' },
    keep: { type: 'string' },
    port: { type: 'string', default: '10800' },
  },
});
const unknown = values.only?.find((name) => !(name in BENCHES));
if (unknown !== undefined) {
  process.stderr.write(
    `holdfast: there is no bench "${unknown}"; there are ${Object.keys(BENCHES).join(', ')}.\n`,
  );
  process.exit(2);
}

const figures: Figure[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (values.only && !values.only.includes(name)) continue;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-bench-'));
  const context: BenchContext = {
    folder,
    port: Number(values.port),
    entries: Number(values.entries),
    devices: Number(values.devices),
    rounds: Number(values.rounds),
    keep: values.keep ?? null,
    say: (what) => process.stderr.write(`${what}\n`),
  };
  try {
    figures.push(...(await bench(context)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
process.stdout.write(`${machine()}\n\n${table(figures)}\n`);
if (values.json !== undefined)
  await writeFile(
    values.json,
    `${JSON.stringify({ machine: machine(), at: new Date().toISOString(), figures }, null, 2)}\n`,
  );

function machine(): string {
  const [cpu] = os.cpus();
  return `${os.cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${Math.round(os.totalmem() / 2 ** 30)} GB, ${os.platform()} ${os.release()}, Node ${process.version}, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`;
}
