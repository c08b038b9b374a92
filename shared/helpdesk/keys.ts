/**
 * Finds escrowed keys by the beginning of their ID: in the tables, and in what was refused as a fork and is kept as
 * evidence, because the drive that such a key unlocks does not care about the fork (I4).
 */
import { and, desc, gte, like, lt, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import type { Guid, KeyIdPrefix } from '../domain/recovery-key.ts';
import { IMPORT_SOURCES } from '../domain/vocabulary.ts';
import { escrow as escrowBody, imported as importBody, sealed as sealedBody } from '../journal/bodies.ts';
import { hlcToMs } from '../journal/hlc.ts';
import { limits } from '../limits.ts';
import { escrows, imports, recoveryForks, recoveryKeys, reseals } from '../schema/recovery.ts';
import type { Candidate } from './messages.ts';
import type { HelpdeskParts } from './service.ts';
import { parseJson } from '../parse-json.ts';

/** Sealed copies of each kind, and pieces of evidence, that one search looks at. */
const COPIES_MAX = 500;

/** What is read of a refused segment; the rest of it does not matter here. */
const forkedSegment = z.object({
  entries: z.array(z.object({ kind: z.string(), hlc: z.number(), body: z.string().optional() })),
});

/** A sealed copy, and the record that it was sealed for: an import knows the same key under a record of its own. */
export interface SealedCopy {
  readonly deviceId: string;
  readonly volumeId: string;
  readonly sealedJson: string;
  readonly packageJson: string | null;
}

export interface FoundKey {
  readonly candidate: Candidate;
  /** every sealed copy that is held, of whichever origin: escrowed, imported, or sealed again later */
  readonly copies: readonly SealedCopy[];
}

type Facts = Omit<
  Candidate,
  'siteName' | 'driveLetter' | 'hasKeyPackage' | 'opensHere' | 'opensAt' | 'deviceState' | 'needs'
>;

export class KeyFinder {
  readonly #parts: HelpdeskParts;

  constructor(parts: HelpdeskParts) {
    this.#parts = parts;
  }

  /** Keys whose ID begins with `prefix`, newest escrow first; those found only in refused forks last. */
  async find(prefix: KeyIdPrefix): Promise<FoundKey[]> {
    const [found, forked] = await Promise.all([
      // 'g' follows every hex digit and '-'
      this.between(prefix, `${prefix}g`, limits.searchCandidatesMax + 1, COPIES_MAX),
      this.#forkedKeys(prefix),
    ]);
    for (const { body, hlc } of forked) {
      const copy = {
        ...{ deviceId: body.deviceId, volumeId: body.volumeId },
        sealedJson: JSON.stringify(body.sealed),
        packageJson: body.package && JSON.stringify(body.package),
      };
      const known = found.get(identityOf(body));
      const facts: Facts = {
        ...body,
        ...{ escrowedAt: hlcToMs(hlc), state: 'present', conflicted: false, onDrive: null },
        ...{ deviceRevoked: this.#parts.configuration.isRevoked(body.deviceId), fromFork: true },
      };
      found.set(
        identityOf(body),
        known ? { ...known, copies: [...known.copies, copy] } : this.#foundKey(facts, [copy]),
      );
    }
    return [...found.values()];
  }

  /** Keys in the tables with `from` <= ID < `end`, by identity, newest first, with all their sealed copies. */
  async between(
    from: string,
    end: string,
    keysMax: number,
    copiesMax: number,
  ): Promise<Map<string, FoundKey>> {
    const reader = this.#parts.ledger.readers.recovery;
    const copiesOf = (table: typeof escrows | typeof imports | typeof reseals, where: SQL | undefined) => {
      const { keyId, commitment, deviceId, volumeId, sealedJson, packageJson } = table;
      return reader
        .select({ keyId, commitment, deviceId, volumeId, sealedJson, packageJson })
        .from(table)
        .where(where)
        .limit(copiesMax);
    };
    const [rows, escrowed, imported, resealed] = await Promise.all([
      reader
        .select()
        .from(recoveryKeys)
        .where(and(gte(recoveryKeys.keyId, from), lt(recoveryKeys.keyId, end)))
        .orderBy(desc(recoveryKeys.firstHlc))
        .limit(keysMax),
      copiesOf(escrows, and(gte(escrows.keyId, from), lt(escrows.keyId, end))),
      copiesOf(imports, and(gte(imports.keyId, from), lt(imports.keyId, end))),
      copiesOf(reseals, and(gte(reseals.keyId, from), lt(reseals.keyId, end))),
    ]);
    const escrowedOf = Map.groupBy(escrowed, identityOf);
    const passwordOf = ({ keyId, commitment }: { keyId: string; commitment: string }): string =>
      `${keyId} ${commitment}`;
    const othersOf = Map.groupBy([...imported, ...resealed], passwordOf);
    return new Map(
      rows.map((row) => {
        const { claim, state, disclosed, conflicted, onDrive, revoked, usersJson, firstHlc, ...key } = row;
        const facts: Facts = {
          ...key,
          users: z.array(z.string()).parse(JSON.parse(usersJson)),
          escrowedAt: hlcToMs(firstHlc),
          state: z.enum(['present', 'disclosed', 'rotated', 'conflicted']).parse(state),
          disclosed: disclosed === 1,
          conflicted: conflicted === 1,
          onDrive: onDrive === null ? null : onDrive === 1,
          claim: claim === 'pending' ? 'pending' : 'held',
          deviceRevoked: revoked === 1,
          fromFork: false,
          importedFrom: z.enum(IMPORT_SOURCES).nullable().parse(row.importedFrom),
          confirmed: row.confirmed === 1,
        };
        const copies = [...(escrowedOf.get(identityOf(row)) ?? []), ...(othersOf.get(passwordOf(row)) ?? [])];
        return [identityOf(row), this.#foundKey(facts, copies)];
      }),
    );
  }

  /** Escrowed and imported keys in segments that were refused as forks. What cannot be read there is passed over (I9). */
  async #forkedKeys(prefix: KeyIdPrefix): Promise<{ body: ForkedKey; hlc: number }[]> {
    const rows = await this.#parts.ledger.readers.recovery
      .select({ segment: recoveryForks.segment })
      .from(recoveryForks)
      .where(like(recoveryForks.segment, `%${prefix}%`))
      .limit(COPIES_MAX);
    return rows.flatMap(({ segment }) => {
      const read = forkedSegment.safeParse(parseJson(segment));
      const entries = read.success ? read.data.entries : [];
      return entries.flatMap(({ kind, body: text, hlc }) => {
        const body = forkedKey(kind, text === undefined ? null : parseJson(text));
        return body?.keyId.startsWith(prefix) === true ? [{ body, hlc }] : [];
      });
    });
  }

  #foundKey(facts: Facts, copies: FoundKey['copies']): FoundKey {
    const vaults = copies.flatMap(({ sealedJson }) => z.array(sealedBody).parse(JSON.parse(sealedJson)));
    const { keyId, commitment, deviceId, volumeId, volumeType, computerName, domain, users, siteId } = facts;
    const { escrowedAt, state, disclosed, conflicted, onDrive, claim, deviceRevoked, fromFork } = facts;
    const { importedFrom, confirmed } = facts;
    const candidate: Candidate = {
      ...{ keyId, commitment, deviceId, volumeId, volumeType, computerName, domain, users, siteId },
      ...{ escrowedAt, state, disclosed, conflicted, onDrive, claim, deviceRevoked, fromFork },
      ...{ importedFrom, confirmed },
      siteName: this.#parts.configuration.siteName(siteId),
      deviceState: this.#parts.configuration.get('device-state', deviceId)?.body.state ?? 'live',
      needs: [],
      driveLetter: null,
      hasKeyPackage: copies.some(({ packageJson }) => packageJson !== null),
      opensHere: vaults.some(({ vaultId }) => this.#parts.vaultKeys.some((key) => key.vaultId === vaultId)),
      opensAt: this.#openers(siteId),
    };
    return { candidate, copies };
  }

  /** Names of the nodes that hold this region's keys: its helpdesk edges, as their certificates say. */
  #openers(siteId: string): string[] {
    const regionId = this.#parts.configuration.get('site', siteId)?.body.regionId;
    const names = new Set<string>();
    for (const { certificate } of this.#parts.ledger.origins('recovery').values()) {
      const opens =
        certificate.role === 'centre' ||
        (certificate.regionId === regionId && certificate.scope.recovery !== 'own');
      if (opens && certificate.nodeId !== this.#parts.identity.certificate.nodeId)
        names.add(certificate.name);
    }
    return [...names].sort();
  }

  async driveLetters(of: readonly Candidate[]): Promise<Map<string, string>> {
    const wanted = JSON.stringify([...new Set(of.map(({ deviceId }) => deviceId))]);
    const rows = await this.#parts.ledger.engine.rows(
      'compliance',
      'SELECT device_id, volume_id, drive_letter FROM volumes WHERE drive_letter IS NOT NULL AND device_id IN (SELECT value FROM json_each(?)) ORDER BY counter',
      [wanted],
    );
    return new Map(
      rows.map(([deviceId, volumeId, letter]) => [`${String(deviceId)} ${String(volumeId)}`, String(letter)]),
    );
  }
}

type ForkedKey = Pick<z.infer<typeof escrowBody>, 'sealed' | 'package'> &
  Pick<
    Candidate,
    'commitment' | 'deviceId' | 'volumeId' | 'volumeType' | 'computerName' | 'domain' | 'users'
  > &
  Pick<Candidate, 'siteId' | 'claim' | 'disclosed' | 'importedFrom' | 'confirmed'> & { readonly keyId: Guid };

function forkedKey(kind: string, value: unknown): ForkedKey | null {
  const escrowed = escrowBody.safeParse(kind === 'escrow' ? value : null);
  if (escrowed.success) return { ...escrowed.data, disclosed: false, importedFrom: null, confirmed: true };
  const imported = importBody.safeParse(kind === 'import' ? value : null);
  if (!imported.success) return null;
  return { ...imported.data, claim: 'held', importedFrom: imported.data.source, confirmed: false };
}

function identityOf({
  keyId,
  commitment,
  deviceId,
}: {
  keyId: string;
  commitment: string;
  deviceId: string;
}): string {
  return `${keyId} ${commitment} ${deviceId}`;
}
