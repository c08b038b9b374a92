import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sealed as sealedSchema } from '../../shared/journal/bodies.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { limits } from '../../shared/limits.ts';
import { type SealContext, Sealer, generateVault, open } from '../../shared/vault/seal.ts';
import { guids } from '../support/drafts.ts';
import { settle } from './settings.ts';

const contexts: fc.Arbitrary<SealContext> = fc.record({
  kind: fc.constantFrom('recovery-password', 'key-package'),
  keyId: guids,
  deviceId: fc.constantFrom('d-aaaaaaaaaaaaaaaa', 'd-bbbbbbbbbbbbbbbb'),
  volumeId: guids,
});
const secrets = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => new Uint8Array(bytes));

describe('vaults', () => {
  it('open what was sealed to them, for the record it was sealed for, and nothing else', async () => {
    const [north, organisation] = await Promise.all([generateVault('north'), generateVault('organisation')]);
    const sealer = new Sealer({ now: () => 0 });
    await fc.assert(
      fc.asyncProperty(contexts, contexts, secrets, fc.nat(), async (context, other, secret, at) => {
        const copies = await sealer.seal(
          [north.publicKey, organisation.publicKey],
          context,
          new Redacted(secret),
        );
        const [first, second] = copies;
        if (!first || !second) throw new Error('one copy per vault was asked for');
        expect(copies.map((copy) => sealedSchema.parse(copy).vaultId)).toEqual(['north', 'organisation']);
        expect((await open(north.key, context, first))?.reveal()).toEqual(secret);
        expect((await open(organisation.key, context, second))?.reveal()).toEqual(secret);
        expect(await open(organisation.key, context, first)).toBeNull();
        for (const member of ['kind', 'keyId', 'deviceId', 'volumeId'] as const) {
          const moved = { ...context, [member]: other[member] };
          const opened = await open(north.key, moved, first);
          expect(opened === null).toBe(moved[member] !== context[member]);
        }
        const bytes = Buffer.from(first.ct, 'base64url');
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1;
        expect(await open(north.key, context, { ...first, ct: bytes.toString('base64url') })).toBeNull();
        expect(await open(north.key, context, { ...first, enc: second.enc })).toBeNull();
        expect(await open(north.key, context, { ...first, enc: '' })).toBeNull();
        expect(await open(north.key, context, { ...first, n: first.n + 1 })).toBeNull();
      }),
      settle(25),
    );
  });

  it('use one encapsulation for a bounded number of secrets and a bounded time, and no place in it twice', async () => {
    const vault = await generateVault('north');
    let now = 0;
    const sealer = new Sealer({ now: () => now });
    const context: SealContext = {
      kind: 'recovery-password',
      keyId: '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c',
      deviceId: 'd-aaaaaaaaaaaaaaaa',
      volumeId: '5c0f7b1e-2f2d-4b0e-9a53-1c7f6a0d9b11',
    };
    const secret = new Redacted(new Uint8Array([1, 2, 3]));
    const one = async () => (await sealer.seal([vault.publicKey], context, secret))[0];
    const full = await Promise.all(Array.from({ length: limits.sealsPerWindowMax }, one));
    expect(new Set(full.map((copy) => copy?.enc)).size).toBe(1);
    expect(new Set(full.map((copy) => copy?.n)).size).toBe(limits.sealsPerWindowMax);
    const next = await one();
    now += limits.sealWindowMs;
    const later = await one();
    now -= 1;
    const earlier = await one();
    expect(new Set([full[0], next, later, earlier].map((copy) => copy?.enc)).size).toBe(4);
    for (const copy of [next, later, earlier]) expect(copy?.n).toBe(0);
    for (const copy of [full[7], later])
      expect(copy && (await open(vault.key, context, copy))?.reveal()).toEqual(secret.reveal());
  });
});
