/** What the snapshot commands print. */
import { entriesOf } from '../../shared/snapshot/cut.ts';
import type { ListedSnapshot } from '../snapshot/repository.ts';
import type { Verification } from '../snapshot/verification.ts';
import type { Context } from './context.ts';
import { EXIT_OK, EXIT_REFUSED } from './errors.ts';
import { record } from './table.ts';

export function rowOf(context: Context, set: ListedSnapshot): string[] {
  const { snapshot, number } = context.words;
  if ('fault' in set) return [set.id, '', '', snapshot.fault[set.fault], ''];
  const { manifest, latest } = set;
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  return [
    set.id,
    number(entriesOf(manifest.cut)),
    `${number(Math.ceil(bytes / 1024))} KiB`,
    snapshot.outcome[latest?.structure ?? 'not-verified'],
    snapshot.outcome[latest?.opens ?? 'not-verified'],
  ];
}

export function verificationLines(context: Context, verification: Verification): string[] {
  const { snapshot } = context.words;
  const [, , , structure = '', opens = ''] = snapshot.columns;
  return [
    record([
      [structure, snapshot.outcome[verification.structure]],
      [opens, snapshot.outcome[verification.opens]],
    ]),
    ...verification.vaults.map(
      ({ vaultId, outcome, opened, copies }) =>
        `  ${snapshot.vault(vaultId, snapshot.outcome[outcome], opened, copies)}`,
    ),
    ...(verification.beyondHeads > 0 ? [`  ${snapshot.beyondHeads(verification.beyondHeads)}`] : []),
    ...verification.findings.map(({ check, subject, detail }) => `  ${check} ${subject}: ${detail}`),
  ];
}

export function exitCodeOf(verifications: readonly Verification[], requireOpens: boolean): number {
  const isGood = verifications.every(
    ({ structure, opens }) =>
      structure === 'verified' && opens !== 'failed' && (!requireOpens || opens === 'verified'),
  );
  return isGood ? EXIT_OK : EXIT_REFUSED;
}

/** One line that is written over, on a terminal alone. */
export function progressOf(context: Context): (step: string, done: number, all: number) => void {
  if (!process.stderr.isTTY || context.json) return () => undefined;
  process.once('exit', () => process.stderr.write('\r\x1b[K'));
  return (step, done, all) => {
    const share = all > 0 ? Math.min(1, done / all) : 0;
    const bar = '█'.repeat(Math.round(share * 24)).padEnd(24, '░');
    process.stderr.write(`\r\x1b[K${bar} ${step}`);
  };
}
