/** This node's own log in a store: chained, signed and projected in the transaction that makes it durable. */
import { base64url } from 'jose';
import { type Origin, nodeOf } from '../trust/certificate.ts';
import type { Commits } from './commits.ts';
import { type Prepared, prepare } from './drafts.ts';
import type { Statement } from './engine.ts';
import { type Entry, hashBody, hashEntry } from './entry.ts';
import type { JournalParts } from './parts.ts';
import { Projector } from './projection.ts';
import * as sql from './statements.ts';
import type { Tips } from './tips.ts';
import type { PendingAppend } from './turns.ts';

export class OwnLog {
  readonly #parts: JournalParts;
  readonly #commits: Commits;
  readonly #tips: Tips;

  constructor(commits: Commits) {
    this.#parts = commits.parts;
    this.#commits = commits;
    this.#tips = commits.tips;
  }

  /** Writes what waits together, in one transaction under one head. Returns the entries, in the order of the drafts. */
  async write(group: readonly Pick<PendingAppend, 'drafts' | 'local'>[]): Promise<Entry[]> {
    const { self, identity } = this.#parts;
    const drafts = group.flatMap((pending) => pending.drafts);
    const local = group.flatMap((pending) => pending.local);
    if (drafts.length === 0) {
      await this.#commits.batch([sql.guardFreeze(this.#commits.store), ...local]);
      this.#commits.durability.touch();
      return [];
    }
    const before = this.#tips.of(self);
    const opening = before ? [] : [this.#genesis()];
    const all = [...opening, ...drafts];
    const entries = this.#chain(all, before?.seq ?? 0, before?.hash ?? '');
    const tip = entries.at(-1);
    if (!tip) return [];
    const head = await identity.signer.sign('holdfast-head', {
      store: this.#commits.store,
      origin: self,
      seq: tip.seq,
      hash: tip.hash,
    });
    const projector = new Projector();
    const marks: Statement[] = [];
    for (const [index, entry] of entries.entries()) {
      const { rows, mark } = all[index] ?? { rows: {}, mark: null };
      projector.add(entry, rows);
      if (mark) marks.push(sql.insertMark(this.#commits.store, entry, mark));
    }
    const state = {
      origin: self,
      seq: tip.seq,
      hash: tip.hash,
      headSeq: tip.seq,
      certificate: identity.certificateJws,
    };
    // I1, I3: acknowledged only after this one transaction, which holds entry, head and tables together.
    await this.#commits.batch([
      sql.guardTip(this.#commits.store, self, before?.seq ?? 0, before?.hash ?? ''),
      ...sql.insertEntries(this.#commits.store, entries),
      sql.insertHead(this.#commits.store, self, tip.seq, head),
      sql.setTip(this.#commits.store, state),
      ...projector.statements(),
      ...marks,
      ...local,
    ]);
    this.#commits.done(self, { ...state, ...identity }, entries, 'append');
    return entries.slice(opening.length);
  }

  /** I6: opened at the first append of every start; names where this node's log ended before. */
  #genesis(): Prepared {
    const { identity } = this.#parts;
    const { nodeId, role } = identity.certificate;
    let predecessor: { origin: Origin; seq: number; hash: string } | null = null;
    for (const [origin, state] of this.#tips.all) {
      if (nodeOf(origin) === nodeId) predecessor = { origin, seq: state.seq, hash: state.hash };
    }
    return prepare(this.#commits.store, role, {
      kind: 'genesis',
      body: { certificate: identity.certificateJws, predecessor },
    });
  }

  #chain(drafts: readonly Prepared[], after: number, prevHash: string): Entry[] {
    const { platform, clock, self } = this.#parts;
    const salts = platform.random(16 * drafts.length);
    let prev = prevHash;
    return drafts.map(({ kind, version, body }, index) => {
      const salt = base64url.encode(salts.subarray(index * 16, index * 16 + 16));
      const entry = {
        store: this.#commits.store,
        origin: self,
        seq: after + 1 + index,
        hlc: clock.tick(),
        kind,
        version,
        salt,
        body,
        bodyHash: hashBody(platform, salt, body),
      };
      prev = hashEntry(platform, entry, prev);
      return { ...entry, hash: prev };
    });
  }
}
