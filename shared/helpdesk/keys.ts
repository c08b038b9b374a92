/**
 * Finds escrowed keys by the beginning of their ID: in the tables, and in what was refused as a fork and is kept as
 * evidence, because the drive that such a key unlocks does not care about the fork (I4).
 */
import { and, desc, gte, like, lt } from 'drizzle-orm';
import { z } from 'zod';
import type { KeyIdPrefix } from '../domain/recovery-key.ts';
import { escrow as escrowBody, sealed as sealedBody } from '../journal/bodies.ts';
import { hlcToMs } from '../journal/hlc.ts';
import { limits } from '../limits.ts';
import { escrows, recoveryForks, recoveryKeys } from '../schema/recovery.ts';
import type { Candidate } from './messages.ts';
import type { HelpdeskParts } from './service.ts';

/** Sealed copies and pieces of evidence that one search looks at. */
const COPIES_MAX = 500;

/** What is read of a refused segment; the rest of it does not matter here. */
const forkedSegment = z.object({
  entries: z.array(z.object({ kind: z.string(), hlc: z.number(), body: z.string().optional() })),
});

export interface FoundKey {
  readonly candidate: Candidate;
  /** every sealed copy that is held, of whichever origin */
  readonly copies: readonly { readonly sealedJson: string; readonly packageJson: string | null }[];
}

type Facts = Omit<Candidate, 'siteName' | 'driveLetter' | 'hasKeyPackage' | 'opensHere' | 'opensAt'>;

export class KeyFinder {
  readonly #parts: HelpdeskParts;

  constructor(parts: HelpdeskParts) {
    this.#parts = parts;
  }

  /** Keys whose ID begins with `prefix`, newest escrow first; those found only in refused forks last. */
  async find(prefix: KeyIdPrefix): Promise<FoundKey[]> {
    const reader = this.#parts.ledger.readers.recovery;
    // 'g' follows every hex digit and '-'
    const end = `${prefix}g`;
    const [rows, copies, forked] = await Promise.all([
      reader
        .select()
        .from(recoveryKeys)
        .where(and(gte(recoveryKeys.keyId, prefix), lt(recoveryKeys.keyId, end)))
        .orderBy(desc(recoveryKeys.firstHlc))
        .limit(limits.searchCandidatesMax + 1),
      reader
        .select()
        .from(escrows)
        .where(and(gte(escrows.keyId, prefix), lt(escrows.keyId, end)))
        .limit(COPIES_MAX),
      this.#forkedEscrows(prefix),
    ]);
    const found = new Map<string, FoundKey>();
    for (const row of rows) {
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
      };
      found.set(
        identityOf(row),
        this.#foundKey(
          facts,
          copies.filter((copy) => identityOf(copy) === identityOf(row)),
        ),
      );
    }
    for (const { body, hlc } of forked) {
      const copy = {
        sealedJson: JSON.stringify(body.sealed),
        packageJson: body.package && JSON.stringify(body.package),
      };
      const known = found.get(identityOf(body));
      const facts: Facts = {
        ...body,
        ...{ escrowedAt: hlcToMs(hlc), state: 'present', disclosed: false, conflicted: false, onDrive: null },
        ...{ deviceRevoked: this.#parts.configuration.isRevoked(body.deviceId), fromFork: true },
      };
      found.set(
        identityOf(body),
        known ? { ...known, copies: [...known.copies, copy] } : this.#foundKey(facts, [copy]),
      );
    }
    return [...found.values()];
  }

  /** Escrows in segments that were refused as forks. What cannot be read there is passed over (I9). */
  async #forkedEscrows(prefix: KeyIdPrefix): Promise<{ body: z.infer<typeof escrowBody>; hlc: number }[]> {
    const rows = await this.#parts.ledger.readers.recovery
      .select({ segment: recoveryForks.segment })
      .from(recoveryForks)
      .where(like(recoveryForks.segment, `%${prefix}%`))
      .limit(COPIES_MAX);
    return rows.flatMap(({ segment }) => {
      const read = forkedSegment.safeParse(parseJson(segment));
      const entries = read.success ? read.data.entries : [];
      return entries.flatMap(({ kind, body: text, hlc }) => {
        const body = escrowBody.safeParse(kind === 'escrow' && text !== undefined ? parseJson(text) : null);
        return body.success && body.data.keyId.startsWith(prefix) ? [{ body: body.data, hlc }] : [];
      });
    });
  }

  #foundKey(facts: Facts, copies: FoundKey['copies']): FoundKey {
    const vaults = copies.flatMap(({ sealedJson }) => z.array(sealedBody).parse(JSON.parse(sealedJson)));
    const { keyId, commitment, deviceId, volumeId, volumeType, computerName, domain, users, siteId } = facts;
    const { escrowedAt, state, disclosed, conflicted, onDrive, claim, deviceRevoked, fromFork } = facts;
    const candidate: Candidate = {
      ...{ keyId, commitment, deviceId, volumeId, volumeType, computerName, domain, users, siteId },
      ...{ escrowedAt, state, disclosed, conflicted, onDrive, claim, deviceRevoked, fromFork },
      siteName: this.#parts.configuration.siteName(siteId),
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
