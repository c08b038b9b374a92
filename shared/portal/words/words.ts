import type { Language } from '../../text/language.ts';
import { type PortalWords, en } from './en.ts';
import { es } from './es.ts';

export type { PortalWords } from './en.ts';

const WORDS: Readonly<Record<Language, PortalWords>> = { en, es };

export function portalWords(language: Language): PortalWords {
  return WORDS[language];
}
