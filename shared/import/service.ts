/**
 * Import: keys from elsewhere are checked, sealed to their region's and the organisation's vault before they touch a
 * statement (I8), and journalled. What is held already is not written again, so an import may be repeated as often as
 * it takes; what a source knows more of a held key (that it was given out, its key package) is added. Nothing takes a
 * key's place (I2). Batches are done one after the other, so that two of them never write the same key.
 */
import type { Configuration } from '../configuration.ts';
import { UNKNOWN_VOLUME, commitmentOf, parseRecoveryPassword } from '../domain/recovery-key.ts';
import type { ImportSource } from '../domain/vocabulary.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { Draft } from '../journal/drafts.ts';
import type { NodeIdentity } from '../journal/parts.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import { Redacted } from '../vault/redacted.ts';
import { Sealer, type VaultPublicKey } from '../vault/seal.ts';
import { importedDeviceId } from './computer.ts';
import type { ImportAnswer, ImportKey, ImportRequest, ImportResult } from './messages.ts';
import { type ImportFaultCode, base64Bytes } from './record.ts';

export interface ImportParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly identity: NodeIdentity;
  readonly configuration: Configuration;
}

/** What is held under a key ID. */
interface Held {
  /** the commitment that was there first */
  first: string;
  readonly passwords: Map<string, { disclosed: boolean; packaged: boolean }>;
}

/** A key that fits, before it is sealed. */
interface Fitting {
  readonly request: ImportKey;
  readonly vaults: readonly VaultPublicKey[];
  readonly key: Redacted<Uint8Array<ArrayBuffer>>;
  readonly commitment: string;
}

/** Sealed copies of both secrets and the names of one key, at most; see `limits.groupBytesMax`. */
const BODY_BYTES_MAX = limits.groupBytesMax / 2;

