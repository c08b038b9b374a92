/** Proofs of a device's key (DPoP) that do not hold for the request they come with. */
import { randomUUID } from 'node:crypto';
import { CompactSign, base64url } from 'jose';
import { generateSigningKey } from '../../../central/local/secrets.ts';
import { nodePlatform } from '../../../central/platform.ts';
import { send } from '../http.ts';
import { Pc, type Proof, nonceOf } from '../pc.ts';
import { type Case, type Row, withHeaders } from '../row.ts';

const ESCROWED = { accepted: 201, wrote: { 'recovery:escrow': 1 } } as const;
const escrowPath = (): string => `/v1/recovery/keys/${randomUUID()}`;

/** An escrow with everything in order but its proof. */
function proof(
  name: string,
  refused: Row['refused'],
  change: (proof: Proof, of: Case) => Partial<Proof> | Promise<Partial<Proof>>,
): Row {
  return {
    ...{ name: `proof: ${name}`, refused, ...ESCROWED },
    make: (of) => ({
      hostile: async () => {
        const message = await of.pc.escrow(of.base);
        const { method, path } = message;
        const spoilt = await of.pc.proof(of.base, method, path, (good) => change(good, of));
        return withHeaders(message, { DPoP: spoilt });
      },
      twin: () => of.pc.escrow(of.base),
    }),
  };
}

const claims = (change: object) => (good: Proof) => ({ payload: { ...good.payload, ...change } });

/** A proof that no signer of ours would make: its parts as they are. */
function assembled(
  name: string,
  refused: Row['refused'],
  make: (pc: Pc, good: string) => Promise<string> | string,
): Row {
  return {
    ...{ name: `proof: ${name}`, refused, ...ESCROWED },
    make: (of) => ({
      hostile: async () => {
        const message = await of.pc.escrow(of.base);
        return withHeaders(message, { DPoP: await make(of.pc, String(message.headers['DPoP'])) });
      },
      twin: () => of.pc.escrow(of.base),
    }),
  };
}

function reassembled(proof: string, header: object, signature?: string): string {
  const [, payload = '', signed = ''] = proof.split('.');
  return `${base64url.encode(JSON.stringify(header))}.${payload}.${signature ?? signed}`;
}

export const proofRows: readonly Row[] = [
  {
    ...{ name: 'proof: none', refused: [401, 'credentials-missing'], ...ESCROWED },
    make: (of) => ({
      hostile: async () => withHeaders(await of.pc.escrow(of.base), { DPoP: null }),
      twin: () => of.pc.escrow(of.base),
    }),
  },
  {
    ...{ name: 'proof: used before', refused: [401, 'proof-replayed'], ...ESCROWED },
    make: async (of) => {
      const used = await of.pc.escrow(of.base);
      await send(of.base, used);
      return { hostile: () => used, twin: () => of.pc.escrow(of.base) };
    },
  },
  {
    ...{ name: 'proof: of another message, for this one', refused: [401, 'proof-replayed'], ...ESCROWED },
    make: async (of) => {
      const path = escrowPath();
      const used = await of.pc.message(of.base, 'PUT', path, of.pc.escrowBody());
      await send(of.base, used);
      return {
        hostile: () => ({ ...used, body: JSON.stringify(of.pc.escrowBody()) }),
        twin: () => of.pc.escrow(of.base),
      };
    },
  },
  proof('for another method', [401, 'proof-invalid'], claims({ htm: 'POST' })),
  proof('for another address', [401, 'proof-invalid'], (good) =>
    claims({ htu: new URL(escrowPath(), String(good.payload['htu'])).href })(good),
  ),
  proof('for another host', [401, 'proof-invalid'], (good) =>
    claims({ htu: String(good.payload['htu']).replace('127.0.0.1', 'edge.example.org') })(good),
  ),
  proof('for something that is no address', [401, 'proof-invalid'], claims({ htu: 'http://[' })),
  proof('for another token', [401, 'proof-invalid'], claims({ ath: nodePlatform.sha256('another token') })),
  proof('for no token', [401, 'proof-invalid'], ({ payload }) => {
    const { ath: _ath, ...rest } = payload;
    return { payload: rest };
  }),
  proof('with a nonce of long ago', [401, 'use-dpop-nonce'], (good) =>
    claims({ nonce: String(good.payload['nonce']).replace(/^\d+/, '0') })(good),
  ),
  proof('with a nonce of the other node', [401, 'use-dpop-nonce'], async (good, { stage, place }) => {
    return claims({ nonce: await nonceOf(stage.base(place === 'edge' ? 'centre' : 'edge')) })(good);
  }),
  proof('without a nonce', [401, 'use-dpop-nonce'], claims({ nonce: undefined })),
  proof('without a jti', [401, 'proof-invalid'], claims({ jti: undefined })),
  proof('with a jti of 129 characters', [401, 'proof-invalid'], claims({ jti: 'j'.repeat(129) })),
  proof('by a key that is not the one it shows', [401, 'proof-invalid'], async () => ({
    key: await generateSigningKey(),
  })),
  proof('by another device\u2019s key', [401, 'token-invalid'], async () => {
    const { jwk, publicKey } = await Pc.make();
    return { key: jwk, header: { jwk: publicKey } };
  }),
  proof('that shows its private key', [401, 'proof-invalid'], (_good, { pc }) => ({
    header: { jwk: pc.jwk },
  })),
  assembled('of the type JWT', [401, 'proof-invalid'], (pc, good) =>
    reassembled(good, { alg: 'ES256', typ: 'JWT', jwk: pc.publicKey }),
  ),
  assembled('with alg none', [401, 'proof-invalid'], (pc, good) =>
    reassembled(good, { alg: 'none', typ: 'dpop+jwt', jwk: pc.publicKey }, ''),
  ),
  assembled('with alg ES256 and no signature', [401, 'proof-invalid'], (pc, good) =>
    reassembled(good, { alg: 'ES256', typ: 'dpop+jwt', jwk: pc.publicKey }, ''),
  ),
  assembled('with HS256 and the public key as its secret', [401, 'proof-invalid'], (pc, good) =>
    new CompactSign(base64url.decode(good.split('.')[1] ?? ''))
      .setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk: pc.publicKey })
      .sign(new TextEncoder().encode(JSON.stringify(pc.publicKey))),
  ),
  assembled('with a key that is no point of the curve', [401, 'proof-invalid'], (pc, good) =>
    reassembled(good, { alg: 'ES256', typ: 'dpop+jwt', jwk: { ...pc.publicKey, y: pc.publicKey.x } }),
  ),
  assembled('of three dots', [401, 'proof-invalid'], () => '...'),
  assembled(
    'of 8,000 characters',
    [401, 'proof-invalid'],
    () => `${'A'.repeat(4_000)}.${'A'.repeat(4_000)}.A`,
  ),
];
