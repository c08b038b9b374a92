/**
 * Sessions of people at this node, in memory: nothing in a database, a snapshot or a stolen disk is a session, one of
 * another node is nothing here, and a restart ends all of them. (Several central processes over one database server
 * therefore need a load balancer that keeps to one of them.)
 */
import { base64url } from 'jose';
import { limits } from '../limits.ts';
import type { SignInMethod } from '../journal/staff-bodies.ts';
import type { Platform } from '../platform.ts';

export interface Session {
  /** for people and for ending it: a hash of what the browser has */
  readonly id: string;
  readonly staffId: string;
  readonly method: SignInMethod;
  /** when one of these is gone, so is the session */
  readonly credentialIds: readonly string[];
  /** for clients that are no browsers: see `authenticate.ts` */
  readonly csrf: string;
  /** where it was begun, as far as the terminator in front says */
  readonly address: string | null;
  readonly startedAt: number;
  readonly usedAt: number;
  /** used within `sessionIdleMs` ever since: only then may it be given a key */
  readonly isFresh: boolean;
}

const SECRET_BYTES = 32;

export class Sessions {
  readonly #platform: Pick<Platform, 'now' | 'random' | 'sha256'>;
  readonly #sessions = new Map<string, Session>();

  constructor(platform: Pick<Platform, 'now' | 'random' | 'sha256'>) {
    this.#platform = platform;
  }

  open(of: Pick<Session, 'staffId' | 'method' | 'credentialIds' | 'address'>): {
    secret: string;
    session: Session;
  } {
    const secret = base64url.encode(this.#platform.random(SECRET_BYTES));
    const now = this.#platform.now();
    const session: Session = {
      ...of,
      id: this.#idOf(secret),
      csrf: base64url.encode(this.#platform.random(SECRET_BYTES / 2)),
      ...{ startedAt: now, usedAt: now, isFresh: true },
    };
    this.#makeRoom(session.staffId);
    this.#sessions.set(session.id, session);
    return { secret, session };
  }

  /** The session of this secret as it is now, or null. `uses`: whether a person does something, or a page only looks. */
  find(secret: string, uses: boolean): Session | null {
    const known = this.#sessions.get(this.#idOf(secret));
    if (!known) return null;
    const now = this.#platform.now();
    if (isOver(known, now)) {
      this.#sessions.delete(known.id);
      return null;
    }
    const session = {
      ...known,
      usedAt: uses ? now : known.usedAt,
      isFresh: known.isFresh && now - known.usedAt <= limits.sessionIdleMs,
    };
    this.#sessions.set(session.id, session);
    return session;
  }

  /** A person's sessions at this node, the one used last first. */
  of(staffId: string): Session[] {
    const now = this.#platform.now();
    return [...this.#sessions.values()]
      .filter((session) => session.staffId === staffId && !isOver(session, now))
      .sort((a, b) => b.usedAt - a.usedAt);
  }

  end(id: string): void {
    this.#sessions.delete(id);
  }

  endAll(which: (session: Session) => boolean): void {
    for (const session of this.#sessions.values()) if (which(session)) this.#sessions.delete(session.id);
  }

  /** Looked up by a hash of 256 random bits: timing tells nothing about a session. */
  #idOf(secret: string): string {
    return this.#platform.sha256('holdfast session v1\n', secret);
  }

  /** Ends the person's oldest beyond their bound, and the oldest of all beyond the node's. */
  #makeRoom(staffId: string): void {
    const own = [...this.#sessions.values()].filter((session) => session.staffId === staffId);
    for (const session of own.slice(0, Math.max(0, own.length + 1 - limits.sessionsPerPersonMax)))
      this.#sessions.delete(session.id);
    for (const id of this.#sessions.keys()) {
      if (this.#sessions.size < limits.sessionsMax) return;
      this.#sessions.delete(id);
    }
  }
}

/** I14: a clock that was set back ends a session rather than prolonging it. */
function isOver({ startedAt, usedAt }: Session, now: number): boolean {
  const idleMs = now - usedAt;
  return idleMs < 0 || idleMs > limits.sessionRestMs || now - startedAt > limits.sessionAbsoluteMs;
}
