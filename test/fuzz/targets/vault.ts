/** Secrets sealed to vaults and to nodes, as a thief, a relay or a broken disk may have changed them. */
import fc from 'fast-check';
import { z } from 'zod';
import { sealed as sealedSchema } from '../../../shared/journal/bodies.ts';
import { openSealedToNode, sealToNode, sealingKeyOf } from '../../../shared/trust/sealing.ts';
import { Redacted } from '../../../shared/vault/redacted.ts';
import { type SealContext, Sealer, generateVault, open } from '../../../shared/vault/seal.ts';
import { privateKeyOf, stillPlatform } from '../fixtures.ts';
import { type Target, jsonOf, must, same } from '../target.ts';

const CONTEXT: SealContext = {
  ...{ kind: 'recovery-password', keyId: '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c' },
  ...{ deviceId: 'd-aaaaaaaaaaaaaaaa', volumeId: '0f6a2e2b-74c7-4e90-8fa2-1c7f6a0d9b11' },
};
const SECRET = Uint8Array.from({ length: 16 }, (_, at) => at * 13);
const recipe = z.looseObject({
  /** fields of the sealed copy that are others */
  copy: z.record(z.string(), z.unknown()),
  /** fields of the record that are others */
  record: z.record(z.string(), z.string()),
  vault: z.enum(['own', 'other']),
  /** a byte of the ciphertext that is changed: where, to what */
  byte: z.tuple([z.number(), z.number()]).nullable(),
});

export const target: Target = {
  name: 'vault',
  holds:
    'a sealed secret opens to itself under its own vault and for its own record, and to nothing when any bit of either is another; never with an error',
  inputs: fc
    .record({
      copy: fc.oneof(
        { weight: 4, arbitrary: fc.constant({}) },
        fc.dictionary(fc.constantFrom('enc', 'n', 'ct', 'vaultId'), fc.jsonValue({ maxDepth: 0 })),
      ),
      record: fc.oneof(
        { weight: 4, arbitrary: fc.constant({}) },
        fc.dictionary(
          fc.constantFrom('kind', 'keyId', 'deviceId', 'volumeId', 'more'),
          fc.string({ maxLength: 5 }),
        ),
      ),
      vault: fc.constantFrom('own', 'own', 'own', 'other'),
      byte: fc.option(fc.tuple(fc.nat(40), fc.nat(255)), { freq: 2 }),
    })
    .map((value) => JSON.stringify(value)),
  words: [
    'enc',
    'ct',
    '"n":1',
    '"n":4294967296',
    'key-package',
    '"vault":"own"',
    '"byte":null',
    CONTEXT.deviceId,
  ],
  bytesMax: 1_000,
  async open() {
    const [own, other] = [await generateVault('north'), await generateVault('south')];
    const [copy] = await new Sealer(stillPlatform).seal([own.publicKey], CONTEXT, new Redacted(SECRET));
    if (!copy) throw new Error('a copy was asked for');
    const node = await sealingKeyOf(privateKeyOf('edgeaaaaaa'));
    const to = { nodeId: 'edgeaaaaaa', sealingKey: node.publicKey };
    const toNode = await sealToNode(to, { staffId: 'maria' }, new Redacted(SECRET));
    const changedAt = (text: string, byte: readonly [number, number] | null): string => {
      const bytes = Buffer.from(text, 'base64url');
      if (byte) bytes[Math.trunc(Math.abs(byte[0])) % bytes.length] = byte[1] & 255;
      return bytes.toString('base64url');
    };
    return {
      seeds: [
        '{"copy":{},"record":{},"vault":"own","byte":null}',
        '{"copy":{"n":1},"record":{},"vault":"own","byte":null}',
        '{"copy":{},"record":{"kind":"key-package"},"vault":"own","byte":[3,1]}',
      ],
      async run(input) {
        const parsed = recipe.safeParse(jsonOf(input));
        if (!parsed.success) return;
        const { vault, byte } = parsed.data;
        const made = sealedSchema.safeParse({ ...copy, ct: changedAt(copy.ct, byte), ...parsed.data.copy });
        const record = { ...CONTEXT, ...parsed.data.record };
        if (made.success) {
          const opened = await open(vault === 'own' ? own.key : other.key, record, made.data);
          const isSame = (['enc', 'n', 'ct'] as const).every((field) => made.data[field] === copy[field]);
          const isOwn =
            vault === 'own' && JSON.stringify({ ...CONTEXT, ...record }) === JSON.stringify(CONTEXT);
          // The last letter of base64url has bits that decoders ignore.
          const isAlike = Buffer.from(made.data.ct, 'base64url').equals(Buffer.from(copy.ct, 'base64url'));
          must(opened === null || (isOwn && isAlike), 'a secret opens that must not');
          if (isSame && isOwn) same([...(opened?.reveal() ?? [])], [...SECRET], 'a secret does not open');
        }
        const at = await openSealedToNode(
          node,
          { ...toNode, ct: changedAt(toNode.ct, byte) },
          { staffId: 'maria', ...parsed.data.record },
        );
        const isOf = JSON.stringify({ staffId: 'maria', ...parsed.data.record }) === '{"staffId":"maria"}';
        const isToNode = changedAt(toNode.ct, byte) === toNode.ct && isOf;
        must((at !== null) === isToNode, 'what is sealed to a node opens otherwise');
      },
    };
  },
};
