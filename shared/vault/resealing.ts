/**
 * Re-sealing: when a region or the organisation has a new vault, keys that were sealed before are opened by a node that
 * can, and sealed to it as well. The new copies are entries of their own (`reseal`): nothing is overwritten (I2), and
 * giving out a key tries all copies there are.
 *
 *     rows not looked at yet, by rowid ─▶ which of the newest vaults has no copy? ─▶ open one, seal to those ─▶ append
 *
 * Nothing is written down of how far it came. After a stop it looks through the rows again, which is quick, and what has
 * its copies by then is passed over. It does a few keys at a time, and nothing while people or devices are there (I12).
 * A centre begins at once. An edge, of which there are many, begins when nobody else is getting on with it.
 */
import { z } from 'zod';
import type { Alarms } from '../alarms.ts';
import type { Configuration } from '../configuration.ts';
import { type Guid, commitmentOf } from '../domain/recovery-key.ts';
import type { Foreground } from '../foreground.ts';
import { type Sealed, sealed as sealedBody } from '../journal/bodies.ts';
import type { Draft } from '../journal/drafts.ts';
import type { SqlValue } from '../journal/engine.ts';
import type { Ledger } from '../journal/ledger.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import type { NodeRole } from '../trust/certificate.ts';
import { type OpenWindows, Sealer, type VaultKey, type VaultPublicKey, open } from './seal.ts';

export interface ResealingParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly configuration: Configuration;
  readonly alarms: Alarms;
  readonly foreground: Foreground;
  readonly vaultKeys: readonly VaultKey[];
  readonly role: NodeRole;
}

/** How far this node has come since it last had a reason to begin from the start. */
export interface ResealingProgress {
  /** whether rows are left that were not looked at */
  readonly running: boolean;
  readonly rows: number;
  readonly rowsSeen: number;
  /** keys that have a copy in each newest vault of their site because of this node, by vault */
  readonly resealed: Readonly<Record<string, number>>;
  /** keys that this node would have sealed again and cannot open: no key for any of their vaults */
  readonly notOpenedHere: number;
  /** keys of which a copy did not open with the key of its vault, or was another password */
  readonly failed: number;
}

const TABLES = ['escrows', 'imports'] as const;
type Table = (typeof TABLES)[number];

/** A row that may need more copies. */
interface Row {
  readonly keyId: Guid;
  readonly commitment: string;
  readonly deviceId: string;
  readonly volumeId: Guid;
  readonly sealed: readonly Sealed[];
  readonly keyPackage: readonly Sealed[] | null;
  readonly wanted: readonly VaultPublicKey[];
}

export class Resealing {
  readonly #parts: ResealingParts;
  readonly #sealer: Sealer;
  readonly #seen: Record<Table, number> = { escrows: 0, imports: 0 };
  /** the newest vaults that the rows seen were looked at for */
  #vaults = '';
  #resealed = new Map<string, number>();
  #notOpenedHere = 0;
  #failed = 0;
  #rows = 0;
  #running = false;

  constructor(parts: ResealingParts) {
    this.#parts = parts;
    this.#sealer = new Sealer(parts.platform);
  }

