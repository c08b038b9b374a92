/** A bounded number of things at once, and pauses that a stop can end. */
import type { Platform } from '../../shared/platform.ts';

/** Each item's work, `width` at once. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}

/** A stop must not wait for a sleeper longer than this. */
const SLEEP_SLICE_MS = 100;

export async function abortableSleep(
  platform: Pick<Platform, 'sleep'>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let left = ms; left > 0 && signal?.aborted !== true; left -= SLEEP_SLICE_MS)
    await platform.sleep(Math.min(left, SLEEP_SLICE_MS));
}
