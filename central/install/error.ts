/** One sentence about an installation that was refused. The machine is as it was, but for what `kept` names. */
export class InstallError extends Error {
  override readonly name = 'InstallError';
  readonly kept: readonly string[];

  constructor(message: string, kept: readonly string[] = []) {
    super(message);
    this.kept = kept;
  }
}
