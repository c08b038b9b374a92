import { type Fault, FaultError } from '../words/fault.ts';

/** One sentence about an installation that was refused. The machine is as it was, but for what `kept` names. */
export class InstallError extends FaultError {
  override readonly name = 'InstallError';
  readonly kept: readonly string[];

  constructor(of: Fault, kept: readonly string[] = []) {
    super(of);
    this.kept = kept;
  }
}
