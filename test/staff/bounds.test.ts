/** Sessions and throttling under a clock of the test's own. */
import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { limits } from '../../shared/limits.ts';
import { Sessions } from '../../shared/staff/sessions.ts';
import { Throttle } from '../../shared/staff/throttle.ts';

function clock() {
  let now = 1_000_000;
  return {
    platform: { ...nodePlatform, now: () => now },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('a session', () => {
  const open = () => {
    const { platform, pass } = clock();
    const sessions = new Sessions(platform);
    const { secret } = sessions.open({ staffId: 'ana', method: 'passkey', credentialIds: [], address: null });
    return { sessions, secret, pass };
  };

  it('gives out keys until it is left alone for five minutes, and then only after another sign-in', () => {
    const { sessions, secret, pass } = open();
    for (let used = 0; used < 10; used += 1) {
      pass(limits.sessionIdleMs);
      expect(sessions.find(secret, true)?.isFresh).toBe(true);
    }
    pass(limits.sessionIdleMs + 1);
    expect(sessions.find(secret, true)?.isFresh).toBe(false);
    expect(sessions.find(secret, true)?.isFresh).toBe(false);
  });

  it('is not kept alive by a page that only looks', () => {
    const { sessions, secret, pass } = open();
    for (let looks = 0; looks < 6; looks += 1) {
      pass(limits.sessionIdleMs / 5);
      sessions.find(secret, false);
    }
    expect(sessions.find(secret, false)?.isFresh).toBe(false);
    pass(limits.sessionRestMs);
    expect(sessions.find(secret, false)).toBeNull();
  });

  it('is over after a working day, or when the clock is set back', () => {
    const { sessions, secret, pass } = open();
    for (let ms = 0; ms < limits.sessionAbsoluteMs; ms += limits.sessionIdleMs) {
      expect(sessions.find(secret, true)).not.toBeNull();
      pass(limits.sessionIdleMs);
    }
    pass(1);
    expect(sessions.find(secret, true)).toBeNull();
    const other = open();
    other.pass(-1);
    expect(other.sessions.find(other.secret, true)).toBeNull();
  });

  it('gives way to newer ones of the same person, and never to those of others', () => {
    const { sessions, secret } = open();
    const others = { staffId: 'bea', method: 'passkey', credentialIds: [], address: null } as const;
    const theirs = Array.from(
      { length: limits.sessionsPerPersonMax + 3 },
      () => sessions.open(others).secret,
    );
    const living = theirs.map((one) => sessions.find(one, false) !== null);
    expect(living).toEqual([false, false, false, ...living.slice(3).map(() => true)]);
    expect(sessions.find(secret, false)).not.toBeNull();
  });
});

describe('throttling', () => {
  const fail = (throttle: Throttle, account: string, address: string, times: number) => {
    let refused = 0;
    for (let at = 0; at < times; at += 1) {
      if (throttle.refusal(account, address)) refused += 1;
      else throttle.failed(account, address);
    }
    return refused;
  };

  it('stops an address at an account, and then at all accounts, and tells once', () => {
    const { platform, pass } = clock();
    const throttle = new Throttle(platform);
    expect(fail(throttle, 'ana', '10.0.0.1', 5)).toBe(0);
    expect(throttle.refusal('ana', '10.0.0.1')).toMatchObject({ isFirst: true });
    expect(throttle.refusal('ana', '10.0.0.1')).toMatchObject({ isFirst: false });
    expect(throttle.refusal('bea', '10.0.0.1')).toBeNull();
    const accounts = Array.from({ length: 20 }, (_, index) => `person-${String(index)}`);
    const refused = accounts.map((account) => fail(throttle, account, '10.0.0.1', 5));
    expect(refused.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(refused.slice(5)).toEqual(Array.from({ length: 15 }, () => 5));
    expect(throttle.refusal(null, '10.0.0.1')).not.toBeNull();
    pass(limits.signInWindowMs);
    expect(throttle.refusal('ana', '10.0.0.1')).toBeNull();
  });

  it('cannot be used to lock anybody out where they work', () => {
    const { platform } = clock();
    const throttle = new Throttle(platform);
    throttle.succeeded('ana', '10.0.0.7');
    // A thousand addresses try Ana's account: they are stopped together, and she is not.
    const refused = Array.from({ length: 1_000 }, (_, index) =>
      fail(throttle, 'ana', `172.16.${String(index >> 8)}.${String(index & 255)}`, 5),
    ).reduce((sum, of) => sum + of, 0);
    expect(refused).toBe(5_000 - limits.signInFailuresPerAccountMax);
    expect(throttle.refusal('ana', '172.17.0.1')).not.toBeNull();
    expect(throttle.refusal('ana', '10.0.0.7')).toBeNull();
    // Nor by a colleague at the same address who mistypes.
    fail(throttle, 'bea', '10.0.0.7', 100);
    fail(throttle, 'eve', '10.0.0.7', 100);
    expect(throttle.refusal('ana', '10.0.0.7')).toBeNull();
    // What she mistypes herself counts.
    expect(fail(throttle, 'ana', '10.0.0.7', 6)).toBe(1);
  });

  it('is bounded, and forgets the oldest first', () => {
    const { platform } = clock();
    const throttle = new Throttle(platform);
    fail(throttle, 'ana', '10.0.0.1', 6);
    for (let index = 0; index < limits.throttleKeysMax; index += 1)
      throttle.failed(null, `10.1.${String(index >> 8)}.${String(index & 255)}`);
    expect(throttle.refusal('ana', '10.0.0.1')).toBeNull();
  });
});
