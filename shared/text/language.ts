/**
 * The words people read, in every language the product speaks. A table is typed by the codes that it gives words
 * to, so a code without a word, or a language without a table, does not compile.
 */
export const LANGUAGES = ['en', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];

export type Words<Code extends string | number> = Readonly<Record<Language, Readonly<Record<Code, string>>>>;

/** A stored code with what it means, as reports give it. */
export interface CodedWords<Code extends string | number = string | number> {
  readonly code: Code;
  readonly words: string;
}

/** A code that a newer node may have written and this version has no word for is shown as it is. */
export function wordsOf<Code extends string | number>(
  table: Words<Code>,
  language: Language,
  code: string | number,
): string {
  const words: Readonly<Record<string | number, string>> = table[language];
  return Object.hasOwn(words, code) ? (words[code] ?? String(code)) : String(code);
}

export function coded<Code extends string | number>(
  table: Words<Code>,
  language: Language,
  code: NoInfer<Code>,
): CodedWords<Code> {
  return { code, words: wordsOf(table, language, code) };
}

const RANGES_MAX = 20;

/** The first of `Accept-Language`, by preference, that is spoken here; English where none is. */
export function preferredLanguage(acceptLanguage: string | undefined): Language {
  const ranges = (acceptLanguage ?? '')
    .split(',', RANGES_MAX)
    .map((range) => {
      const [tag = '', ...parameters] = range
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { primary: tag.split('-')[0], weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  for (const { primary } of ranges) {
    const found = LANGUAGES.find((language) => language === primary);
    if (found) return found;
  }
  return 'en';
}
