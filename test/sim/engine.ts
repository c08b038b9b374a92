/**
 * The engine of a simulated process: SQLite for real, with the promises of the engine that it stands for.
 *
 *     durable-object   commits at once and syncs a moment later; nothing leaves the process before (workerd's output gate)
 *     libsql-file      answers when the commit is synced
 *     libsql-server    answers when it is committed; what no checkpoint has covered may be lost, and others write as well
 */
import type { Engine, EngineError, ServedStore, SqlValue, Statement } from '../../shared/journal/engine.ts';
import type { Store } from '../../shared/journal/entry.ts';
import type { Disk } from './disk.ts';
import type { Life } from './machine.ts';
import { type Operation, operationOf } from './operations.ts';
import type { World } from './world.ts';

/** What a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

export class SimEngine implements Engine {
  readonly kind: Engine['kind'];
  readonly #world: World;
  readonly #life: Life;
  readonly #disk: Disk;
  #syncing = false;
  readonly #waiting: { readonly positions: readonly number[]; readonly go: () => void }[] = [];

  constructor(world: World, life: Life, disk: Disk) {
    this.#world = world;
    this.#life = life;
    this.#disk = disk;
    this.kind = disk.kind;
  }

  async batch(store: Store, statements: readonly Statement[]): Promise<void> {
    const { machine } = this.#life;
    const world = this.#world;
    const operation = operationOf(store, statements, machine.certificate.nodeId);
    if (!this.#life.alive || this.#crashes('before', operation)) return never();
    if (this.kind !== 'durable-object') await world.sleep(this.#life, this.#latency());
    if (this.#disk.away) throw this.#error('unavailable');
    if (this.#disk.full) {
      world.fault('disk full');
      throw this.#error('full');
    }
    try {
      this.#disk.of(store).commit(operation);
    } catch (error) {
      throw this.#life.program.EngineError.from(error);
    }
    world.oracle.committed(this.#life, operation);
    if (this.kind === 'libsql-file') this.#sync();
    if (this.#crashes('after', operation)) return never();
    if (this.kind === 'durable-object') this.#syncSoon();
    else await world.sleep(this.#life, this.#latency());
  }

  async rows(store: Store, sql: string, args: readonly SqlValue[]): Promise<SqlValue[][]> {
    if (!this.#life.alive) return never();
    if (this.kind === 'libsql-server') await this.#world.sleep(this.#life, this.#world.random.real());
    if (this.#disk.away) throw this.#error('unavailable');
    try {
      return this.#disk.of(store).rows(sql, args);
    } catch (error) {
      throw this.#life.program.EngineError.from(error);
    }
  }

  served(store: Store): ServedStore | null {
    if (this.kind !== 'libsql-server') return null;
    return { checkpoint: () => this.#checkpoint(store) };
  }

  /** Resolves when all that is committed now is synced, where answers wait for that. */
  gate(): Promise<void> {
    if (this.kind !== 'durable-object' || this.#isSynced(this.#positions())) return Promise.resolve();
    return new Promise((go) => {
      this.#waiting.push({ positions: this.#positions(), go });
      this.#syncSoon();
    });
  }

  async #checkpoint(store: Store): Promise<void> {
    const name = 'checkpoint';
    if (!this.#life.alive || this.#world.point(this.#life, `before ${name}`)) return never();
    const database = this.#disk.of(store);
    const position = database.written;
    await this.#world.sleep(this.#life, this.#latency());
    if (this.#disk.away) throw this.#error('unavailable');
    this.#world.oracle.synced(this.#life.machine, database.sync(Math.min(position, database.written)));
    if (this.#world.point(this.#life, `after ${name}`)) return never();
    await this.#world.sleep(this.#life, this.#world.random.real());
  }

  #crashes(when: 'before' | 'after', { names }: Operation): boolean {
    return names.some((name) => this.#world.point(this.#life, `${when} ${name}`));
  }

  #latency(): number {
    return this.#disk.syncMs * (0.5 + this.#world.random.real());
  }

  #positions(): number[] {
    return this.#disk.all.map(({ written }) => written);
  }

  #isSynced(positions: readonly number[]): boolean {
    return this.#disk.all.every(({ synced }, index) => synced >= (positions[index] ?? 0));
  }

  #sync(positions = this.#positions()): void {
    for (const [index, database] of this.#disk.all.entries())
      this.#world.oracle.synced(this.#life.machine, database.sync(positions[index] ?? 0));
  }

  /** One sync at a time; it covers what was committed when it began. */
  #syncSoon(): void {
    if (this.#syncing) return;
    this.#syncing = true;
    const positions = this.#positions();
    void this.#world.sleep(this.#life, this.#latency()).then(() => {
      this.#syncing = false;
      this.#sync(positions);
      for (const waiting of this.#waiting.splice(0)) {
        if (this.#isSynced(waiting.positions)) waiting.go();
        else this.#waiting.push(waiting);
      }
      if (!this.#isSynced(this.#positions())) this.#syncSoon();
    });
  }

  #error(reason: EngineError['reason']): EngineError {
    return new this.#life.program.EngineError(reason, 'simulated');
  }
}
