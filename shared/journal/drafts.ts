/** What a caller wants to append, checked and encoded before it waits for the writer: a bad draft harms no other. */
import canonicalize from 'canonicalize';
import { limits } from '../limits.ts';
import type { NodeRole } from '../trust/certificate.ts';
import type { Store } from './entry.ts';
import {
  type Body,
  type FactRows,
  KINDS,
  type Kind,
  type MarkReason,
  project,
  projectDraft,
} from './kinds.ts';

/** The journal adds place, time, salt and hashes. */
export type Draft = { [K in Kind]: { readonly kind: K; readonly body: Body<K> } }[Kind];

/**
 * An entry that this node wrote before, to be written as it stands: it may have been written by a newer version, of a
 * kind or in a form that this one does not know.
 */
export interface Again {
  readonly again: { readonly kind: string; readonly version: number; readonly body: string };
}

export interface Prepared {
  readonly kind: string;
  readonly version: number;
  /** canonical JSON text (RFC 8785) */
  readonly body: string;
  readonly rows: FactRows;
  /** why it stands aside, as an entry of another's log would (I9) */
  readonly mark: MarkReason | null;
}

/** Throws for what no peer could project or take: a node must not write that, so it is a bug in the caller. */
export function prepare(store: Store, role: NodeRole, draft: Draft | Again): Prepared {
  if ('again' in draft) return prepareAgain(store, role, draft);
  const { kind } = draft;
  const { version } = KINDS[kind];
  const body = canonicalize(draft.body);
  if (body === undefined) throw new Error(`the body of a ${kind} has no canonical form`);
  if (body.length > limits.entryBodyBytesMax)
    throw new Error(`the body of a ${kind} is longer than entryBodyBytesMax`);
  // The same rows as of the text, which everybody else reads; a text of its own would have to be parsed for them.
  const projected = projectDraft(store, draft, role);
  if ('mark' in projected)
    throw new Error(`a node must not append what it cannot project: ${kind} is ${projected.mark}`);
  return { kind, version, body, rows: projected.rows, mark: null };
}

function prepareAgain(store: Store, role: NodeRole, { again }: Again): Prepared {
  const projected = project({ store, ...again }, role);
  return 'mark' in projected
    ? { ...again, rows: {}, mark: projected.mark }
    : { ...again, rows: projected.rows, mark: null };
}