export class ImportService {
  readonly #parts: ImportParts;
  readonly #sealer: Sealer;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: ImportParts) {
    this.#parts = parts;
    this.#sealer = new Sealer(parts.platform);
  }

  /** Resolves when every accepted key is durable here. */
  import(staffId: string, request: ImportRequest): Promise<ImportAnswer> {
    const work = this.#last.then(() => this.#import(staffId, request));
    this.#last = work.catch(() => undefined); // It is the caller's failure, not that of whoever comes next.
    return work;
  }

  async #import(staffId: string, { source, dryRun, keys }: ImportRequest): Promise<ImportAnswer> {
    const held = await this.#held(keys);
    const results: ImportResult[] = [];
    const toWrite: Fitting[] = [];
    for (const request of keys) {
      const fitting = this.#fit(request);
      if ('fault' in fitting) {
        results.push({ outcome: 'invalid', fault: fitting.fault, group: fitting.group ?? null, first: null });
        continue;
      }
      const { outcome, first, news } = place(held, fitting);
      if (news) toWrite.push(fitting);
      results.push({ outcome, fault: null, group: null, first });
    }
    if (!dryRun) await this.#write(staffId, source, toWrite);
    return { results };
  }

  #fit(request: ImportKey): Fitting | { fault: ImportFaultCode; group?: number } {
    const { configuration, identity, platform } = this.#parts;
    const key = parseRecoveryPassword(request.recoveryPassword);
    if (!(key instanceof Redacted)) return key.fault === 'not-48-digits' ? { fault: key.fault } : key;
    const { regionId } = identity.certificate;
    const site = configuration.get('site', request.siteId);
    const vaults = configuration.vaultsOf(request.siteId);
    if (!site || !vaults) return { fault: 'site-unknown' };
    // What an edge writes goes to its own region and the centre: another region's helpdesk would search in vain.
    if (regionId !== null && site.body.regionId !== regionId) return { fault: 'site-elsewhere' };
    if (request.keyPackage !== undefined && !isKeyPackage(request.keyPackage))
      return { fault: 'key-package-invalid' };
    return { request, vaults, key, commitment: commitmentOf(platform, request.keyId, key) };
  }

  /** By key ID, what is held under those asked for. */
  async #held(keys: readonly ImportKey[]): Promise<Map<string, Held>> {
    const rows = await this.#parts.ledger.engine.rows(
      'recovery',
      'SELECT e.key_id, e.commitment, 0, e.package_json IS NOT NULL, e.hlc AS hlc FROM json_each(?1) w JOIN escrows e ON e.key_id = w.value ' +
        'UNION ALL SELECT i.key_id, i.commitment, i.disclosed, i.package_json IS NOT NULL, i.hlc FROM json_each(?1) w JOIN imports i ON i.key_id = w.value ' +
        'ORDER BY hlc',
      [JSON.stringify([...new Set(keys.map(({ keyId }) => keyId))])],
    );
    const held = new Map<string, Held>();
    for (const [keyId, commitment, disclosed, packaged] of rows)
      note(held, String(keyId), String(commitment), disclosed === 1, packaged === 1);
    return held;
  }

  async #write(staffId: string, source: ImportSource, fitting: readonly Fitting[]): Promise<void> {
    let drafts: Draft[] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      if (drafts.length > 0) await this.#parts.ledger.append('recovery', drafts);
      drafts = [];
      bytes = 0;
    };
    for (const one of await Promise.all(fitting.map((each) => this.#draft(staffId, source, each)))) {
      const length = JSON.stringify(one.body).length;
      if (drafts.length === limits.groupEntriesMax || bytes + length > BODY_BYTES_MAX) await flush();
      drafts.push(one);
      bytes += length;
    }
    await flush();
  }

  async #draft(
    staffId: string,
    source: ImportSource,
    { request, vaults, key, commitment }: Fitting,
  ): Promise<Draft> {
    const { keyId, siteId, volumeType = 0, computerName, domain, users = [] } = request;
    const volumeId = request.volumeId ?? UNKNOWN_VOLUME;
    const deviceId = importedDeviceId(this.#parts.platform, domain, computerName);
    const record = { keyId, deviceId, volumeId };
    const sealed = await this.#sealer.seal(vaults, { kind: 'recovery-password', ...record }, key);
    const bytes = request.keyPackage === undefined ? null : base64Bytes(request.keyPackage);
    const keyPackage =
      bytes && (await this.#sealer.seal(vaults, { kind: 'key-package', ...record }, new Redacted(bytes)));
    return {
      kind: 'import',
      body: {
        ...{ keyId, commitment, source, staffId, deviceId, siteId, volumeId, volumeType },
        ...{ computerName, domain, users, sealed, package: keyPackage },
        createdAt: request.createdAt ?? null,
        disclosed: request.disclosed ?? false,
      },
    };
  }
}

function isKeyPackage(base64: string): boolean {
  const length = base64Bytes(base64)?.length ?? 0;
  return length > 0 && length <= limits.keyPackageBytesMax;
}

/** What becomes of a key beside what is held, which then counts it in. `news`: there is something to write. */
function place(
  held: Map<string, Held>,
  { request, commitment }: Fitting,
): { outcome: 'accepted' | 'already-there' | 'conflict'; first: string; news: boolean } {
  const { keyId, disclosed = false, keyPackage } = request;
  const known = held.get(keyId);
  const same = known?.passwords.get(commitment);
  const first = known?.first ?? commitment;
  const outcome = first !== commitment ? 'conflict' : same ? 'already-there' : 'accepted';
  const news = !same || (disclosed && !same.disclosed) || (keyPackage !== undefined && !same.packaged);
  note(held, keyId, commitment, disclosed, keyPackage !== undefined);
  return { outcome, first, news };
}

function note(
  held: Map<string, Held>,
  keyId: string,
  commitment: string,
  disclosed: boolean,
  packaged: boolean,
): void {
  const known: Held = held.get(keyId) ?? { first: commitment, passwords: new Map() };
  held.set(keyId, known);
  const same = known.passwords.get(commitment);
  known.passwords.set(commitment, {
    disclosed: disclosed || same?.disclosed === true,
    packaged: packaged || same?.packaged === true,
  });
}
