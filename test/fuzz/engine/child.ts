/** A process that fuzzes one target: an order in JSON on its standard input, messages in JSON on its standard output. */
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { Target } from '../target.ts';
import { lineOf, readCorpus, smallest, writeCorpus } from './corpus.ts';
import { Session } from './session.ts';

export const order = z.object({
  seed: z.number(),
  cases: z.number(),
  generated: z.number(),
  /** files of inputs to begin with */
  corpora: z.array(z.string()),
  /** where the corpus goes */
  keep: z.string().nullable(),
  /** the largest input that is kept, in bytes */
  keepBytesMax: z.number(),
});

export const report = z.object({
  generated: z.number(),
  mutated: z.number(),
  seconds: z.number(),
  counters: z.number(),
  reached: z.number(),
  reachedGenerated: z.number(),
  corpus: z.number(),
  findings: z.array(z.object({ fault: z.string(), by: z.string(), input: z.string() })),
});
export type Report = z.infer<typeof report>;

export async function serve(target: Target): Promise<void> {
  const { seed, cases, generated, corpora, keep, keepBytesMax } = order.parse(
    JSON.parse(await text(process.stdin)),
  );
  const say = (message: object): void => {
    process.stdout.write(`${JSON.stringify(message)}\n`);
  };
  const opened = await target.open();
  const session = new Session(target, opened, seed, () => {
    say({ alive: true });
  });
  const began = performance.now();
  const outcome = await session.run({ seed, cases, generated, corpus: corpora.flatMap(readCorpus) });
  const seconds = (performance.now() - began) / 1000;
  const kept = smallest(outcome.corpus, keepBytesMax);
  if (keep !== null) writeCorpus(keep, kept);
  await opened.close?.();
  const findings = outcome.findings.map(({ fault, by, input }) => ({ fault, by, input: lineOf(input) }));
  say({ ...outcome, seconds, corpus: kept.length, findings });
  process.exit(0);
}
