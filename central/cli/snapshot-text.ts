/** What the snapshot commands print. */
import { entriesOf } from '../../shared/snapshot/cut.ts';
import type { ListedSnapshot } from '../snapshot/repository.ts';
import type { Finding, Verification } from '../snapshot/verification.ts';
import { type StoredFault, readFault, say } from '../words/fault.ts';
import type { Words } from '../words/words.ts';
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
    ...findingLines(context, verification.findings).map((line) => `  ${line}`),
  ];
}

export function findingLines({ words }: Context, findings: readonly Finding[]): string[] {
  return findings.map(
    ({ check, subject, detail, fault }) =>
      `${words.snapshot.check[check]} ${subject}: ${sentenceOf(words, fault, detail)}`,
  );
}

/** What was written down as it happened, in the language of who reads it now. */
export function sentenceOf(words: Words, stored: StoredFault, message: string): string {
  const fault = readFault(stored);
  return fault ? say(words, fault) : message;
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
  const stepNames: Readonly<Record<string, string>> = context.words.snapshot.step;
  return (step, done, all) => {
    const share = all > 0 ? Math.min(1, done / all) : 0;
    const bar = '█'.repeat(Math.round(share * 24)).padEnd(24, '░');
    process.stderr.write(`\r\x1b[K${bar} ${stepNames[step] ?? step}`);
  };
}
