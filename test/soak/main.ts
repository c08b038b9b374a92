/**
 * `npm run soak`: a centre, three edges and their people and PCs for an hour and longer, at a low rate, with churn. Every
 * minute the memory, descriptors and files of each process are read; at the end everything has to agree, every key has
 * to be there, and what grew has to be explained by entries. See docs/PERFORMANCE.md.
 *
 *   npm run soak -- [--minutes 70] [--seed TEXT] [--port 25000] [--json FILE] [--haste 1] [--keep]
 *
 * `--haste 10` does everything ten times as often, for seeing in a few minutes whether it works.
 */
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Dice } from '../../central/fleet/random.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import { enrolPeople } from '../../central/local/people.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { nodePlatform } from '../../central/platform.ts';
import { randomName } from '../../shared/platform.ts';
import { bugsInLogs, disagreements, search, untilNone } from '../support/asking.ts';
import { Churn } from './churn.ts';
import { People } from './people.ts';
import { judge, reportText } from './report.ts';
import { Restarts } from './restarts.ts';
import { type NodeSample, type Sample, sampleNode } from './samples.ts';

const SAMPLE_MS = 60_000;
const SNAPSHOTS = {
  ...{ HOLDFAST_SNAPSHOT_EVERY: '10m', HOLDFAST_SNAPSHOT_PLAIN: 'yes', HOLDFAST_SNAPSHOT_KEEP_LAST: '3' },
  ...{
    HOLDFAST_SNAPSHOT_KEEP_DAILY: '1',
    HOLDFAST_SNAPSHOT_KEEP_WEEKLY: '0',
    HOLDFAST_SNAPSHOT_KEEP_MONTHLY: '0',
  },
};

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '70' },
    seed: { type: 'string', default: randomName(nodePlatform, 8) },
    port: { type: 'string', default: '25000' },
    json: { type: 'string' },
    haste: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const minutes = Number(values.minutes);
const { seed } = values;
const folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-soak-'));
const json = values.json ?? path.join(folder, 'soak.json');
say(`soak: ${String(minutes)} minutes, seed ${seed}, in ${folder}; figures go to ${json}`);

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    stopping.abort();
  });

const plan = { ...DEMO_PLAN, disclosuresPerHour: 1_000 };
const cluster = await LocalCluster.prepare(path.join(folder, 'installation'), plan, Number(values.port));
cluster.centreEnv = SNAPSHOTS;
const samples: Sample[] = [];
let failures: string[] = [];
try {
  await cluster.startAll();
  const dice = new Dice(nodePlatform, seed, 'soak');
  const away = new Set<string>();
  const churn = new Churn(cluster, seed);
  const people = new People(cluster, churn, await enrolPeople(cluster), dice, away);
  const restarts = new Restarts(cluster, dice, away);
  await churn.open();
  say(`soak: ${JSON.stringify(churn.counts())}`);

  const activities: readonly [everyMs: number, work: () => Promise<void>][] = [
    [SAMPLE_MS, sample],
    [15_000, () => people.giveOut()],
    [10_000, () => people.read()],
    [120_000, () => people.signIn()],
    [180_000, () => churn.deliver()],
    [420_000, () => restarts.restartEdge()],
    [1_200_000, () => restarts.holdUpCentre()],
  ];
  const faults: string[] = [];
  const haste = Number(values.haste);
  await Promise.all(activities.map(([everyMs, work]) => repeat(everyMs / haste, work, faults)));
  say('soak: everybody reports once more, and everything is compared …');
  await sample();
  const keys = await churn.settle();
  const convergedMs = await untilNone(() => disagreements(cluster), 60_000);
  await restarts.killAll();
  await untilNone(() => disagreements(cluster), 60_000);
  const lost: string[] = [];
  for (const { keyId } of keys)
    if (!JSON.stringify((await search(cluster, cluster.centreUrl, keyId)).body).includes(keyId))
      lost.push(keyId);
  await churn.stop();
  const logged = await bugsInLogs(cluster);
  const found = {
    seed,
    minutes,
    keys: keys.length,
    lost,
    convergedMs,
    restarts: restarts.done,
    retired: churn.retired,
  };
  const done = { fleet: churn.counts(), people: people.counts };
  failures = [
    ...faults,
    ...people.faults,
    ...churn.bugs,
    ...logged,
    ...lost.map((keyId) => `key ${keyId} is not at the centre`),
    ...judge(samples),
  ];
  await writeFile(
    json,
    `${JSON.stringify({ machine: machine(), ...found, ...done, failures, samples }, null, 1)}\n`,
  );
  say(reportText(samples));
  say(`soak: ${JSON.stringify({ ...found, lost: lost.length, ...done })}`);
} finally {
  await cluster.stopAll();
  if (!values.keep) await rm(path.join(folder, 'installation'), { recursive: true, force: true });
}
for (const failure of failures) say(`soak FAILED: ${failure}`);
if (failures.length === 0) say('soak: everything that grew is explained by entries; nothing was lost');
process.exitCode = failures.length === 0 ? 0 : 1;

/** Does the work again and again until the time is over; a pause begins when the work ends. */
async function repeat(everyMs: number, work: () => Promise<void>, faults: string[]): Promise<void> {
  const until = performance.now() + minutes * 60_000;
  while (!stopping.signal.aborted) {
    const pause = Math.min(everyMs, until - performance.now());
    if (pause <= 0) return;
    await nodePlatform.sleep(pause, stopping.signal);
    if (pause < everyMs) return;
    try {
      await work();
    } catch (error) {
      faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
}

async function sample(): Promise<void> {
  const names = ['centre', ...cluster.plan.edges.map(({ name }) => name)];
  const nodes = await Promise.all(names.map((name) => sampleNode(cluster, name)));
  const taken: Sample = {
    minute: samples.length + 1,
    load: os.loadavg()[0] ?? 0,
    nodes: nodes.filter((node): node is NodeSample => node !== null),
  };
  samples.push(taken);
  // A run that is interrupted leaves what it saw.
  await appendFile(`${json}.lines`, `${JSON.stringify(taken)}\n`);
}

function machine(): string {
  return `${String(os.cpus().length)} × ${os.cpus()[0]?.model ?? '?'}, ${String(Math.round(os.totalmem() / 2 ** 30))} GB, Node ${process.version}`;
}
