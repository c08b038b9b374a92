import type { Child } from 'hono/jsx';

/** A short state. Colour says nothing that the words do not. */
export function Tag({ kind, children }: { kind: 'good' | 'warn' | 'bad' | 'plain'; children: Child }) {
  return <span class={`tag ${kind}`}>{children}</span>;
}
