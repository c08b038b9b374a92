/**
 * What a centre holds after an import, against what the generated file is known to hold: as many keys, and the same ones.
 * A set of keys is told by the XOR of a hash of each, so that half a million are compared without being held.
 */
import { hash } from 'node:crypto';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { nodePlatform } from '../../central/platform.ts';
import type { ImportSource } from '../../shared/domain/vocabulary.ts';
import { commitmentOf } from '../../shared/domain/recovery-key.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { type TrueKey, trueKeys } from '../import/sources.ts';

export interface KeySet {
  readonly keys: number;
  readonly digest: string;
}

/** The set of everything that these files hold in a valid form. */
export function truthOfFiles(files: readonly { readonly records: number; readonly seed: string }[]): KeySet {
  return setOf(
    (function* () {
      for (const { records, seed } of files) for (const key of trueKeys(records, seed)) yield identityOf(key);
    })(),
  );
}

/** Imported keys in a centre's database, by their source. */
export class HeldKeys {
  readonly #database: DatabaseSync;

  constructor(cluster: LocalCluster) {
    this.#database = new DatabaseSync(path.join(cluster.centreData, 'recovery.db'), { readOnly: true });
  }

  close(): void {
    this.#database.close();
  }

  of(source: ImportSource): KeySet {
    const rows = this.#database
      .prepare('SELECT key_id, commitment FROM imports WHERE source = ?')
      .iterate(source);
    return setOf(
      (function* () {
        for (const row of rows) yield `${String(row['key_id'])} ${String(row['commitment'])}`;
      })(),
    );
  }

  /** Grows with every key, whatever its source. */
  get last(): number {
    return Number(this.#database.prepare('SELECT max(rowid) AS last FROM imports').get()?.['last'] ?? 0);
  }
}

function identityOf({ keyId, key }: TrueKey): string {
  return `${keyId} ${commitmentOf(nodePlatform, keyId, new Redacted(new Uint8Array(key)))}`;
}

function setOf(identities: Iterable<string>): KeySet {
  const digest = new Uint8Array(32);
  let keys = 0;
  for (const identity of identities) {
    const bytes = hash('sha256', identity, 'buffer');
    for (let at = 0; at < digest.length; at += 1) digest[at] = (digest[at] ?? 0) ^ (bytes[at] ?? 0);
    keys += 1;
  }
  return { keys, digest: Buffer.from(digest).toString('hex') };
}
