/** "a, b and c" in a language. */
import type { Language } from '../../text/language.ts';

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', es: 'es-ES' };

export function list(language: Language, names: readonly string[]): string {
  return new Intl.ListFormat(LOCALES[language], { type: 'conjunction' }).format(names);
}
