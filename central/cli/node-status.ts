/** One node as `status` shows it, from its `/readyz` and `/metrics`. */
import { z } from 'zod';
import type { Words } from '../words/words.ts';
import type { NodeApi } from './api.ts';
import { CliError } from './errors.ts';
import { cut, table } from './table.ts';

const readiness = z.looseObject({
  ready: z.boolean(),
  nodeId: z.string(),
  name: z.string(),
  role: z.enum(['edge', 'centre']),
  version: z.string(),
  wanted: z.string().nullable().default(null),
  waitingFor: z.array(z.string()),
  offlineSince: z.number().nullable(),
  peers: z.array(z.looseObject({ name: z.string(), state: z.string(), lastContact: z.number() })),
  freshness: z.array(
    z.looseObject({
      nodeName: z.string(),
      asOf: z.number().nullable(),
      entriesBehind: z.number().nullable(),
    }),
  ),
  alarms: z.array(
    z.looseObject({
      type: z.string(),
      subject: z.string(),
      detail: z.string(),
      since: z.number(),
      count: z.number(),
    }),
  ),
});
export type Readiness = z.infer<typeof readiness>;

export interface NodeNow {
  readonly name: string;
  readonly url: string;
  readonly answers: boolean;
  readonly readiness: Readiness | null;
  /** entries in its journal, by store */
  readonly journal: { readonly recovery: number | null; readonly compliance: number | null };
}

export async function readNode(name: string, api: NodeApi): Promise<NodeNow> {
  try {
    const [ready, metrics] = await Promise.all([api.readiness(readiness), api.text('/metrics')]);
    const entries = (store: string): number | null =>
      gauge(metrics, `holdfast_journal_entries{store="${store}"}`);
    const journal = { recovery: entries('recovery'), compliance: entries('compliance') };
    return { name, url: api.url, answers: true, readiness: ready, journal };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return {
      name,
      url: api.url,
      answers: false,
      readiness: null,
      journal: { recovery: null, compliance: null },
    };
  }
}

function gauge(metrics: string, name: string): number | null {
  const line = metrics.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? null : Number(line.slice(name.length + 1));
}

export function statusText(nodes: readonly NodeNow[], words: Words, now: number): string {
  const { cli, number } = words;
  const centre = nodes.find(({ readiness: ready }) => ready?.role === 'centre')?.readiness;
  const count = (value: number | null): string => (value === null ? '–' : number(value));
  const rows = nodes.map(({ name, readiness: ready, journal }) => [
    name,
    stateText(ready, words),
    contactText(ready, words, now),
    count(journal.recovery),
    count(journal.compliance),
    count(centre?.freshness.find(({ nodeName }) => nodeName === name)?.entriesBehind ?? null),
    ready ? number(ready.alarms.length) : '–',
  ]);
  const { columns } = cli;
  const head = [
    columns.node,
    columns.state,
    columns.centre,
    columns.recovery,
    columns.compliance,
    columns.behind,
    columns.alarms,
  ];
  const notes = nodes.flatMap(({ name, readiness: ready }) => [
    ...(ready && ready.waitingFor.length > 0 ? [cli.nodeWaits(name, ready.waitingFor)] : []),
    ...(ready && ready.wanted !== null && ready.wanted !== ready.version
      ? [cli.nodeUpgrades(name, ready.version, ready.wanted)]
      : []),
    ...(ready?.alarms ?? []).map(({ type, subject, detail }) => `${name}: ${type} ${subject}: ${detail}`),
  ]);
  const shown = notes.slice(0, NOTES_MAX).map((note) => cut(`  ! ${note}`, cli.width));
  const more = notes.length > NOTES_MAX ? [cli.more(notes.length - NOTES_MAX)] : [];
  return [table(head, rows, cli.width), ...(shown.length > 0 ? ['', ...shown, ...more] : [])].join('\n');
}

const NOTES_MAX = 5;

function stateText(ready: Readiness | null, words: Words): string {
  if (!ready) return words.cli.noAnswerShort;
  return ready.ready ? words.cli.ready : words.cli.waiting;
}

/** How an edge stands with the centre. */
function contactText(ready: Readiness | null, words: Words, now: number): string {
  if (ready?.role !== 'edge') return '–';
  const last = Math.max(0, ...ready.peers.map(({ lastContact }) => lastContact));
  if (last === 0) return words.cli.neverReached;
  return ready.peers.some(({ state }) => state === 'waiting')
    ? words.cli.lostAgo(Math.max(0, Math.round((now - last) / 1000)))
    : words.cli.inTouch;
}