  /** Works until `stopping`; whatever goes wrong is tried again after a pause. */
  async run(stopping: AbortSignal, failed: (error: unknown) => void): Promise<void> {
    const { platform, role, vaultKeys } = this.#parts;
    if (vaultKeys.length === 0) return;
    let left = Infinity;
    while (!stopping.aborted) {
      try {
        // An edge looks first, and works when it finds as much left as before: then nobody else does it.
        const isLate = role === 'centre' || (await this.#left(stopping)) >= left;
        if (isLate) await this.pass(stopping);
        left = role === 'centre' ? Infinity : await this.#left(stopping);
      } catch (error) {
        failed(error);
      }
      const resting = role === 'centre' ? limits.resealLookEveryMs : limits.resealEdgeDelayMs;
      const vaults = this.#newest();
      // A centre looks up at once when there is another vault.
      for (let at = 0; at < resting; at += limits.resealWakeMs) {
        await platform.sleep(limits.resealWakeMs, stopping);
        const isWoken = role === 'centre' && this.#newest() !== vaults;
        if (isWoken) break;
      }
    }
  }

  /** From the start: rows were taken away, and others will stand in their places. */
  again(): void {
    this.#vaults = '';
  }

  progress(): ResealingProgress {
    return {
      running: this.#running,
      rows: this.#rows,
      rowsSeen: this.#seen.escrows + this.#seen.imports,
      resealed: Object.fromEntries(this.#resealed),
      notOpenedHere: this.#notOpenedHere,
      failed: this.#failed,
    };
  }

  /** Looks at every row that is new since the last pass, or at all of them where vaults have changed. */
  async pass(stopping: AbortSignal): Promise<void> {
    this.#begin();
    this.#running = true;
    try {
      this.#rows = await this.#count();
      const windows: OpenWindows = new Map();
      for (const table of TABLES) {
        for (;;) {
          // Also where nothing is to be sealed: a file's rows are read within one turn, and a start has a million of them.
          await this.#yield();
          const { rows, last } = await this.#page(table, this.#seen[table]);
          if (last === null || stopping.aborted) break;
          if (!(await this.#reseal(rows, windows, stopping))) return;
          this.#seen[table] = last;
        }
      }
    } finally {
      this.#running = false;
    }
  }

  /** From the start where the newest vaults are others than before. */
  #begin(): void {
    const vaults = this.#newest();
    if (vaults === this.#vaults) return;
    this.#vaults = vaults;
    for (const table of TABLES) this.#seen[table] = 0;
    this.#resealed = new Map();
    this.#notOpenedHere = 0;
    this.#failed = 0;
  }

  #newest(): string {
    return this.#parts.configuration.newestVaults().join(' ');
  }

  async #count(): Promise<number> {
    const select = (table: Table) => `SELECT coalesce(max(rowid), 0) AS n FROM ${table}`;
    const rows = await this.#parts.ledger.engine.rows(
      'recovery',
      `SELECT sum(n) FROM (${TABLES.map(select).join(' UNION ALL ')})`,
      [],
    );
    return Number(rows[0]?.[0] ?? 0);
  }

  /** How many keys this node could seal again, over all rows. */
  async #left(stopping: AbortSignal): Promise<number> {
    let left = 0;
    for (const table of TABLES) {
      for (let after = 0; ;) {
        const { rows, last } = await this.#page(table, after);
        if (last === null || stopping.aborted) break;
        left += rows.filter((row) => this.#opens(row)).length;
        after = last;
        await this.#yield();
      }
    }
    return left;
  }

  /** The next rows after a rowid that lack a copy in a newest vault, and how far they were looked at; null: no more. */
  async #page(table: Table, after: number): Promise<{ rows: Row[]; last: number | null }> {
    const found = await this.#parts.ledger.engine.rows(
      'recovery',
      `SELECT rowid, key_id, commitment, device_id, volume_id, site_id, sealed_json, package_json FROM ${table} ` +
        'WHERE rowid > ? ORDER BY rowid LIMIT ?',
      [after, limits.resealPageRows],
    );
    const last = found.at(-1);
    if (!last) return { rows: [], last: null };
    const lacking = new Map<string, Row>();
    for (const row of found) {
      const one = this.#lacking(row);
      if (one) lacking.set(`${one.keyId} ${one.commitment}`, one);
    }
    const copies = await this.#copies([...lacking.values()]);
    const rows = [...lacking].flatMap(([id, row]) => {
      const held = copies.get(id) ?? new Set<string>();
      const wanted = row.wanted.filter(({ vaultId }) => !held.has(vaultId));
      return wanted.length === 0 ? [] : [{ ...row, wanted }];
    });
    return { rows, last: Number(last[0]) };
  }

  #lacking([
    ,
    keyId,
    commitment,
    deviceId,
    volumeId,
    siteId,
    sealedJson,
    packageJson,
  ]: SqlValue[]): Row | null {
    const text = String(sealedJson);
    const wanted = this.#parts.configuration
      .newestVaultsOf(String(siteId))
      .filter(({ vaultId }) => !text.includes(`"vaultId":${JSON.stringify(vaultId)}`));
    if (wanted.length === 0) return null;
    return {
      ...{ keyId: String(keyId) as Guid, commitment: String(commitment), deviceId: String(deviceId) },
      ...{ volumeId: String(volumeId) as Guid, wanted, sealed: parseSealed(text) },
      keyPackage: packageJson === null || packageJson === undefined ? null : parseSealed(String(packageJson)),
    };
  }

  /** Vaults in which these keys have copies, whichever entry holds them. */
  async #copies(rows: readonly Row[]): Promise<Map<string, Set<string>>> {
    const found = new Map<string, Set<string>>();
    if (rows.length === 0) return found;
    const select = (table: string) =>
      `SELECT t.key_id, t.commitment, json_extract(s.value, '$.vaultId') FROM json_each(?1) w ` +
      `JOIN ${table} t ON t.key_id = w.value JOIN json_each(t.sealed_json) s`;
    const copies = await this.#parts.ledger.engine.rows(
      'recovery',
      [...TABLES, 'reseals'].map(select).join(' UNION '),
      [JSON.stringify(rows.map(({ keyId }) => keyId))],
    );
    for (const [keyId, commitment, vaultId] of copies) {
      const id = `${String(keyId)} ${String(commitment)}`;
      const vaults = found.get(id) ?? new Set<string>();
      found.set(id, vaults.add(String(vaultId)));
    }
    return found;
  }

  #opens({ sealed }: Row): boolean {
    return sealed.some(({ vaultId }) => this.#parts.vaultKeys.some((key) => key.vaultId === vaultId));
  }

  /** Whether all of it was done before `stopping`. Opens a few at a time, and writes what a group of the writer takes. */
  async #reseal(rows: readonly Row[], windows: OpenWindows, stopping: AbortSignal): Promise<boolean> {
    let drafts: Extract<Draft, { kind: 'reseal' }>[] = [];
    for (let at = 0; at < rows.length; at += limits.resealTurnKeys) {
      await this.#yield();
      if (stopping.aborted) return false;
      const turn = rows.slice(at, at + limits.resealTurnKeys);
      const made = await Promise.all(turn.map((row) => this.#draft(row, windows)));
      drafts.push(...made.flatMap((draft) => (draft ? [draft] : [])));
      const isLast = at + limits.resealTurnKeys >= rows.length;
      if (drafts.length === 0 || (!isLast && JSON.stringify(drafts).length < limits.resealGroupCharacters))
        continue;
      await this.#parts.ledger.append('recovery', drafts);
      for (const { body } of drafts)
        for (const { vaultId } of body.sealed)
          this.#resealed.set(vaultId, (this.#resealed.get(vaultId) ?? 0) + 1);
      drafts = [];
    }
    return !stopping.aborted;
  }

  /** Lets people and devices go first (I12). */
  async #yield(): Promise<void> {
    const { foreground, platform } = this.#parts;
    await platform.sleep(0);
    for (
      let waited = 0;
      foreground.busy > 0 && waited < limits.resealWaitMsMax;
      waited += limits.resealPauseMs
    )
      await platform.sleep(limits.resealPauseMs);
  }

  async #draft(row: Row, windows: OpenWindows): Promise<Extract<Draft, { kind: 'reseal' }> | null> {
    const { keyId, commitment, deviceId, volumeId, wanted } = row;
    if (!this.#opens(row)) {
      this.#notOpenedHere += 1;
      return null;
    }
    const record = { keyId, deviceId, volumeId };
    const context = { kind: 'recovery-password', ...record } as const;
    const { secret: key, wrong } = await this.#unseal(row.sealed, context, windows, commitment);
    if (!key) {
      this.#failed += 1;
      const detail = `${keyId} does not open with the vault key held here`;
      this.#parts.alarms.raise('vault-key-wrong', `${wrong} sealing again`, detail);
      return null;
    }
    const forPackage = { kind: 'key-package', ...record } as const;
    const { secret: opened } = await this.#unseal(row.keyPackage ?? [], forPackage, windows, null);
    const sealed = await this.#sealer.seal(wanted, context, key);
    const keyPackage = opened && (await this.#sealer.seal(wanted, forPackage, opened));
    return { kind: 'reseal', body: { ...record, commitment, sealed, package: keyPackage } };
  }

  /** The secret by the first copy that opens here and is the right one; otherwise the vault whose copy did not. */
  async #unseal(
    copies: readonly Sealed[],
    context: Parameters<typeof open>[1],
    windows: OpenWindows,
    commitment: string | null,
  ) {
    let wrong = '';
    for (const copy of copies) {
      const key = this.#parts.vaultKeys.find(({ vaultId }) => vaultId === copy.vaultId);
      const secret = key && (await open(key, context, copy, windows));
      const isRight =
        commitment === null ||
        (secret && commitmentOf(this.#parts.platform, context.keyId as Guid, secret) === commitment);
      if (secret && isRight) return { secret, wrong };
      if (key) wrong = copy.vaultId;
    }
    return { secret: null, wrong };
  }
}

function parseSealed(text: string): Sealed[] {
  return z.array(sealedBody).parse(JSON.parse(text));
}

/**
 * How many keys have a copy in `vaultId` and none in any of `others`: what would be lost to those who open the others.
 * Looks at a bounded number of rows at a time.
 */
export async function keysSealedAlone(
  { ledger, platform }: Pick<ResealingParts, 'ledger' | 'platform'>,
  vaultId: string,
  others: readonly string[],
): Promise<number> {
  const named = (id: string) => `"vaultId":${JSON.stringify(id)}`;
  const wanted = JSON.stringify(others.map(named));
  const covered = (row: string) =>
    `EXISTS (SELECT 1 FROM json_each(?4) v WHERE instr(${row}.sealed_json, v.value) > 0)`;
  const elsewhere = (table: string) =>
    `EXISTS (SELECT 1 FROM ${table} o WHERE o.key_id = t.key_id AND o.commitment = t.commitment AND ${covered('o')})`;
  const keys = new Set<string>();
  for (const table of TABLES) {
    const [end] = await ledger.engine.rows('recovery', `SELECT coalesce(max(rowid), 0) FROM ${table}`, []);
    for (let from = 0; from < Number(end?.[0] ?? 0); from += limits.resealCountRows) {
      const rows = await ledger.engine.rows(
        'recovery',
        `SELECT t.key_id, t.commitment FROM ${table} t WHERE t.rowid > ?1 AND t.rowid <= ?2 ` +
          `AND instr(t.sealed_json, ?3) > 0 AND NOT ${covered('t')} ` +
          `AND NOT (${[...TABLES, 'reseals'].map(elsewhere).join(' OR ')})`,
        [from, from + limits.resealCountRows, named(vaultId), wanted],
      );
      for (const [keyId, commitment] of rows) keys.add(`${String(keyId)} ${String(commitment)}`);
      await platform.sleep(0);
    }
  }
  return keys.size;
}
