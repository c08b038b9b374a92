import type { CodedWords } from '../../text/language.ts';
import { Tag } from './tag.tsx';

const KINDS: Readonly<Record<string, 'good' | 'bad' | 'warn'>> = {
  compliant: 'good',
  'non-compliant': 'bad',
  'policy-not-enforced': 'warn',
  unknown: 'warn',
};

export function ComplianceTag({ state }: { state: CodedWords }) {
  return <Tag kind={KINDS[state.code] ?? 'plain'}>{state.words}</Tag>;
}
