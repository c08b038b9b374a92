/**
 * What went wrong, as a name and the parts of its sentence, so that whoever reads it has it in their language: the command
 * line says it anew, while logs, alarms and files have it in English. A part may be a fault of its own.
 */
import { z } from 'zod';
import type { EngineError } from '../../shared/journal/engine.ts';
import type { MigrationError } from '../../shared/journal/migrate.ts';
import { en } from './en.ts';
import type { Words } from './words.ts';

type Sentences = Words['faults'];
export type FaultName = keyof Sentences;

export interface Fault {
  readonly name: FaultName;
  readonly parts: readonly (string | number | Fault)[];
}

type PartsOf<P extends readonly (string | number)[]> = {
  readonly [I in keyof P]: P[I] extends string ? string | Fault : P[I];
};

export function fault<K extends FaultName>(name: K, ...parts: PartsOf<Parameters<Sentences[K]>>): Fault {
  return { name, parts };
}

export function engineFault({ reason, hint }: EngineError): Fault {
  return fault('engine', reason, hint);
}

const OF_MIGRATION = {
  newer: 'migratedNewer',
  skipped: 'migrationSkipped',
  edited: 'migrationEdited',
  restoring: 'migrationRestoring',
  refused: 'migrationRefused',
} as const;

export function migrationFault({ why, store, migration, detail }: MigrationError): Fault {
  return { name: OF_MIGRATION[why], parts: [store, migration, detail] };
}

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(en.faults, name);
}

export function say({ faults }: Pick<Words, 'faults'>, { name, parts }: Fault): string {
  // What each sentence is made of was held against its name by `fault`.
  const sentence = faults[name] as (...said: (string | number)[]) => string;
  return sentence(...parts.map((part) => (typeof part === 'object' ? say({ faults }, part) : part)));
}

/** As a file, a message between processes, or an answer has it; whether this version knows it is for `readFault` to say. */
export const storedFault = z
  .object({ name: z.string(), parts: z.array(z.unknown()).readonly() })
  .nullable()
  .default(null);
export type StoredFault = z.infer<typeof storedFault>;

/** A fault that was stored; null where there is none, or one that this version has no words for. */
export function readFault(stored: unknown): Fault | null {
  const parsed = storedFault.safeParse(stored ?? null);
  if (!parsed.success || parsed.data === null || !isFaultName(parsed.data.name)) return null;
  const parts: (string | number | Fault)[] = [];
  for (const each of parsed.data.parts) {
    const part = typeof each === 'string' || typeof each === 'number' ? each : readFault(each);
    if (part === null) return null;
    parts.push(part);
  }
  return { name: parsed.data.name, parts };
}

/** An expected failure: its message is one sentence in English. */
export abstract class FaultError extends Error {
  readonly fault: Fault;

  constructor(of: Fault) {
    super(say(en, of));
    this.fault = of;
  }
}
