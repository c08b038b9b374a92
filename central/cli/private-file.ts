/** Files with secrets that commands make: mode 0600, whole or not at all, and never in place of another. */
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';
import type { Words } from '../words/words.ts';
import { type CliError, usage } from './errors.ts';

export async function writeNewSecret(file: string, content: string, words: Words): Promise<void> {
  const beside = `${file}.new-${String(process.pid)}`;
  try {
    await mkdir(path.dirname(path.resolve(file)), { recursive: true, mode: 0o700 });
    await writeFile(beside, content, { mode: 0o600, flag: 'wx', flush: true });
    // Unlike a renamed file, a linked one never replaces what is there.
    await link(beside, file);
  } catch (error) {
    throw fileFault(file, error, words);
  } finally {
    await rm(beside, { force: true });
  }
}

export function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** A file that another command made; `what` says in words what it should be. */
export async function readSecret<S extends z.ZodType>(
  file: string,
  schema: S,
  what: string,
  words: Words,
): Promise<z.infer<S>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw fileFault(file, error, words);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw usage(words.cli.notSuchAFile(file, what));
  }
}

function fileFault(file: string, error: unknown, words: Words): CliError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return usage(
    code === 'EEXIST' ? words.cli.fileExists(file) : words.cli.fileFault(file, words.systemError(code)),
  );
}
