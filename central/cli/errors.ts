/** How a command fails. The exit code says to whom to turn: the caller, the node's answer, or the network. */

export const EXIT_OK = 0;
/** refused, not found, or not as it should be */
export const EXIT_REFUSED = 1;
/** usage or configuration */
export const EXIT_USAGE = 2;
export const EXIT_UNREACHABLE = 3;

/** One sentence, and a second one about what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  readonly advice: string | null;
  /** what `--json` prints */
  readonly document: Readonly<Record<string, unknown>>;

  constructor(
    exitCode: number,
    message: string,
    advice: string | null = null,
    document: Readonly<Record<string, unknown>> = { title: message },
  ) {
    super(message);
    this.exitCode = exitCode;
    this.advice = advice;
    this.document = document;
  }
}

export function usage(message: string, advice: string | null = null): CliError {
  return new CliError(EXIT_USAGE, message, advice);
}
