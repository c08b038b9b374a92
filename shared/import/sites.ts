/**
 * To which site a computer belongs, for its keys are sealed to that site's region. A file of rules, one per line, the
 * first that fits decides; what none fits is of the default site, where there is one:
 *
 *     # kind     what it says                          site
 *     computer   PC-MAD-*                              madrid
 *     ou         OU=Toledo,DC=corp,DC=example          toledo
 *     domain     corp.example                          madrid
 *
 * `*` stands for any characters. An `ou` covers everything below it. Case does not matter. Between the columns stand
 * tabs or several spaces; names with spaces are taken as they are.
 */
import { slug } from '../trust/certificate.ts';
import { nameOf, parseDistinguishedName } from './distinguished-name.ts';
import type { ImportedKey } from './record.ts';

type Computer = Pick<ImportedKey, 'computerName' | 'domain' | 'ou'>;
type Rule = (computer: Computer) => string | null;

export type SiteRules = (computer: Computer) => string | null;

/** The rules, or the number of the first line that is none. */
export function parseSiteRules(text: string, otherwise: string | null): SiteRules | { line: number } {
  const rules: Rule[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const rule = parseRule(line.trim());
    if (!rule) return { line: index + 1 };
    rules.push(rule);
  }
  return (computer) => {
    for (const rule of rules) {
      const site = rule(computer);
      if (site !== null) return site;
    }
    return otherwise;
  };
}

function parseRule(line: string): Rule | null {
  const [, kind = '', pattern = '', site = ''] = /^(\S+)\s+(.*\S)\s+(\S+)$/.exec(line) ?? [];
  if (!slug.safeParse(site).success) return null;
  switch (kind) {
    case 'computer':
      return wildcard(pattern, site, ({ computerName }) => computerName);
    case 'domain':
      return wildcard(pattern, site, ({ domain }) => domain);
    case 'ou': {
      const parts = parseDistinguishedName(pattern);
      if (!parts) return null;
      const name = nameOf(parts);
      return ({ ou }) => (ou !== null && (ou === name || ou.endsWith(`,${name}`)) ? site : null);
    }
    default:
      return null;
  }
}

/**
 * Piece by piece, each at its first place behind the one before: a regular expression of many stars would try every
 * way to share out a name among them.
 */
function wildcard(pattern: string, site: string, of: (computer: Computer) => string): Rule {
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  const last = rest.pop();
  const fits = (text: string): boolean => {
    if (last === undefined) return text === first;
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const piece of rest) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
  return (computer) => (fits(of(computer).toLowerCase()) ? site : null);
}
