/** How far an import has come: in place on a terminal, a line now and then elsewhere, on standard error. */
import type { Words } from '../../words/words.ts';
import type { ImportCounts } from './importer.ts';

const TERMINAL_MS = 200;
const LINES_MS = 10_000;
const BAR_WIDTH = 24;

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class ImportProgress {
  readonly #output: ProgressOutput;
  readonly #words: Words;
  /** 0 when it is not known, as of standard input */
  readonly #bytesTotal: number;
  readonly #beganAt = performance.now();
  #shownAt: number;
  #shown = false;

  constructor(output: ProgressOutput, bytesTotal: number, words: Words) {
    this.#output = output;
    this.#bytesTotal = bytesTotal;
    this.#words = words;
    this.#shownAt = output.isTTY === true ? -Infinity : this.#beganAt;
  }

  at({ records }: ImportCounts, bytesRead: number): void {
    const now = performance.now();
    const terminal = this.#output.isTTY === true;
    if (now - this.#shownAt < (terminal ? TERMINAL_MS : LINES_MS)) return;
    this.#shownAt = now;
    this.#shown = true;
    const seconds = (now - this.#beganAt) / 1_000;
    const share = this.#bytesTotal === 0 ? 0 : Math.min(1, bytesRead / this.#bytesTotal);
    const left = share > 0 ? Math.ceil((seconds / share) * (1 - share)) : null;
    const text = this.#words.import.progress(records, Math.round(records / seconds), left);
    const filled = Math.round(share * BAR_WIDTH);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${String(Math.floor(share * 100))} %  `;
    this.#output.write(
      `${terminal ? '\r\u001b[K' : ''}${this.#bytesTotal === 0 ? '' : bar}${text}${terminal ? '' : '\n'}`,
    );
  }

  end(): void {
    if (this.#shown && this.#output.isTTY === true) this.#output.write('\r\u001b[K');
  }
}
