/** The bench is no part of a test run, and would otherwise break unseen by what it reads of the tests' support. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { packageRoot } from '../../central/local/processes.ts';

it('starts, and names its parts to whoever asks for one that there is not', async () => {
  const program = path.join(packageRoot(), 'dist/test/bench/main.js');
  const asked = promisify(execFile)(process.execPath, ['--enable-source-maps', program, '--only', 'nothing']);
  await expect(asked).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/no bench "nothing"; there are .*escrow.*restart/s) as string,
  });
});
