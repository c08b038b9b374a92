import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sealed as sealedSchema } from '../../shared/journal/bodies.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { type SealContext, generateVault, open, seal } from '../../shared/vault/seal.ts';
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
    await fc.assert(
      fc.asyncProperty(contexts, contexts, secrets, fc.nat(), async (context, other, secret, at) => {
        const copies = await seal([north.publicKey, organisation.publicKey], context, new Redacted(secret));
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
      }),
      settle(25),
    );
  });
});
