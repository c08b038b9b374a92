/** Vitest's global set-up: whatever starts the real programs finds them built from the sources that are tested. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** null, or what went wrong: a test that starts a program fails with it, and all others do not care */
    buildError: string | null;
  }
}

export function setup(project: TestProject): void {
  const root = path.resolve(import.meta.dirname, '../..');
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build.mjs'], {
    cwd: root,
    encoding: 'utf8',
  });
  project.provide('buildError', status === 0 ? null : `The build failed:\n${stderr}`);
}
