/** "a, b and c" in a language. */
import type { Language } from '../../text/language.ts';

export function list(language: Language, names: readonly string[]): string {
  return new Intl.ListFormat(language, { type: 'conjunction' }).format(names);
}
