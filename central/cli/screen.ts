/** A view that is shown again and again: in place on a terminal, and elsewhere only when it has changed. */
import type { Context } from './context.ts';

export class Screen {
  readonly #context: Context;
  readonly inPlace: boolean;
  #shown = '';

  constructor(context: Context, terminal: boolean) {
    this.#context = context;
    this.inPlace = terminal && !context.json;
  }

  show(data: object, text: readonly string[]): void {
    const view = this.#context.json ? JSON.stringify(data) : text.join('\n');
    if (view === this.#shown) return;
    const rows = this.#shown === '' ? 0 : this.#shown.split('\n').length;
    if (this.inPlace && rows > 0) this.#context.raw(`\u001b[${String(rows)}A\u001b[J`);
    else if (rows > 1 && !this.#context.json) this.#context.raw('\n');
    this.#context.raw(`${view}\n`);
    this.#shown = view;
  }
}
