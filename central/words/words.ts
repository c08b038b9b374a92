/** The words of the programs at the centre, in each language that they speak. `en` is the type of all. */
import { en } from './en.ts';
import { es } from './es.ts';

export type Words = typeof en;
export type Language = 'en' | 'es';

/** By the locale, as POSIX ranks its variables. */
export function languageOf(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  return /^es(?![a-z])/i.test(locale ?? '') ? 'es' : 'en';
}

export function wordsFor(env: Readonly<Record<string, string | undefined>>): Words {
  return languageOf(env) === 'es' ? es : en;
}
