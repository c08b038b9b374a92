/**
 * The register of snapshot writers: one JSON file per writer in a stable folder, for whoever looks for them. A writer
 * is a store on a server; what it is called, what it depends on and how it is restored stand there beside its state.
 */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { STORES, type Store, store } from '../../shared/journal/entry.ts';
import { randomName } from '../../shared/platform.ts';
import { instanceId, snapshotId } from '../../shared/snapshot/manifest.ts';
import { type WriterEvent, WRITER_STATES, isFailed, transition } from '../../shared/snapshot/writer-state.ts';
import { nodePlatform } from '../platform.ts';
import { type Fault, fault, say, storedFault } from '../words/fault.ts';
import { en } from '../words/en.ts';
import { readIfThere, writeDurably } from './disk.ts';
import type { SnapshotSettings } from './settings.ts';

const NAMES: Readonly<Record<Store, string>> = {
  recovery: 'Holdfast Recovery Store Writer',
  compliance: 'Holdfast Compliance Store Writer',
};

const milliseconds = z.number().int().min(0);

export const writer = z.object({
  format: z.literal(1),
  name: z.string(),
  instance: instanceId,
  store,
  server: z.string(),
  /** of the database, without what opens it */
  url: z.string(),
  /** the engine's own facility, without which there is no writer */
  dependsOn: z.object({ engine: z.string(), facility: z.string() }),
  restoreMethod: z.string(),
  registeredAt: milliseconds,
  state: z.enum(WRITER_STATES),
  stateSince: milliseconds,
  lastError: z
    .object({
      at: milliseconds,
      state: z.enum(WRITER_STATES),
      message: z.string(),
      fault: storedFault,
    })
    .nullable(),
  lastSnapshot: z.object({ id: snapshotId, at: milliseconds }).nullable(),
});
export type Writer = z.infer<typeof writer>;

/** What a topology says of its writers; that of files is below. */
export interface WriterKind {
  readonly url: string;
  readonly dependsOn: Writer['dependsOn'];
  readonly restoreMethod: string;
}

export function fileWriter(file: string): WriterKind {
  return {
    url: `file:${file}`,
    dependsOn: { engine: 'libsql-file', facility: 'read snapshots of the write-ahead log' },
    restoreMethod: 'replace the file while the centre is stopped (holdfast snapshot restore)',
  };
}

export function serverWriter(url: string): WriterKind {
  return {
    url: withoutSecrets(url),
    dependsOn: { engine: 'libsql-server', facility: 'embedded replica' },
    restoreMethod:
      'restore to the servers, or to files by --to, while every centre is stopped (holdfast snapshot restore)',
  };
}

/** A token has a setting of its own; one that was put into the address all the same is left out. */
function withoutSecrets(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

export function writerOf(
  { files, servers }: Pick<SnapshotSettings, 'files' | 'servers'>,
  store: Store,
): WriterKind {
  return servers ? serverWriter(servers[store].url) : fileWriter(files[store]);
}

export class WriterRegister {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Every writer registered here, by name and server. A file that is none is left out. */
  async list(): Promise<Writer[]> {
    const names = await readdir(this.folder).catch((): string[] => []);
    const found: Writer[] = [];
    for (const name of names.filter((each) => each.endsWith('.json'))) {
      const parsed = parseWriter(await readIfThere(path.join(this.folder, name)));
      if (parsed) found.push(parsed);
    }
    return found.sort(
      (a, b) => STORES.indexOf(a.store) - STORES.indexOf(b.store) || (a.server < b.server ? -1 : 1),
    );
  }

  /** Registers the writer of a store on a server, or gives the one that is there. */
  async register(of: Store, server: string, kind: WriterKind): Promise<Writer> {
    const known = (await this.list()).find((each) => each.store === of && each.server === server);
    if (known?.url === kind.url) return known;
    const now = nodePlatform.now();
    const made: Writer = {
      ...{ format: 1, name: NAMES[of], instance: known?.instance ?? randomName(nodePlatform, 16) },
      ...{ store: of, server, ...kind, registeredAt: now },
      ...{ state: 'STABLE', stateSince: now, lastError: null, lastSnapshot: known?.lastSnapshot ?? null },
    };
    await this.#save(made);
    return made;
  }

  async deregister(instance: string): Promise<void> {
    await rm(this.#file(instance), { force: true });
  }

  /** Moves a writer on and keeps its new state. `error` is why, for an event that is a failure. */
  async move(
    instance: string,
    events: readonly WriterEvent[],
    error: Fault | null = null,
    set: string | null = null,
  ) {
    const before = parseWriter(await readIfThere(this.#file(instance)));
    if (!before) throw new Error(`the writer ${instance} is not registered any more`);
    const now = nodePlatform.now();
    const state = events.reduce(transition, before.state);
    const why = error ?? fault('outOfTurn');
    const failed = error !== null || (isFailed(state) && !isFailed(before.state));
    await this.#save({
      ...before,
      state,
      stateSince: state === before.state ? before.stateSince : now,
      lastError: failed ? { at: now, state, message: say(en, why), fault: why } : before.lastError,
      lastSnapshot: set === null ? before.lastSnapshot : { id: set, at: now },
    });
  }

  #file(instance: string): string {
    return path.join(this.folder, `${instance}.json`);
  }

  async #save(of: Writer): Promise<void> {
    await writeDurably(this.#file(of.instance), `${JSON.stringify(of, null, 2)}\n`);
  }
}

function parseWriter(text: string | null): Writer | null {
  if (text === null) return null;
  try {
    return writer.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
