/** Inputs that are kept: one a line, as JSON text where they are UTF-8 and as `{"base64": …}` where they are not. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type Input, bytesOf, textOf } from '../target.ts';

const line = z.union([z.string(), z.strictObject({ base64: z.string() })]);

export function readCorpus(file: string): Input[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => {
      const kept = line.parse(JSON.parse(text));
      return typeof kept === 'string' ? bytesOf(kept) : new Uint8Array(Buffer.from(kept.base64, 'base64'));
    });
}

export function writeCorpus(file: string, inputs: readonly Input[]): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, inputs.map((input) => `${lineOf(input)}\n`).join(''));
}

export function lineOf(input: Input): string {
  const text = textOf(input);
  const isText = Buffer.from(text).equals(input);
  return JSON.stringify(isText ? text : { base64: Buffer.from(input).toString('base64') });
}

/** The fewest small inputs that reach all that the whole corpus reaches, as greedily as can be. */
export function smallest(
  inputs: readonly { readonly input: Input; readonly reaches: readonly number[] }[],
  bytesMax: number,
): Input[] {
  const missing = new Set(inputs.flatMap(({ reaches }) => reaches));
  const left = inputs
    .filter(({ input }) => input.length <= bytesMax)
    .sort((a, b) => a.input.length - b.input.length);
  const kept: Input[] = [];
  for (;;) {
    let best: (typeof left)[number] | null = null;
    let gain = 0;
    for (const each of left) {
      const gained = each.reaches.filter((place) => missing.has(place)).length;
      if (gained > gain) [best, gain] = [each, gained];
    }
    if (!best) return kept;
    kept.push(best.input);
    for (const place of best.reaches) missing.delete(place);
  }
}
