/** Distinguished names, and the rules that say to which site a computer belongs. */
import fc from 'fast-check';
import { domainOf, nameOf, parseDistinguishedName } from '../../../shared/import/distinguished-name.ts';
import { parseSiteRules } from '../../../shared/import/sites.ts';
import { type Target, must, same, textOf, signsOf } from '../target.ts';

/** RFC 4514: every sign that could mean something, escaped. */
const escaped = (value: string) =>
  value.replace(/[\\,+"<>;=#]/g, (sign) => `\\${sign}`).replace(/^ | $/g, '\\20');

/** Whether `text` fits `pattern`, without regard to case: place by place, which beginnings of the text each beginning of the pattern fits. */
function fits(pattern: string, text: string): boolean {
  const signs = text.toLowerCase();
  let ends = new Set([0]);
  for (const sign of pattern.toLowerCase()) {
    const next = new Set<number>();
    for (const end of ends) {
      if (sign === '*') for (let at = end; at <= signs.length; at += 1) next.add(at);
      else if (signs.charAt(end) === sign) next.add(end + 1);
    }
    ends = next;
  }
  return ends.has(signs.length);
}

const values = fc.string({ unit: signsOf('abMñ,+\\"<>;=# *.'), maxLength: 12 });

export const target: Target = {
  name: 'import-names',
  holds:
    'a name written by RFC 4514 is read back part by part; a rule fits exactly where an independent matcher says so, within a bounded time',
  inputs: fc.oneof(
    fc
      .array(fc.tuple(fc.constantFrom('CN', 'OU', 'DC', '2.5.4.3'), values), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.map(([type, value]) => `${type}=${escaped(value)}`).join(',')),
    fc
      .tuple(
        fc.constantFrom('computer', 'domain', 'ou'),
        fc.string({ unit: signsOf('ab*.(+[-'), minLength: 1, maxLength: 30 }),
        fc.constantFrom('madrid', 'Lugo', 'x y'),
      )
      .map((rule) => rule.join('   ')),
    fc
      .tuple(
        fc.string({ unit: signsOf('ab*'), minLength: 1, maxLength: 7 }),
        fc.string({ unit: signsOf('abAB'), maxLength: 7 }),
      )
      .map(([pattern, name]) => `computer ${pattern} madrid\n${name}`),
    fc
      .tuple(fc.nat(40), fc.nat(120))
      .map(([stars, length]) => `computer ${'a*'.repeat(stars)}b site\n${'a'.repeat(length)}`),
  ),
  words: [
    'CN=',
    'OU=',
    'DC=',
    '\\2C',
    '\\c3\\b1',
    '\\\\',
    'computer ',
    'domain ',
    'ou ',
    '*',
    'madrid',
    '**',
    '\t',
  ],
  bytesMax: 600,
  open: () => ({
    seeds: [
      'CN=PC\\, old \\22a\\22,OU=Lugo\\2C Norte,DC=corp,DC=example',
      'computer   PC-MAD-*   madrid\nPC-MAD-0417',
      'ou OU=Toledo,DC=corp,DC=example toledo\n# comment\ndomain  corp.example  madrid',
    ],
    run(input) {
      const text = textOf(input);
      const parts = parseDistinguishedName(text);
      if (parts) {
        must(
          parts.every(({ type }) => type === type.toLowerCase()),
          'a type is not in lower case',
        );
        domainOf(parts);
        const again = parseDistinguishedName(
          parts.map(({ type, value }) => `${type}=${escaped(value)}`).join(','),
        );
        if (parts.every(({ value }) => value.trim() === value && !/[\r\n]/.test(value)))
          same(again, parts, 'a name that is written is read otherwise');
        same(
          nameOf(parts),
          nameOf(
            parts.map(({ type, value }) => ({
              type,
              value: value.toUpperCase().toLowerCase() === value.toLowerCase() ? value.toUpperCase() : value,
            })),
          ),
          'case counts',
        );
      }
      const [rule = '', name = ''] = text.split(/\r?\n/, 2);
      const computer = { computerName: name.slice(0, 255), domain: name.slice(0, 255), ou: null };
      const rules = parseSiteRules(rule, null);
      if (typeof rules !== 'function') {
        must(rules.line === 1, 'another line is named');
        return;
      }
      const [, kind = '', pattern = '', site = ''] = /^(\S+)\s+(.*\S)\s+(\S+)$/.exec(rule.trim()) ?? [];
      if (kind !== 'computer' && kind !== 'domain') return;
      if (/^[\x20-\x7e]*$/.test(pattern + name) && pattern.length * name.length < 4_000)
        same(rules(computer), fits(pattern, computer.computerName) ? site : null, 'a rule fits otherwise');
    },
  }),
};
