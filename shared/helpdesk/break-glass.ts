/**
 * Break-glass, for the day on which every PC of a branch wants its key and the head office is gone: two officers open
 * one site together, at its edge.
 *
 *     one officer asks ──▶ another confirms ──▶ open for four hours and so many disclosures ──▶ ended
 *
 * While it is open, the keys of that site need no second person for the rules' sake or because the centre is away, and
 * the hourly limits do not count. Everything else stays: who may ask, the user to be named, a stolen device, one audit
 * record for each disclosure, the new password afterwards. Not before the centre holds the record of an opening does the
 * node take the next one.
 *
 * The four hours are counted as the node lives them (`lived.ts`), so that no clock ends or prolongs them; what was
 * opened is read back from the node's own audit records after a restart.
 */
import { z } from 'zod';
import type { Configuration } from '../configuration.ts';
import { Problem } from '../http/problem.ts';
import { inTurn } from '../in-turn.ts';
import { limits } from '../limits.ts';
import { randomName } from '../platform.ts';
import type { Origin } from '../trust/certificate.ts';
import type { VaultKey } from '../vault/seal.ts';
import { type Asking, type AuditFacts, type AuditParts, type Recorded, writeAudit } from './audit.ts';
import { type LivedTime, readNote, writingNote } from './lived.ts';
import type { BreakGlassAnswer, OpeningAnswer } from './messages.ts';
import { type OwnRecord, OwnRecords, personOf } from './own-records.ts';
import { disclosureRulesOf } from './rules.ts';

export interface BreakGlassParts extends AuditParts {
  readonly configuration: Configuration;
  readonly vaultKeys: readonly VaultKey[];
}

const note = z.object({ openingId: z.string(), openedAtLivedMs: z.number() });
const NOTE = 'break-glass';

interface Opening {
  readonly officer: Recorded;
  readonly openedAt: number;
  readonly openingId: string;
  readonly siteId: string;
  readonly openedAtLivedMs: number;
  disclosures: number;
}

export class BreakGlass {
  readonly #parts: BreakGlassParts;
  readonly #lived: LivedTime;
  readonly #records: OwnRecords;
  #opening: Opening | null = null;
  readonly #oneAtATime = inTurn();

  private constructor(parts: BreakGlassParts, lived: LivedTime) {
    this.#parts = parts;
    this.#lived = lived;
    this.#records = new OwnRecords(parts);
  }

