/**
 * Credentials of people, as this node knows them: what a centre wrote and this node may have, held in memory. It is read
 * again whenever entries about them are committed, and what is to be forgotten is then overwritten (`erasable.ts`).
 */
import type { Log } from '../platform.ts';
import { SELECT_HELD, forgetBodies, insertBallast } from '../journal/erasable.ts';
import type { Ledger } from '../journal/ledger.ts';
import { type CredentialBody, type CredentialSecret, credential } from '../journal/staff-bodies.ts';
import type { Origin } from '../trust/certificate.ts';

export type SecretType = CredentialSecret['type'];

/** A credential, and the entry it stands in. */
export type Credential<T extends SecretType = SecretType> = T extends SecretType
  ? Omit<CredentialBody, 'secret'> & {
      readonly origin: Origin;
      readonly seq: number;
      readonly hlc: number;
      readonly secret: Extract<CredentialSecret, { type: T }>;
    }
  : never;

export class Credentials {
  readonly #ledger: Ledger;
  readonly #log: Log;
  #byStaff = new Map<string, Credential[]>();
  #ids = new Set<string>();
  #older: Credential[] = [];
  #working: Promise<void> = Promise.resolve();
  /** whether something was committed that was not read, or is to be forgotten and still there */
  #isBehind = false;

  private constructor(ledger: Ledger, log: Log) {
    this.#ledger = ledger;
    this.#log = log;
  }

  static async open(ledger: Ledger, log: Log): Promise<Credentials> {
    const credentials = new Credentials(ledger, log);
    const [row] = await ledger.engine.rows('recovery', 'SELECT 1 FROM recovery_erasable LIMIT 1', []);
    if (!row) await ledger.note('recovery', [insertBallast()]);
    await credentials.#read();
    credentials.#workAgain();
    ledger.onCommit((store, entries) => {
      if (store !== 'recovery') return;
      if (entries.some(({ kind }) => kind === 'credential' || kind === 'forget')) credentials.#workAgain();
    });
    ledger.onFollowed((store, origins) => {
      const byCentre = [...origins].some((origin) => isCentre(ledger, origin));
      if (store === 'recovery' && byCentre) credentials.#workAgain();
    });
    return credentials;
  }

  /** Does again what could not be done. */
  async catchUp(): Promise<void> {
    await this.#working;
    if (!this.#isBehind) return;
    this.#workAgain();
    await this.#working;
  }

  /** Resolves when what was committed before is known here, and what it had forgotten is gone or will be tried again. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** A person's, the newest first. */
  of<T extends SecretType>(staffId: string, type: T): Credential<T>[] {
    return ofType(this.#byStaff.get(staffId) ?? [], type);
  }

  allOf<T extends SecretType>(type: T): Credential<T>[] {
    return ofType(this.all(), type);
  }

  all(): Credential[] {
    return [...this.#byStaff.values()].flat();
  }

  has(credentialId: string): boolean {
    return this.#ids.has(credentialId);
  }

  /** Earlier versions of credentials that were written anew. */
  older(): readonly Credential[] {
    return this.#older;
  }

  #workAgain(): void {
    this.#isBehind = true;
    this.#working = this.#working
      .then(() => this.#work())
      .catch((error: unknown) => {
        this.#log('warn', 'credentials could not be read or forgotten, and will be', {
          error: error instanceof Error ? error.name : 'unknown',
        });
      });
  }

  async #work(): Promise<void> {
    await this.#read();
    const { engine } = this.#ledger;
    const isDone = await forgetBodies(engine, (statements) => this.#ledger.note('recovery', statements));
    this.#isBehind = !isDone;
  }

  async #read(): Promise<void> {
    const held: Credential[] = [];
    for (const [originText, seq, hlc, body] of await this.#ledger.engine.rows('recovery', SELECT_HELD, [])) {
      const origin = String(originText) as Origin;
      // I4: only a centre writes them.
      if (!isCentre(this.#ledger, origin)) continue;
      const parsed = parse(String(body));
      if (parsed) held.push({ ...parsed, origin, seq: Number(seq), hlc: Number(hlc) } as Credential);
    }
    held.sort((a, b) => b.hlc - a.hlc || b.seq - a.seq);
    const byStaff = new Map<string, Credential[]>();
    const ids = new Set<string>();
    const older: Credential[] = [];
    for (const one of held) {
      if (ids.has(one.credentialId)) {
        older.push(one);
        continue;
      }
      ids.add(one.credentialId);
      const own = byStaff.get(one.staffId);
      if (own) own.push(one);
      else byStaff.set(one.staffId, [one]);
    }
    this.#byStaff = byStaff;
    this.#ids = ids;
    this.#older = older;
  }
}

function ofType<T extends SecretType>(all: readonly Credential[], type: T): Credential<T>[] {
  // The type tells which of the union it is, which the compiler does not follow for a parameter.
  return all.filter(({ secret }) => secret.type === type) as Credential<T>[];
}

function isCentre(ledger: Ledger, origin: Origin): boolean {
  return ledger.origins('recovery').get(origin)?.certificate.role === 'centre';
}

function parse(body: string): CredentialBody | null {
  try {
    return credential.parse(JSON.parse(body));
  } catch {
    return null;
  }
}
