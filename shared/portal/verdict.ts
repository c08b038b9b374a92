/** What a computer's last report says of a drive that is in somebody else's hands now. */
import type { Computer, Volume } from '../reports/messages.ts';

export interface Verdict {
  readonly answer: 'yes' | 'suspended' | 'under-way' | 'no' | 'unknown';
  /** drives that were open, by letter */
  readonly open: readonly string[];
  /** when a password was given out that still opens a drive, as far as is known */
  readonly disclosedAt: number | null;
}

const FULLY_DECRYPTED = 0;
const FULLY_ENCRYPTED = 1;
const PROTECTION_ON = 1;
const SYSTEM = 1;
const REMOVABLE = 3;

/** Drives that leave with the computer; a stick may be anywhere. */
export function verdictOf({ volumes }: Pick<Computer, 'volumes'>): Verdict {
  const built = volumes.filter(({ type }) => type.code !== REMOVABLE);
  const answers = built.map(answerOf);
  const worst = (['no', 'suspended', 'under-way', 'unknown'] as const).find((answer) =>
    answers.includes(answer),
  );
  const keys = built.flatMap((volume) => volume.keys);
  const alive = keys.filter(({ onDrive, disclosedAt }) => onDrive !== false && disclosedAt.length > 0);
  return {
    // Without a word of the system's drive the others say little.
    answer: worst ?? (built.some(({ type }) => type.code === SYSTEM) ? 'yes' : 'unknown'),
    open: built
      .filter((volume) => answerOf(volume) !== 'yes')
      .map(({ driveLetter, type }) => driveLetter ?? type.words),
    disclosedAt: alive.length === 0 ? null : Math.max(...alive.map(({ disclosedAt }) => disclosedAt[0] ?? 0)),
  };
}

function answerOf({ conversion, protection }: Volume): Verdict['answer'] {
  if (conversion.code === FULLY_DECRYPTED) return 'no';
  if (conversion.code !== FULLY_ENCRYPTED) return 'under-way';
  if (protection.code === PROTECTION_ON) return 'yes';
  return protection.code === 0 ? 'suspended' : 'unknown';
}