  static async open(parts: BreakGlassParts, lived: LivedTime): Promise<BreakGlass> {
    const breakGlass = new BreakGlass(parts, lived);
    const records = await breakGlass.#records.openings();
    const last = records.findLast(({ action }) => action === 'break-glass-opening');
    const isEnded = records.some(
      ({ action, breakGlassId }) => action === 'break-glass-end' && breakGlassId === last?.breakGlassId,
    );
    if (!last || isEnded) return breakGlass;
    const saved = await readNote(parts.ledger, NOTE, note);
    const openingId = last.breakGlassId ?? '';
    breakGlass.#opening = {
      ...{ officer: personOf(last), openedAt: last.at, openingId, siteId: last.siteId ?? '' },
      openedAtLivedMs: saved?.openingId === openingId ? saved.openedAtLivedMs : lived.livedMs,
      disclosures: await breakGlass.#records.disclosedUnder(openingId),
    };
    return breakGlass;
  }

  /** Whether somebody counts by the time lived. */
  get isOpen(): boolean {
    return this.#opening !== null;
  }

  /** The opening that holds for a site, or null. */
  inForceFor(siteId: string): { readonly openingId: string } | null {
    const opening = this.#opening;
    return opening?.siteId === siteId && this.#isInForce(opening) ? opening : null;
  }

  /** A disclosure under it became durable. */
  count(openingId: string): void {
    if (this.#opening?.openingId === openingId) this.#opening.disclosures += 1;
  }

  /** What is open, for everybody to see. */
  state(): OpeningAnswer | null {
    const opening = this.#opening;
    if (!opening || !this.#isInForce(opening)) return null;
    return {
      ...{ openingId: opening.openingId, siteId: opening.siteId, openedAt: opening.openedAt },
      remainingMs: this.#remainingMs(opening),
      ...{ disclosures: opening.disclosures, disclosuresMax: this.#most(opening) },
    };
  }

  async show(): Promise<BreakGlassAnswer> {
    return { open: this.state(), asked: (await this.#asked()).map(askedOf) };
  }

  /** The first officer asks. Throws a Problem, recorded like everything that is asked here. */
  ask(asking: Asking, siteId: string, reason: string): Promise<BreakGlassAnswer> {
    return this.#inTurn(async () => {
      const openingId = `b-${randomName(this.#parts.platform, 16)}`;
      const facts: AuditFacts = {
        ...{ action: 'break-glass-request', status: 'Successful', failure: null },
        ...{ siteId: this.#knownSite(siteId), note: reason, breakGlassId: openingId },
      };
      await this.#check(asking, facts, () => this.#mayAsk(asking, siteId));
      await writeAudit(this.#parts, asking, facts);
      return this.show();
    });
  }

  /** The second officer opens it. */
  confirm(asking: Asking, openingId: string): Promise<BreakGlassAnswer> {
    return this.#inTurn(async () => {
      const found = (await this.#asked()).find((record) => record.breakGlassId === openingId);
      const facts: AuditFacts = {
        ...{ action: 'break-glass-opening', status: 'Successful', failure: null },
        ...{ siteId: found?.siteId ?? null, note: found?.note ?? null },
        ...{ breakGlassId: found ? openingId : null },
        ...{ otherId: found?.staffId ?? null, otherName: found?.staffName ?? null },
      };
      const asked = await this.#check(asking, facts, async () => {
        if (!found) throw new Problem('break-glass-unknown');
        await this.#mayAsk(asking, found.siteId ?? '');
        if (found.staffId === asking.staff.staffId) throw new Problem('second-person-needed');
        return found;
      });
      const openedAtLivedMs = this.#lived.livedMs;
      const { at } = await writeAudit(this.#parts, asking, facts, [
        writingNote(NOTE, { openingId, openedAtLivedMs }),
        this.#lived.saving(),
      ]);
      this.#opening = {
        ...{ officer: personOf(asked), openingId, siteId: asked.siteId ?? '', openedAt: at },
        ...{ openedAtLivedMs, disclosures: 0 },
      };
      return this.show();
    });
  }

  /** An officer ends it before its time. */
  end(asking: Asking, openingId: string): Promise<BreakGlassAnswer> {
    return this.#inTurn(async () => {
      const opening = this.#opening?.openingId === openingId ? this.#opening : null;
      const facts: AuditFacts = {
        ...{ action: 'break-glass-end', status: 'Successful', failure: null },
        ...{ siteId: opening?.siteId ?? null, breakGlassId: opening && openingId },
      };
      await this.#check(asking, facts, () => {
        if (!opening) throw new Problem('break-glass-unknown');
        requireOfficer(asking, opening.siteId);
      });
      await writeAudit(this.#parts, asking, facts);
      this.#opening = null;
      return this.show();
    });
  }

  /** Writes down that it has ended by itself. */
  async tick(): Promise<void> {
    await this.#inTurn(() => Promise.resolve());
  }

  async #endWhatIsOver(): Promise<void> {
    const opening = this.#opening;
    if (!opening || this.#isInForce(opening)) return;
    const { officer, openingId, siteId } = opening;
    const ended = { action: 'break-glass-end', status: 'Successful', failure: null } as const;
    await writeAudit(this.#parts, officer, { ...ended, siteId, breakGlassId: openingId });
    this.#opening = null;
  }

  #isInForce(opening: Opening): boolean {
    return this.#remainingMs(opening) > 0 && opening.disclosures < this.#most(opening);
  }

  #remainingMs({ openedAtLivedMs }: Opening): number {
    return Math.max(0, limits.breakGlassOpenMs - (this.#lived.livedMs - openedAtLivedMs));
  }

  #most({ siteId }: Opening): number {
    return disclosureRulesOf(this.#parts.configuration, siteId).breakGlassDisclosures;
  }

  async #mayAsk(asking: Asking, siteId: string): Promise<void> {
    const { configuration, identity, vaultKeys, peers } = this.#parts;
    requireOfficer(asking, siteId);
    if (identity.certificate.role !== 'edge') throw new Problem('forbidden', { why: 'only at an edge' });
    if (this.#knownSite(siteId) === null)
      throw new Problem('invalid-request', { fields: [{ at: 'siteId', code: 'unknown_site' }] });
    const vaults = configuration.vaultsOf(siteId) ?? [];
    if (!vaults.some(({ vaultId }) => vaultKeys.some((key) => key.vaultId === vaultId)))
      throw new Problem('vault-not-here', { nodes: [] });
    if (this.state()) throw new Problem('break-glass-open');
    const last = (await this.#records.openings()).findLast(({ action }) => action === 'break-glass-opening');
    if (last && !peers.heldAtCentre('recovery', last.origin as Origin, last.seq))
      throw new Problem('break-glass-spent');
    if ((await this.#asked()).length >= limits.breakGlassAskedMax)
      throw new Problem('overloaded', {}, { 'Retry-After': '600' });
  }

  /** What waits for a second officer; a clock that was put right makes it forgotten, not valid. */
  async #asked(): Promise<OwnRecord[]> {
    const records = await this.#records.openings();
    const opened = new Set(
      records
        .filter(({ action }) => action !== 'break-glass-request')
        .map(({ breakGlassId }) => breakGlassId),
    );
    const now = this.#parts.platform.now();
    return records.filter(
      (record) =>
        record.action === 'break-glass-request' &&
        !opened.has(record.breakGlassId) &&
        Math.abs(now - record.at) < limits.breakGlassAskedMs &&
        this.#stillCounts(record),
    );
  }

  /** What somebody asked counts as long as they may ask: it takes two who are officers when it is opened. */
  #stillCounts({ staffId, siteId }: OwnRecord): boolean {
    const person = this.#parts.configuration.get('staff', staffId)?.body;
    return (
      person?.revoked === false &&
      person.role === 'break-glass-officer' &&
      (person.sites === null || person.sites.includes(siteId ?? ''))
    );
  }

  #knownSite(siteId: string): string | null {
    return this.#parts.configuration.get('site', siteId)?.id ?? null;
  }

  /** I3: a refusal is durable before it is answered. */
  async #check<T>(asking: Asking, facts: AuditFacts, check: () => Promise<T> | T): Promise<T> {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await writeAudit(this.#parts, asking, {
        ...facts,
        ...{ status: 'Failed', failure: error.code },
        breakGlassId: facts.action === 'break-glass-request' ? null : (facts.breakGlassId ?? null),
      });
      throw error;
    }
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    return this.#oneAtATime(async () => {
      await this.#endWhatIsOver();
      return change();
    });
  }
}

function requireOfficer({ staff: { role, sites } }: Asking, siteId: string): void {
  if (role !== 'break-glass-officer') throw new Problem('forbidden', { role });
  if (sites !== null && !sites.includes(siteId)) throw new Problem('site-not-assigned');
}

function askedOf({ breakGlassId, siteId, staffId, staffName, note: reason, at }: OwnRecord) {
  return {
    ...{ openingId: breakGlassId ?? '', siteId: siteId ?? '', reason: reason ?? '' },
    ...{ askedBy: { staffId, name: staffName }, askedAt: at, expiresAt: at + limits.breakGlassAskedMs },
  };
}
