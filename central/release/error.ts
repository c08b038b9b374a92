/** Why a release is not used, by a name that the words of each language know; nothing was changed. */
export type ReleaseFault =
  | 'no-manifest'
  | 'not-signed'
  | 'no-part'
  | 'file-missing'
  | 'file-differs'
  | 'older'
  | 'other-tables'
  | 'no-way-back'
  | 'not-installed'
  | 'other-program'
  | 'no-organisation'
  | 'trial-failed'
  | 'not-made'
  | 'disk';

export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
  readonly fault: ReleaseFault;
  readonly detail: string;

  constructor(fault: ReleaseFault, detail = '') {
    super(`${fault} ${detail}`.trim());
    this.fault = fault;
    this.detail = detail;
  }
}
