/** How far something has come: in place on a terminal, a line now and then elsewhere; on standard error. */

const LINES_MS = 10_000;
const BAR_WIDTH = 24;

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class ProgressBar {
  readonly #output: ProgressOutput;
  #shownAt = performance.now();
  #shown = false;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** `share` from 0 to 1. */
  at(share: number, text: string): void {
    const terminal = this.#output.isTTY === true;
    const now = performance.now();
    if (!terminal && now - this.#shownAt < LINES_MS) return;
    this.#shownAt = now;
    this.#shown = true;
    const within = Math.min(1, Math.max(0, share));
    const filled = Math.round(within * BAR_WIDTH);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${String(Math.floor(within * 100))} %`;
    this.#output.write(`${terminal ? '\r\u001b[K' : ''}${bar}  ${text}${terminal ? '' : '\n'}`);
  }

  end(): void {
    if (this.#shown && this.#output.isTTY === true) this.#output.write('\r\u001b[K');
  }
}
