/**
 * Export: every key that this node can open, in one file encrypted to age recipients, for the worst day or for leaving.
 *
 *     first officer ──request──▶ waiting ──confirmation by another──▶ confirmed ──fetch──▶ running ─▶ complete
 *
 * Two administrators have to agree on the same request; it lives in this process for an hour and nowhere else. The file
 * is made while it is fetched, a page of keys at a time: their audit records are durable in one commit before the page's
 * plaintext goes into the encryption (I3), and plaintext leaves this module only through that (I8).
 */
import { Encrypter } from 'age-encryption';
import { type Guid, formatRecoveryPassword } from '../domain/recovery-key.ts';
import { type Asking, auditDraft } from '../helpdesk/audit.ts';
import { openKey } from '../helpdesk/opening.ts';
import { type FoundKey, KeyFinder } from '../helpdesk/keys.ts';
import type { HelpdeskParts } from '../helpdesk/service.ts';
import { Problem } from '../http/problem.ts';
import type { Draft } from '../journal/drafts.ts';
import { limits } from '../limits.ts';
import { randomName } from '../platform.ts';
import type { OpenWindows } from '../vault/seal.ts';
import { EXPORT_HEADER, exportRow } from './csv.ts';
import type { ExportAnswer, ExportRequest } from './messages.ts';

interface Export extends ExportRequest {
  readonly exportId: string;
  readonly requestedBy: string;
  readonly expiresAt: number;
  confirmedBy: string | null;
  state: ExportAnswer['state'];
  exported: number;
  notOpened: number;
}

export class ExportService {
  readonly #parts: HelpdeskParts;
  readonly #keys: KeyFinder;
  readonly #open = new Map<string, Export>();

  constructor(parts: HelpdeskParts) {
    this.#parts = parts;
    this.#keys = new KeyFinder(parts);
  }

  request({ staff }: Asking, request: ExportRequest): ExportAnswer {
    if (this.#parts.vaultKeys.length === 0) throw new Problem('vault-not-here', { nodes: [] });
    if (!request.recipients.every(isRecipient))
      throw new Problem('invalid-request', { fields: [{ at: 'recipients', code: 'not_a_recipient' }] });
    this.#forgetOld();
    if (this.#open.size >= limits.exportsOpenMax)
      throw new Problem('overloaded', {}, { 'Retry-After': '600' });
    const made: Export = {
      ...request,
      exportId: `e-${randomName(this.#parts.platform, 16)}`,
      requestedBy: staff.staffId,
      expiresAt: this.#parts.platform.now() + limits.exportOpenMs,
      confirmedBy: null,
      state: 'waiting',
      exported: 0,
      notOpened: 0,
    };
    this.#open.set(made.exportId, made);
    return { ...made };
  }

  show(exportId: string): ExportAnswer {
    return { ...this.#find(exportId) };
  }

  confirm({ staff }: Asking, exportId: string): ExportAnswer {
    const found = this.#find(exportId);
    if (found.requestedBy === staff.staffId) throw new Problem('second-officer-needed');
    this.#requireOfficers(found);
    if (found.state === 'waiting') {
      found.confirmedBy = staff.staffId;
      found.state = 'confirmed';
    }
    return { ...found };
  }

  /** The encrypted file, made as it is read. It may be fetched again within the hour; every key is audited again. */
  async open(asking: Asking, exportId: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const found = this.#find(exportId);
    const { confirmedBy } = found;
    const officers = [found.requestedBy, confirmedBy];
    if (confirmedBy === null || !officers.includes(asking.staff.staffId))
      throw new Problem('second-officer-needed');
    this.#requireOfficers(found);
    if (found.state === 'running') throw new Problem('overloaded', {}, { 'Retry-After': '60' });
    Object.assign(found, { state: 'running', exported: 0, notOpened: 0 });
    const encrypter = new Encrypter();
    for (const recipient of found.recipients) encrypter.addRecipient(recipient);
    // The library types its chunks by a wider kind of buffer than it makes.
    return (await encrypter.encrypt(this.#plaintext(asking, found))) as ReadableStream<
      Uint8Array<ArrayBuffer>
    >;
  }

  #plaintext(asking: Asking, found: Export): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    const windows: OpenWindows = new Map();
    let after: string | null = null;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(encoder.encode(EXPORT_HEADER));
      },
      pull: async (controller) => {
        try {
          const page = await this.#page(asking, found, after, windows);
          if (page.rows !== '') controller.enqueue(encoder.encode(page.rows));
          after = page.last;
          if (after !== null) return;
          found.state = 'complete';
          controller.close();
        } catch (error) {
          found.state = 'broken-off';
          throw error;
        }
      },
      cancel: () => {
        found.state = 'broken-off';
      },
    });
  }

  /** Whoever was dismissed since they asked, or confirmed, agrees to nothing any more. */
  #requireOfficers({ requestedBy, confirmedBy }: Export): void {
    for (const staffId of [requestedBy, ...(confirmedBy === null ? [] : [confirmedBy])]) {
      const person = this.#parts.configuration.get('staff', staffId)?.body;
      if (person?.role !== 'administrator' || person.revoked) throw new Problem('second-officer-needed');
    }
  }

