/** What the project's documents ask people to type, and where they point. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../central/local/processes.ts';

export interface QuotedCommand {
  /** file and line, for a failing test */
  readonly at: string;
  /** what follows `holdfast` */
  readonly args: readonly string[];
  /** false where a sentence only names a command, or leaves something out by an ellipsis */
  readonly isWhole: boolean;
}

export async function documents(): Promise<string[]> {
  const found = ['README.md'];
  for (const folder of ['docs', 'agent']) {
    const names = await readdir(path.join(packageRoot(), folder), { recursive: true });
    found.push(...names.filter((name) => name.endsWith('.md')).map((name) => path.join(folder, name)));
  }
  return found.sort();
}

export function read(file: string): Promise<string> {
  return readFile(path.join(packageRoot(), file), 'utf8');
}

/** Every `holdfast …` of a document: in blocks of code as a whole command, in a sentence maybe as a part of one. */
export function commandsIn(file: string, text: string): QuotedCommand[] {
  const lines = text.split('\n');
  const found: QuotedCommand[] = [];
  let prose = '';
  let isFenced = false;
  for (let index = 0; index < lines.length; index += 1) {
    let line = lines[index] ?? '';
    const at = `${file}:${String(index + 1)}`;
    if (/^\s*```/.test(line)) {
      isFenced = !isFenced;
      continue;
    }
    if (!isFenced && !/^ {4,}\S/.test(line)) {
      prose += `${line}\n`;
      continue;
    }
    while (line.endsWith('\\')) line = line.slice(0, -1) + (lines[(index += 1)] ?? '').trim();
    // A block's line may hold two commands, or a command and a remark, a gap apart.
    for (const piece of line.trim().split(/ {2,}|\s→|\s\|\s|\s&&\s|;\s/))
      found.push(...command(at, piece, true));
  }
  for (const [, span = ''] of prose.matchAll(/`([^`]+)`/g))
    for (const piece of span.replace(/\s+/g, ' ').split(/\s\|\s|\s&&\s/))
      found.push(...command(file, piece, false));
  return found;
}

/** Every line of every block, fenced or indented: what a guide shows to be typed, and what stands in a file. */
export function linesIn(text: string): string[] {
  let isFenced = false;
  return text.split('\n').flatMap((line) => {
    if (/^\s*```/.test(line)) {
      isFenced = !isFenced;
      return [];
    }
    return (isFenced || /^ {4,}\S/.test(line)) && line.trim() !== '' ? [line.trim()] : [];
  });
}

/** Lines of the blocks that say `sh`: a guide's own steps, in order. */
export function stepsIn(text: string): string[] {
  return [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n'));
}

function command(at: string, piece: string, isWhole: boolean): QuotedCommand[] {
  const found = /^(?:[#$] )?(?:sudo )?(?:npx )?holdfast(?: (.*))?$/.exec(piece.trim());
  if (!found) return [];
  const all = words(found[1] ?? '');
  const args = all.filter((word) => word !== '…' && word !== '...');
  return [{ at, args, isWhole: isWhole && args.length === all.length }];
}

/** As a shell splits it: quotes hold together, and fall away. */
export function words(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}
