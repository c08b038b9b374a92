/**
 * Litestream as a way to copy both stores, where its program is at hand: HOLDFAST_LITESTREAM names it. One copy is its
 * first snapshot of both into a folder, after which it is ended and what it left beside the databases is taken away.
 */
import { spawn } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { nodePlatform } from '../../central/platform.ts';

const LOOK_EVERY_MS = 10;
const SNAPSHOT_MS_MAX = 120_000;

export const litestreamProgram = process.env['HOLDFAST_LITESTREAM'] ?? null;

type Files = Readonly<Record<'recovery' | 'compliance', string>>;

export async function litestreamOnce(
  program: string,
  files: Files,
  copies: string,
): Promise<{ frozenMs: number; finished: boolean; ms: number }> {
  const began = performance.now();
  const running = Object.entries(files).map(([store, file]) =>
    spawn(program, ['replicate', file, `file://${path.join(copies, store)}`], { stdio: 'ignore' }),
  );
  const ended = running.map((child) => new Promise((resolve) => child.once('exit', resolve)));
  try {
    while ((await snapshotsIn(copies)) < running.length) {
      if (performance.now() - began > SNAPSHOT_MS_MAX)
        return { frozenMs: 0, finished: false, ms: SNAPSHOT_MS_MAX };
      await nodePlatform.sleep(LOOK_EVERY_MS);
    }
    return { frozenMs: 0, finished: true, ms: performance.now() - began };
  } finally {
    for (const child of running) child.kill('SIGTERM');
    await Promise.all(ended);
    for (const file of Object.values(files)) await forget(file);
  }
}

async function snapshotsIn(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith('.snapshot.lz4')).length;
}

/** It adds tables to the database and a folder beside it. By another process: this one has the file open (sqlite.ts). */
async function forget(file: string): Promise<void> {
  await rm(path.join(path.dirname(file), `.${path.basename(file)}-litestream`), {
    recursive: true,
    force: true,
  });
  const drop = 'DROP TABLE IF EXISTS _litestream_seq; DROP TABLE IF EXISTS _litestream_lock';
  const program = `new (require('node:sqlite').DatabaseSync)(process.argv[1], { timeout: 5000 }).exec('${drop}')`;
  const child = spawn(process.execPath, ['-e', program, file], { stdio: ['ignore', 'ignore', 'inherit'] });
  await new Promise((resolve) => child.once('exit', resolve));
}
