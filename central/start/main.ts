/** What `npm start` runs: reads the environment, starts the installation, and stops it on a signal. */
import { FleetFileError } from '../fleet/file.ts';
import { DEMO_PLAN } from '../local/plan.ts';
import { wordsFor } from '../words/words.ts';
import { Installation } from './installation.ts';
import { makeProgress } from './progress.ts';
import { readyText } from './ready.ts';
import { readStartSettings, StartRefusal } from './settings.ts';

/** Ctrl-C arrives twice, from the terminal and from npm. Whoever presses it again later has had enough of waiting. */
const SAME_WISH_MS = 1_000;

const words = wordsFor(process.env);
const write = (text: string): void => {
  process.stdout.write(text);
};
const progress = makeProgress(process.stdin, process.stdout, write);

let installation: Installation | null = null;
const wish: { stopAt: number | null } = { stopAt: null };

async function stop(): Promise<void> {
  write(`\n${words.start.stopping}\n`);
  await installation?.stop();
  write(`${words.start.stopped}\n`);
  process.exit(0);
}

function onSignal(): void {
  const now = performance.now();
  if (wish.stopAt === null) {
    wish.stopAt = now;
    void stop();
  } else if (now - wish.stopAt > SAME_WISH_MS) {
    installation?.kill();
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
// A reader that went away (`npm start | head`) must not end the installation in the middle.
process.stdout.on('error', () => undefined);

try {
  const settings = readStartSettings(process.env, DEMO_PLAN.edges.length, words);
  installation = await Installation.open(settings, words, progress);
  const ready = await installation.start();
  if (ready) write(readyText(ready.run, ready.counts, words));
} catch (error) {
  if (wish.stopAt === null) {
    await installation?.stop();
    if (!(error instanceof StartRefusal || error instanceof FleetFileError)) throw error;
    process.stderr.write(`holdfast: ${error.message}\n`);
    process.exit(2);
  }
}
