/**
 * Everything signed: certificates, heads, tokens, receipts, proofs. An input says what is signed, as what, by whom, with
 * which certificate, and what of the finished text is changed; or it is the text itself.
 */
import { type KeyObject, createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { z } from 'zod';
import { ReceiptChecker } from '../../../shared/agent/receipt.ts';
import { receiptPayload } from '../../../shared/devices/messages.ts';
import { TokenChecker } from '../../../shared/devices/token.ts';
import { Problem } from '../../../shared/http/problem.ts';
import type { Ledger } from '../../../shared/journal/ledger.ts';
import { certificatePayload } from '../../../shared/trust/certificate.ts';
import {
  type JwsType,
  type PrivateJwk,
  type PublicJwk,
  makeSigner,
  peekJws,
  thumbprint,
  verifyJws,
} from '../../../shared/trust/jws.ts';
import { ORGANISATION, authorityOf, fixedNode, privateKeyOf, stillPlatform } from '../fixtures.ts';
import { type Target, jsonOf, must, same, textOf } from '../target.ts';

const TYPES = [
  'holdfast-certificate',
  'holdfast-head',
  'holdfast-challenge',
  'holdfast-device',
  'holdfast-receipt',
  'holdfast-snapshot',
  'holdfast-release',
  'dpop+jwt',
] as const;
const OWN = {
  deviceId: 'd-aaaaaaaaaaaaaaaa',
  keyId: '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c',
  commitment: 'c'.repeat(43),
};

const signer = z.enum(['organisation', 'edge', 'other']);
const recipe = z.looseObject({
  type: z.string(),
  by: signer,
  cert: z.enum(['edge', 'foreign', 'none']),
  payload: z.unknown(),
  /** the certificate itself, where that is what is made */
  change: z.tuple([z.number(), z.string().max(8)]).optional(),
});

const RECEIPT = {
  ...OWN,
  origin: 'edgeaaaaaa.bbbbbbbbbbbbb',
  seq: 3,
  hash: 'h'.repeat(43),
  durability: 'edge',
  claim: 'held',
  iat: 1_795_000_000,
};
const TOKEN = {
  aud: 'holdfast-devices',
  sub: OWN.deviceId,
  jkt: 'j'.repeat(43),
  site: 'site-1',
  claim: 'held',
  machine: 'm'.repeat(43),
  iat: 1,
};

const known = new Map<string, KeyObject>();

/** Compact JWS by ES256, from RFC 7515 and node:crypto alone; null unless all of it holds. */
function independent(type: string, jws: string, { kty, crv, x, y }: PublicJwk): { payload: unknown } | null {
  const parts = jws.split('.');
  const [header = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true });
    const read = z
      .looseObject({ alg: z.literal('ES256'), typ: z.literal(type) })
      .parse(JSON.parse(text.decode(Buffer.from(header, 'base64url'))));
    if ('crit' in read || 'b64' in read) return null;
    const key = known.get(x) ?? createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
    known.set(x, key);
    const signed = verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    return signed ? { payload: JSON.parse(text.decode(Buffer.from(payload, 'base64url'))) as unknown } : null;
  } catch {
    return null;
  }
}

