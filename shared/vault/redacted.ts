/**
 * A secret that cannot be printed, serialised or logged by accident (I8): only `reveal()` gives it out, so that
 * every place which does can be found by searching for that word.
 */
export class Redacted<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return '<redacted>';
  }

  toJSON(): string {
    return '<redacted>';
  }
}
