/** Enrolment, and devices' tokens: whose they are, who made them, and who may still use them. */
import { randomBytes, randomUUID } from 'node:crypto';
import { generateSigningKey } from '../../../central/local/secrets.ts';
import { nodePlatform } from '../../../central/platform.ts';
import { machineFingerprint } from '../../../shared/devices/token.ts';
import { makeSigner } from '../../../shared/trust/jws.ts';
import { makeIdentity, makeOrganisation } from '../../support/organisation.ts';
import { administrator } from '../endpoints.ts';
import { type Message, send } from '../http.ts';
import { Pc } from '../pc.ts';
import { type Case, type Row, withHeaders } from '../row.ts';

const ENROLLED = { accepted: 201, wrote: { 'recovery:device': 1 } } as const;
const ESCROWED = { accepted: 201, wrote: { 'recovery:escrow': 1 } } as const;

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
