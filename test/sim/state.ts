/**
 * A long run in pieces (`SIM_STATE`): what the seeds so far add up to, in a file. The next piece goes on after the last
 * seed, and only with the same program: a total over two versions would say nothing about either.
 */
import { hash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Tally } from './tally.ts';

interface State {
  /** SHA-256 of the bundled simulator */
  readonly program: string;
  readonly first: number;
  readonly tally: Tally;
}

/** The state in `file`, or a new one that begins at `first`; always new where there is no file. Throws when another program made it. */
export function readState(file: string | undefined, bundled: string, first: number): State {
  const program = hash('sha256', readFileSync(bundled), 'hex');
  if (file === undefined || !existsSync(file)) return { program, first, tally: new Tally() };
  const state = JSON.parse(readFileSync(file, 'utf8')) as State;
  if (state.program !== program) throw new Error(`${file} was counted with another version of this program`);
  return { ...state, tally: Tally.from(state.tally) };
}

/** Whole or not at all: a piece that is interrupted counts for nothing. */
export function writeState(file: string, state: State): void {
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}
