/** One process of the simulator: runs the seeds it is told on its standard input, one JSON answer a line. */
import { createInterface } from 'node:readline';
import { run } from './run.ts';

interface Order {
  readonly seed: number;
  readonly keep?: readonly number[];
  readonly aloud?: boolean;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { seed, keep, aloud } = JSON.parse(line) as Order;
  const result = await run({
    seed,
    ...(keep ? { keep: new Set(keep) } : {}),
    ...(aloud === true ? { say: (text: string) => process.stderr.write(`${text}\n`) } : {}),
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