  /** Rows of the next key IDs after `after`, and the last of these IDs; null when none are left. */
  async #page(
    asking: Asking,
    found: Export,
    after: string | null,
    windows: OpenWindows,
  ): Promise<{ rows: string; last: string | null }> {
    this.#requireOfficers(found);
    const next = await this.#next(after ?? '');
    if (!next) return { rows: '', last: null };
    const { first, last, copies } = next;
    const keys = await this.#keys.between(first, `${last}g`, copies, copies);
    const opened = await Promise.all(
      [...keys.values()].map(async (key) => ({ key, secret: await openKey(this.#parts, key, windows) })),
    );
    // I3: what follows leaves only once its audit is durable.
    const audits = opened.map(({ key, secret }) => this.#audit(asking, found, key, secret !== null));
    for (let at = 0; at < audits.length; at += limits.groupEntriesMax)
      await this.#parts.ledger.append('recovery', audits.slice(at, at + limits.groupEntriesMax));
    let rows = '';
    for (const { key, secret } of opened) {
      if (!secret) found.notOpened += 1;
      else {
        found.exported += 1;
        const password = formatRecoveryPassword(secret.key.reveal());
        rows += exportRow(key.candidate, password, secret.keyPackage?.reveal() ?? null);
      }
    }
    return { rows, last };
  }

  /**
   * The next key IDs, as many as have few enough copies together; one that has more, which takes somebody who tries, is a
   * page of its own. Nothing is left out.
   */
  async #next(after: string): Promise<{ first: string; last: string; copies: number } | null> {
    const { engine } = this.#parts.ledger;
    const ids = await engine.rows(
      'recovery',
      'SELECT key_id FROM escrows WHERE key_id > ?1 UNION SELECT key_id FROM imports WHERE key_id > ?1 ORDER BY 1 LIMIT ?2',
      [after, limits.exportKeyIdsMax],
    );
    const [first, end] = [ids[0]?.[0], ids.at(-1)?.[0]];
    if (typeof first !== 'string' || typeof end !== 'string') return null;
    const counted = await engine.rows(
      'recovery',
      'SELECT key_id, count(*) FROM (SELECT key_id FROM escrows WHERE key_id BETWEEN ?1 AND ?2 ' +
        'UNION ALL SELECT key_id FROM imports WHERE key_id BETWEEN ?1 AND ?2 ' +
        'UNION ALL SELECT key_id FROM reseals WHERE key_id BETWEEN ?1 AND ?2) GROUP BY key_id ORDER BY key_id',
      [first, end],
    );
    let last = first;
    let copies = 0;
    for (const [keyId, count] of counted) {
      if (copies > 0 && copies + Number(count) > limits.exportCopiesMax) break;
      last = String(keyId);
      copies += Number(count);
    }
    return { first, last, copies };
  }

  #audit(asking: Asking, found: Export, { candidate }: FoundKey, opened: boolean): Draft {
    const { keyId, commitment, deviceId, volumeId, computerName, domain, siteId } = candidate;
    const { staffId } = asking.staff;
    const officers = `${found.requestedBy} + ${found.confirmedBy ?? ''}`;
    return auditDraft(this.#parts, asking, {
      action: found.purpose === 'worst-day' ? 'disclosure' : 'export',
      source: 'Export',
      status: opened ? 'Successful' : 'Failed',
      failure: opened ? null : 'vault-not-here',
      ...{ keyId, commitment, deviceId, computerName, domain, siteId, volumeId: volumeId as Guid },
      ...{ keyType: 'Recovery Key Password', reason: 'other' },
      otherId: staffId === found.requestedBy ? found.confirmedBy : found.requestedBy,
      note: `${found.exportId} (${officers}): ${found.reason}`.slice(0, limits.noteCharactersMax),
    });
  }

  #find(exportId: string): Export {
    this.#forgetOld();
    const found = this.#open.get(exportId);
    if (!found) throw new Problem('export-unknown');
    return found;
  }

  #forgetOld(): void {
    const now = this.#parts.platform.now();
    for (const [id, { expiresAt, state }] of this.#open)
      if (expiresAt < now && state !== 'running') this.#open.delete(id);
  }
}

function isRecipient(text: string): boolean {
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}
