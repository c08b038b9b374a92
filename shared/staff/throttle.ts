/**
 * How often signing in may fail. Local to a node, so that nobody can lock out every helpdesk, and in memory: an attacker
 * does not restart nodes.
 *
 * Counted by account and address, by address, and by account. The last is what stops guessing from many addresses, and
 * must not lock out its owner: addresses from which somebody signed in to the account count by themselves alone.
 */
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';

interface Failures {
  count: number;
  /** when the first of them was */
  since: number;
  told: boolean;
}

export interface Refusal {
  readonly retryAfterMs: number;
  /** the first refusal since it began: worth an alert */
  readonly isFirst: boolean;
}

export class Throttle {
  readonly #platform: Pick<Platform, 'now'>;
  readonly #failures = new Map<string, Failures>();
  /** account and address of successes */
  readonly #known = new Set<string>();

  constructor(platform: Pick<Platform, 'now'>) {
    this.#platform = platform;
  }

  /** Why another try is not made now; null when it may be. `account` null: what is tried names none. */
  refusal(account: string | null, address: string): Refusal | null {
    for (const [key, max] of this.#counters(account, address)) {
      const failures = this.#failures.get(key);
      const waitMs = failures ? failures.since + limits.signInWindowMs - this.#platform.now() : 0;
      // A clock that was set back must not lengthen the wait.
      if (!failures || waitMs <= 0 || waitMs > limits.signInWindowMs) {
        this.#failures.delete(key);
        continue;
      }
      if (failures.count < max) continue;
      const isFirst = !failures.told;
      failures.told = true;
      return { retryAfterMs: waitMs, isFirst };
    }
    return null;
  }

  failed(account: string | null, address: string): void {
    for (const [key] of this.#counters(account, address)) {
      const failures = this.#failures.get(key) ?? { count: 0, since: this.#platform.now(), told: false };
      failures.count += 1;
      this.#failures.delete(key);
      this.#failures.set(key, failures);
    }
    drop(this.#failures, limits.throttleKeysMax);
  }

  succeeded(account: string, address: string): void {
    const pair = pairOf(account, address);
    this.#failures.delete(pair);
    this.#known.delete(pair);
    this.#known.add(pair);
    drop(this.#known, limits.throttleKeysMax);
  }

  #counters(account: string | null, address: string): [string, number][] {
    const byAddress: [string, number] = [`address ${address}`, limits.signInFailuresPerAddressMax];
    if (account === null) return [byAddress];
    const pair = pairOf(account, address);
    const own: [string, number] = [pair, limits.signInFailuresPerPairMax];
    // Where the owner works, neither a stranger elsewhere nor a colleague who mistypes is in the way.
    if (this.#known.has(pair)) return [own];
    return [own, byAddress, [`account ${account}`, limits.signInFailuresPerAccountMax]];
  }
}

function pairOf(account: string, address: string): string {
  return `pair ${account} ${address}`;
}

/** Forgets the oldest beyond the bound. */
function drop(held: Map<string, unknown> | Set<string>, max: number): void {
  for (const key of held.keys()) {
    if (held.size <= max) return;
    held.delete(key);
  }
}
