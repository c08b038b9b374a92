/** A valid request to each endpoint that takes JSON, and what it leaves behind. */
import { randomBytes, randomUUID } from 'node:crypto';
import { nodePlatform } from '../../central/platform.ts';
import { randomName } from '../../shared/platform.ts';
import { type Message, send } from './http.ts';
import { Pc } from './pc.ts';
import type { Case, Row } from './row.ts';

type Endpoint = Pick<Row, 'accepted' | 'at' | 'wrote'> & {
  readonly name: string;
  readonly make: (of: Case) => Promise<() => Promise<Message> | Message>;
};

export function searchFor({ stage }: Case, keyId: string, token?: string): Message {
  const { helpdesk } = stage.cluster.secrets.tokens;
  return stage.staff(token ?? helpdesk, 'POST', '/v1/recovery/search', { keyId });
}

/** The right way to ask for a key; `change` makes it wrong. */
export function disclosureOf({ stage }: Case, keyId: string, change: object = {}, token?: string): Message {
  const body = { keyId, reason: 'lost-pin', verification: 'badge', endUser: 'CORP\\maria', ...change };
  const { helpdesk } = stage.cluster.secrets.tokens;
  return stage.staff(token ?? helpdesk, 'POST', '/v1/recovery/disclosures', body);
}

/** A key that is held at this node. */
export async function heldKey(of: Case, change: object = {}, keyId: string = randomUUID()): Promise<string> {
  const answer = await send(of.base, await of.pc.escrow(of.base, change, keyId));
  if (answer.status !== 201) throw new Error(`an escrow was answered with ${String(answer.status)}`);
  return keyId;
}

export function administrator({ stage }: Case, method: string, path: string, body?: object): Message {
  return stage.staff(stage.cluster.secrets.tokens.administrator, method, path, body);
}

export function newRegion(of: Case, change: object = {}): Message {
  const at = `/v1/admin/config/region/r-${randomBytes(6).toString('hex')}`;
  return administrator(of, 'PUT', at, { revision: 0, body: { name: 'Sur' }, ...change });
}

export function revocation(of: Case, change: object = {}): Message {
  const body = { deviceId: `d-${randomName(nodePlatform, 16)}`, reason: 'stolen', ...change };
  return administrator(of, 'POST', '/v1/admin/device-revocations', body);
}

export const ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'enrolment',
    accepted: 201,
    wrote: { 'recovery:device': 1 },
    make: async (of) => {
      const pc = await Pc.make();
      return () => pc.enrol(of.base, of.stage.siteToken(of.place));
    },
  },
  {
    name: 'escrow',
    accepted: 201,
    wrote: { 'recovery:escrow': 1 },
    make: async (of) => () => of.pc.escrow(of.base),
  },
  {
    name: 'status',
    accepted: 200,
    wrote: { 'compliance:status': 1, 'recovery:protectors': 1 },
    make: async (of) => () => of.pc.status(of.base),
  },
  {
    name: 'search',
    accepted: 200,
    wrote: { 'recovery:audit': 1 },
    make: async (of) => {
      const keyId = await heldKey(of);
      return () => searchFor(of, keyId.slice(0, 8));
    },
  },
  {
    name: 'disclosure',
    accepted: 201,
    wrote: { 'recovery:audit': 1 },
    make: async (of) => {
      const keyId = await heldKey(of);
      return () => disclosureOf(of, keyId);
    },
  },
  {
    name: 'configuration',
    at: ['centre'],
    accepted: 200,
    wrote: { 'recovery:config': 1 },
    make: async (of) => () => newRegion(of),
  },
  {
    name: 'revocation',
    accepted: 201,
    wrote: { 'recovery:device-revocation': 1 },
    make: async (of) => () => revocation(of),
  },
];
