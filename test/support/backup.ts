/** An installation under load that is backed up by the recipes of docs/backup, run as they are. */
import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../central/local/processes.ts';
import { programAt } from './appliance.ts';

export const recipes = path.join(packageRoot(), 'docs/backup');

export function missingPrograms(...names: readonly string[]): readonly string[] {
  return names.filter((name) => programAt(`/usr/bin/${name}`, `/usr/local/bin/${name}`) === null);
}

/** A script that runs `holdfast` with an environment, as it is installed on a centre's machine. */
export async function holdfastScript(file: string, env: Readonly<Record<string, string>>): Promise<string> {
  const program = path.join(packageRoot(), 'dist/central/cli/holdfast.js');
  const lines = Object.entries(env).map(([name, value]) => `export ${name}='${value}'`);
  await writeFile(
    file,
    ['#!/bin/sh', ...lines, `exec '${process.execPath}' '${program}' "$@"`, ''].join('\n'),
  );
  await chmod(file, 0o755);
  return file;
}

/** Runs a program without holding this process up; rejects with what it wrote when it fails. */
export function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const options = { env: { PATH: process.env['PATH'], HOME: env['HOME'], ...env }, maxBuffer: 1 << 24 };
  return promisify(execFile)(command, [...args], { ...options, ...(cwd === undefined ? {} : { cwd }) });
}
