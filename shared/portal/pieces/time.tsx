import type { Visit } from '../visit.ts';

/** An instant, as a whole date or as how long ago it was (and then with the date for who points at it). */
export function Time({ visit: { clock }, at, ago = false }: { visit: Visit; at: number; ago?: boolean }) {
  const text = clock.time(at);
  if (text === '–') return <span>{text}</span>;
  return (
    <time datetime={new Date(at).toISOString()} title={ago ? text : undefined}>
      {ago ? clock.ago(at) : text}
    </time>
  );
}
