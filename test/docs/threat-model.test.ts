/** What docs/THREAT_MODEL.md says is shown by tests: each file is there, and has a test of that name. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../central/local/processes.ts';

/** Titles of tests, and names of rows that tests are made of. */
const TITLES =
  /(?:\b(?:it|test|describe)(?:\.\w+)*(?:\((?:[^()]|\([^()]*\))*\))?\(\s*|\bname: )(['"`])((?:\\.|(?!\1)[\s\S])*?)\1/g;

async function titlesIn(file: string): Promise<string[]> {
  const text = await readFile(path.join(packageRoot(), file), 'utf8');
  return [...text.matchAll(TITLES)].map(([, , title = '']) => title.replaceAll("\\'", "'"));
}

it('quotes only tests that there are', async () => {
  const document = await readFile(path.join(packageRoot(), 'docs/THREAT_MODEL.md'), 'utf8');
  const wrong: string[] = [];
  let quoted = 0;
  const known = new Map<string, string[]>();
  for (const [line, text] of document.split('\n').entries()) {
    let file: string | null = null;
    for (const [, named, title] of text.matchAll(/`(test\/[\w./-]+\.ts)`|“([^”]+)”/g)) {
      if (named !== undefined) {
        file = named;
        if (!known.has(named)) known.set(named, await titlesIn(named).catch(() => []));
        if (known.get(named)?.length === 0) wrong.push(`line ${String(line + 1)}: ${named} has no tests`);
      } else if (title !== undefined) {
        quoted += 1;
        if (file === null || !known.get(file)?.some((each) => each.includes(title)))
          wrong.push(`line ${String(line + 1)}: ${String(file)} has no “${title}”`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(quoted).toBeGreaterThan(50);
});

it('has a test for whatever it says that an attacker cannot do', async () => {
  const document = await readFile(path.join(packageRoot(), 'docs/THREAT_MODEL.md'), 'utf8');
  const tables = document
    .split(/\n\n/)
    .filter((block) => /^\| (?:it|they) cannot \| shown by \|/.test(block));
  const rows = tables.flatMap((table) => table.split('\n').slice(2));
  expect(tables).toHaveLength(8);
  expect(rows.filter((row) => !/`test\/[\w./-]+\.ts` “/.test(row))).toEqual([]);
});
