/** What is printed when the installation is ready. */
import path from 'node:path';
import { staffRoleWords } from '../../shared/text/audit.ts';
import type { FleetCounts } from '../fleet/fleet.ts';
import type { RunFile } from '../local/run-file.ts';
import { runFilePath } from '../local/run-file.ts';
import { DEMO_PLAN } from '../local/plan.ts';
import { type Words, languageOf } from '../words/words.ts';

export function readyText(run: RunFile, counts: FleetCounts | null, words: Words): string {
  const { start } = words;
  const roles = staffRoleWords[languageOf({ LANG: words.language })];
  const regionName = (id: string): string => DEMO_PLAN.regions.find((region) => region.id === id)?.name ?? id;
  const nodes = [
    [run.centre.name, run.centre.url, ''],
    ...run.edges.map(({ name, url, helpdesk, regionId }) => [
      name,
      url,
      helpdesk ? start.helpdeskEdge(regionName(regionId)) : start.escrowOnlyEdge(regionName(regionId)),
    ]),
  ];
  const facts = [
    ...(counts ? [[start.fleet, start.fleetOf(counts.devices, words.number)]] : []),
    ...run.people
      .filter(({ staffId }) => staffId !== 'officer-2')
      .map(({ staffId, role, password }) => [staffId, password, roles[role]]),
    ...run.people.slice(0, 1).map(({ staffId }) => [start.codes, `npx holdfast staff code ${staffId}`]),
    [start.staffToken, run.tokens.helpdesk],
    [start.everything, short(runFilePath(run.dataFolder))],
  ];
  const width = Math.max(...[...nodes, ...facts].map(([name = '']) => name.length));
  const row = ([name = '', ...rest]: readonly string[]): string =>
    `  ${name.padEnd(width)}  ${rest.filter(Boolean).join('  ')}`;
  const commands = run.commands.flatMap((command, index) => [
    '',
    `  ${String(index + 1)}. ${(run.fleet.devices > 0 ? start.tries : start.triesWithoutFleet)[index] ?? ''}`,
    ...command.split('\n').map((line) => `     ${line}`),
  ]);
  return [
    '',
    start.ready,
    '',
    ...nodes.map(row),
    '',
    ...facts.map(row),
    '',
    start.tryThese,
    ...commands,
    '',
    start.howToStop,
    '',
  ].join('\n');
}

/** Relative where that is shorter. */
function short(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative !== '' && relative.length < file.length ? relative : file;
}
