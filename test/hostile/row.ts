/**
 * One row of the table: a request that must be refused, and its twin, the same request made right, which must have
 * its effect. Neither may leave anything else behind.
 */
import type { z } from 'zod';
import type { ProblemCode } from '../../shared/http/problem.ts';
import type { Message } from './http.ts';
import type { Pc } from './pc.ts';
import type { Counts, Place, Stage } from './stage.ts';

/** Where one row is played, once for each place. */
export interface Case {
  readonly stage: Stage;
  readonly place: Place;
  readonly base: string;
  /** enrolled at this node */
  readonly pc: Pc;
  /** nodes whose logs this case makes up: what is stored of them is counted as well */
  readonly forgers: string[];
}

export interface Pair {
  readonly hostile: () => Promise<Message> | Message;
  readonly twin: () => Promise<Message> | Message;
}

export interface Row {
  readonly name: string;
  /** both kinds of node unless it says so */
  readonly at?: readonly Place[];
  readonly refused: readonly [status: number, code: ProblemCode];
  /** rows that the refusal leaves behind by design: its audit, or evidence */
  readonly keeps?: Counts;
  /** status of the twin's answer */
  readonly accepted: number;
  /** journal entries that the twin adds, by `store:kind` */
  readonly wrote?: Counts;
  /** what the twin's answer must be like */
  readonly gives?: z.ZodType;
  /** where the twin is sent, if not to the same node */
  readonly twinAt?: Place;
  readonly make: (of: Case) => Promise<Pair> | Pair;
}

/** A refusal by design leaves its audit record (I3) and nothing else. */
export const AUDITED: Counts = {
  'recovery:audit': 1,
  recovery_journal: 1,
  recovery_heads: 1,
  audit: 1,
};

/** A message whose JSON body was changed after it was made. */
export function withBody(message: Message, change: (body: Record<string, unknown>) => object): Message {
  const body = JSON.parse(String(message.body)) as Record<string, unknown>;
  return { ...message, body: JSON.stringify(change(body)) };
}

export function withHeaders(message: Message, change: Readonly<Record<string, string | null>>): Message {
  const kept = Object.entries({ ...message.headers, ...change }).filter(([, value]) => value !== null);
  return { ...message, headers: Object.fromEntries(kept) as Message['headers'] };
}