export const target: Target = {
  name: 'signed',
  holds:
    'a signature, a certificate, a token and a receipt count exactly where node:crypto and RFC 7515 say so, under the pinned key, as that type, for that device and key',
  inputs: fc
    .record({
      type: fc.constantFrom<JwsType>(...TYPES),
      by: fc.constantFrom('organisation', 'edge', 'edge', 'other'),
      cert: fc.constantFrom('edge', 'edge', 'foreign', 'none'),
      payload: fc.oneof(
        fc.record({ ...mixed(RECEIPT) }),
        fc.record({ ...mixed(TOKEN) }),
        fc.jsonValue({ maxDepth: 2 }),
      ),
      change: fc.option(fc.tuple(fc.nat(900), fc.constantFrom('', '.', 'A', 'AA', '=', '-', '\u00e9')), {
        nil: undefined,
        freq: 2,
      }),
    })
    .map((value) => JSON.stringify(value)),
  words: [...TYPES, 'd-aaaaaaaaaaaaaaab', 'snapshot', 'centre', 'pending', '.', '..', 'eyJhbGciOiJub25lIn0'],
  bytesMax: 2_048,
  async open() {
    const [edge, foreign] = await Promise.all([
      fixedNode('edgeaaaaaa', 'edge'),
      fixedNode('edgeaaaaab', 'edge', privateKeyOf('another organisation')),
    ]);
    const keys: Record<z.infer<typeof signer>, PrivateJwk> = {
      organisation: ORGANISATION,
      edge: edge.privateKey,
      other: privateKeyOf('other'),
    };
    const pin = { thumbprint: await thumbprint(ORGANISATION) };
    const certificates = { edge: edge.certificateJws, foreign: foreign.certificateJws, none: 'none' };
    const ledger = { engine: { rows: () => Promise.resolve([]) } } as unknown as Ledger;

    const signers = new Map(
      await Promise.all(signer.options.map(async (by) => [by, await makeSigner(keys[by])] as const)),
    );

    const textFrom = async (of: z.infer<typeof recipe>): Promise<string> => {
      const signing = signers.get(of.by);
      if (!signing) throw new RangeError('every name has a signer');
      // What a hostile signer may write is wider than the product's types.
      const jws = await signing.sign(
        of.type as JwsType,
        (of.payload ?? null) as object,
        of.cert === 'none' ? {} : { cert: certificates[of.cert] },
      );
      if (!of.change) return jws;
      const [at, by] = of.change;
      const place = Math.abs(Math.trunc(at)) % (jws.length + 1);
      return jws.slice(0, place) + by + jws.slice(place + 1);
    };

    return {
      seeds: [
        JSON.stringify({ type: 'holdfast-receipt', by: 'edge', cert: 'edge', payload: RECEIPT }),
        JSON.stringify({ type: 'holdfast-device', by: 'edge', cert: 'edge', payload: TOKEN }),
        JSON.stringify({
          type: 'holdfast-certificate',
          by: 'organisation',
          cert: 'none',
          payload: edge.certificate,
        }),
        JSON.stringify({
          type: 'holdfast-certificate',
          by: 'other',
          cert: 'edge',
          payload: edge.certificate,
          change: [3, 'A'],
        }),
        JSON.stringify({
          type: 'holdfast-head',
          by: 'edge',
          cert: 'none',
          payload: { store: 'recovery', origin: 'edgeaaaaaa.bbbbbbbbbbbbb', seq: 1, hash: 'h'.repeat(43) },
        }),
        edge.certificateJws.slice(0, 300),
      ],
      async run(input) {
        const made = recipe.safeParse(jsonOf(input));
        const jws = made.success ? await textFrom(made.data) : textOf(input);
        const [by, type] = made.success
          ? [made.data.by, made.data.type]
          : ['organisation' as const, 'holdfast-certificate'];
        for (const [as, key] of [
          [type, keys[by]],
          ['holdfast-receipt', keys[by]],
          [type, keys.other],
        ] as const) {
          const got = await verifyJws(as as JwsType, jws, key);
          same(
            got ? { payload: got.payload } : null,
            independent(as, jws, key),
            'a signature counts otherwise',
          );
        }
        const authority = authorityOf();
        const certificate = await authority.check(jws);
        const wanted = certificatePayload.safeParse(
          independent('holdfast-certificate', jws, ORGANISATION)?.payload,
        );
        same(certificate, wanted.success ? wanted.data : null, 'a certificate counts otherwise');

        const header = z.object({ cert: z.literal(edge.certificateJws) }).safeParse(peekJws(jws)?.header);
        const receipt = receiptPayload.safeParse(
          header.success ? independent('holdfast-receipt', jws, edge.privateKey)?.payload : null,
        );
        const isOwn =
          receipt.success &&
          receipt.data.deviceId === OWN.deviceId &&
          receipt.data.keyId === OWN.keyId &&
          receipt.data.commitment === OWN.commitment;
        for (const pinned of [pin, { jwk: ORGANISATION }])
          must(
            ((await new ReceiptChecker(pinned).check(jws, OWN)) === 'valid') === isOwn,
            'a receipt counts otherwise',
          );

        const signed = header.success ? independent('holdfast-device', jws, edge.privateKey) : null;
        const token = await new TokenChecker({
          ...{ authority, isRevoked: () => false, ledger, platform: stillPlatform },
        })
          .check(jws)
          .then(({ device }) => device)
          .catch((error: unknown) => {
            must(
              error instanceof Problem && error.code === 'token-invalid',
              'something else than a problem is thrown',
            );
            return null;
          });
        must(token === null || signed !== null, 'a token counts that no certified node signed');
        const said = new Map(Object.entries(signed?.payload ?? {}));
        for (const [name, value] of Object.entries(token ?? {}))
          same(value, said.get(name), 'a token says something else');
      },
    };
  },
};

/** Each field as it is, or not. */
function mixed(of: Readonly<Record<string, unknown>>): Record<string, fc.Arbitrary<unknown>> {
  const junk = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.string({ maxLength: 50 }));
  return Object.fromEntries(
    Object.entries(of).map(([name, value]) => [
      name,
      fc.oneof({ weight: 9, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: junk }),
    ]),
  );
}
