/** Enrolment, and what proves a device: proofs, tokens, and who may still use them. */
import { randomBytes, randomUUID } from 'node:crypto';
import { CompactSign, base64url } from 'jose';
import { generateSigningKey } from '../../../central/local/secrets.ts';
import { nodePlatform } from '../../../central/platform.ts';
import { machineFingerprint } from '../../../shared/devices/token.ts';
import { makeSigner } from '../../../shared/trust/jws.ts';
import { makeIdentity, makeOrganisation } from '../../support/organisation.ts';
import { administrator } from '../endpoints.ts';
import { type Message, send } from '../http.ts';
import { Pc, type Proof, nonceOf } from '../pc.ts';
import { type Case, type Row, withHeaders } from '../row.ts';

const ENROLLED = { accepted: 201, wrote: { 'recovery:device': 1 } } as const;
const ESCROWED = { accepted: 201, wrote: { 'recovery:escrow': 1 } } as const;
const escrowPath = (): string => `/v1/recovery/keys/${randomUUID()}`;

/** An enrolment whose site token or attributes are wrong. */
function enrolment(
  name: string,
  refused: Row['refused'],
  change: (of: Case) => { siteToken?: string; attributes?: object },
): Row {
  return {
    ...{ name: `enrolment: ${name}`, refused, ...ENROLLED },
    make: async (of) => {
      const pc = await Pc.make();
      const good = of.stage.siteToken(of.place);
      const { siteToken, attributes } = change(of);
      return {
        hostile: () => pc.enrol(of.base, siteToken ?? good, attributes),
        twin: () => pc.enrol(of.base, good),
      };
    },
  };
}

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

/** Somebody else's token, or none, on an escrow that is otherwise right. */
function token(
  name: string,
  refused: Row['refused'],
  spoil: (of: Case) => Promise<{ pc: Pc; token: string }> | { pc: Pc; token: string },
): Row {
  return {
    ...{ name: `device token: ${name}`, refused, ...ESCROWED },
    make: async (of) => {
      const other = await spoil(of);
      return {
        hostile: async () => {
          const pc = Object.assign(Object.create(other.pc) as Pc, { token: other.token });
          return pc.escrow(of.base);
        },
        twin: () => of.pc.escrow(of.base),
      };
    },
  };
}

/** A token for this PC, signed by a node that is none of ours or by somebody without a certificate. */
async function forgedToken(of: Case, how: 'other organisation' | 'no node' | 'receipt'): Promise<string> {
  const { pc, stage } = of;
  const organisation = how === 'other organisation' ? await makeOrganisation() : stage.organisation;
  const identity = await makeIdentity(nodePlatform, organisation);
  const payload = {
    ...{ aud: 'holdfast-devices', sub: pc.deviceId, site: 'madrid', claim: 'held' },
    jkt: nodePlatform.sha256(JSON.stringify({ crv: 'P-256', kty: 'EC', x: pc.jwk.x, y: pc.jwk.y })),
    machine: machineFingerprint(nodePlatform, pc.machine),
    iat: Math.floor(Date.now() / 1000),
  };
  const signer = how === 'no node' ? await makeSigner(await generateSigningKey()) : identity.signer;
  const type = how === 'receipt' ? 'holdfast-receipt' : 'holdfast-device';
  return signer.sign(type, payload, { cert: identity.certificateJws });
}

export const deviceRows: readonly Row[] = [
  enrolment('an unknown site token', [401, 'site-token-invalid'], () => ({
    siteToken: `hft_${randomBytes(32).toString('base64url')}`,
  })),
  enrolment('a site token that has expired', [401, 'site-token-invalid'], ({ stage }) => ({
    siteToken: stage.tokens.expiredSite,
  })),
  enrolment('a site token that was revoked', [401, 'site-token-invalid'], ({ stage }) => ({
    siteToken: stage.tokens.revokedSite,
  })),
  {
    ...enrolment('the token of a site of another region', [401, 'site-token-invalid'], ({ stage }) => ({
      siteToken: stage.siteToken('escrow-only edge'),
    })),
    at: ['edge'],
  },
  enrolment('a staff token for a site token', [401, 'site-token-invalid'], ({ stage }) => ({
    siteToken: stage.cluster.secrets.tokens.administrator,
  })),
  enrolment('a site token of 201 characters', [400, 'invalid-request'], () => ({
    siteToken: 'x'.repeat(201),
  })),
  enrolment('an SMBIOS UUID of 31 digits', [400, 'invalid-request'], ({ pc }) => ({
    attributes: { smbiosUuid: pc.machine.smbiosUuid.slice(0, -1) },
  })),
  enrolment('no computer name', [400, 'invalid-request'], () => ({ attributes: { computerName: '' } })),
  enrolment('a computer name of 256 characters', [400, 'invalid-request'], () => ({
    attributes: { computerName: 'N'.repeat(256) },
  })),
  enrolment('a NUL in a computer name', [400, 'invalid-request'], () => ({
    attributes: { computerName: 'PC-0417\0-ghost-of-it' },
  })),
  enrolment('half a character in a computer name', [400, 'invalid-request'], () => ({
    attributes: { computerName: 'PC-0417-\ud800' },
  })),
  enrolment('an object for a serial number', [400, 'invalid-request'], () => ({
    attributes: { serial: { toString: 'x' } },
  })),

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

  {
    ...{ name: 'device token: none', refused: [401, 'credentials-missing'], ...ESCROWED },
    make: (of) => ({
      hostile: async () => withHeaders(await of.pc.escrow(of.base), { Authorization: null }),
      twin: () => of.pc.escrow(of.base),
    }),
  },
  {
    ...{ name: 'device token: as a bearer', refused: [401, 'token-invalid'], ...ESCROWED },
    make: (of) => ({
      hostile: async () =>
        withHeaders(await of.pc.escrow(of.base), { Authorization: `Bearer ${of.pc.token}` }),
      twin: () => of.pc.escrow(of.base),
    }),
  },
  token('cut off', [401, 'token-invalid'], ({ pc }) => ({ pc, token: pc.token.slice(0, -4) })),
  token('of another PC', [401, 'token-invalid'], async ({ pc, base, stage, place }) => {
    const other = await Pc.enrolled(base, stage.siteToken(place));
    return { pc, token: other.token };
  }),
  token('by a node of another organisation', [401, 'token-invalid'], async (of) => ({
    pc: of.pc,
    token: await forgedToken(of, 'other organisation'),
  })),
  token('by somebody with a node\u2019s certificate', [401, 'token-invalid'], async (of) => ({
    pc: of.pc,
    token: await forgedToken(of, 'no node'),
  })),
  token('that is a receipt', [401, 'token-invalid'], async (of) => ({
    pc: of.pc,
    token: await forgedToken(of, 'receipt'),
  })),
  token('of a device that was revoked', [403, 'device-revoked'], async (of) => {
    const gone = await Pc.enrolled(of.base, of.stage.siteToken(of.place));
    const revoke = administrator(of, 'POST', '/v1/admin/device-revocations', {
      ...{ deviceId: gone.deviceId, reason: 'stolen' },
    });
    await send(of.base, revoke);
    return { pc: gone, token: gone.token };
  }),
  clone('escrow', (pc, base, machine) => pc.escrow(base, machine), ESCROWED),
  clone(
    'status',
    (pc, base, machine) =>
      pc.status(base, machine ? { machine: { ...pc.machine, tpmPresent: true, users: [], ...machine } } : {}),
    { accepted: 200, wrote: { 'compliance:status': 1, 'recovery:protectors': 1 } },
  ),
];

/** The device's key and token on another machine. */
function clone(
  what: string,
  make: (pc: Pc, base: string, machine: object | undefined) => Promise<Message>,
  twin: Pick<Row, 'accepted' | 'wrote'>,
): Row {
  return {
    ...{
      name: `device token: copied to another machine (${what})`,
      refused: [409, 'device-cloned'],
      ...twin,
    },
    make: ({ pc, base }) => ({
      hostile: () => make(pc, base, { smbiosUuid: randomUUID() }),
      twin: () => make(pc, base, undefined),
    }),
  };
}
