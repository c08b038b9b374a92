/**
 * A node that misbehaves on demand. Only for faults: what a true node does is tested with true nodes. It checks of a
 * request what a device must get right (nonce, token) and signs receipts like a node.
 */
import { nodePlatform } from '../../central/platform.ts';
import type { FetchLike } from '../../central/fleet/wire.ts';
import {
  type Instruction,
  escrowRequest,
  enrolRequest,
  statusRequest,
} from '../../shared/devices/messages.ts';
import { DEFAULT_RULES } from '../../shared/domain/compliance.ts';
import { type Guid, commitmentOf, parseRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import { randomName } from '../../shared/platform.ts';
import { peekJws } from '../../shared/trust/jws.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { z } from 'zod';
import { type Organisation, type SigningNode, signReceipt } from './fake-trust.ts';

export type Fault =
  | { readonly type: 'down' }
  | { readonly type: 'answers'; readonly status: number; readonly problem: string | null }
  /** receipts by another organisation's node, or for another key, password or device */
  | { readonly type: 'receipts'; readonly wrong: 'signer' | 'keyId' | 'commitment' | 'deviceId' | 'absent' };

export interface Seen {
  readonly node: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

const NONCE = 'nonce-of-today';
const proof = z.object({
  header: z.object({ jwk: z.object({ x: z.string() }) }),
  payload: z.object({ nonce: z.string().optional() }),
});

export class FakeNodes {
  /** by host; a host without a fault works */
  readonly faults = new Map<string, Fault>();
  /** tokens that are no longer taken */
  readonly strangers = new Set<string>();
  /** to be given with the next report of a device, by its computer name */
  readonly instructions = new Map<string, Instruction[]>();
  /** answered requests that were in order, by arrival */
  readonly seen: Seen[] = [];
  readonly escrowed = new Map<string, string>();
  readonly #organisation: Organisation;
  readonly #nodes = new Map<string, SigningNode>();
  #impostor: SigningNode | null = null;
  /** machine of each token */
  readonly #machines = new Map<string, string>();

  constructor(organisation: Organisation, impostors: Organisation) {
    this.#organisation = organisation;
    void impostors.node('impostor').then((node) => (this.#impostor = node));
  }

  readonly fetch: FetchLike = async (request) => {
    const url = new URL(request.url);
    const fault = this.faults.get(url.host);
    if (fault?.type === 'down') throw new TypeError('connection refused');
    if (fault?.type === 'answers')
      return fault.problem === null
        ? new Response('<html>', { status: fault.status })
        : problem(fault.status, fault.problem);
    const proven = proof.parse(peekJws(request.headers.get('DPoP') ?? ''));
    if (proven.payload.nonce !== NONCE) return problem(401, 'use-dpop-nonce');
    const body: unknown = await request.json();
    if (url.pathname === '/v1/devices') return this.#enrol(url.host, enrolRequest.parse(body), body);
    const token = (request.headers.get('Authorization') ?? '').replace('DPoP ', '');
    const smbiosUuid = z
      .union([
        z.object({ smbiosUuid: z.string() }),
        z.object({ machine: z.object({ smbiosUuid: z.string() }) }),
      ])
      .parse(body);
    const machine = 'machine' in smbiosUuid ? smbiosUuid.machine.smbiosUuid : smbiosUuid.smbiosUuid;
    if (this.strangers.has(token)) return problem(401, 'token-invalid');
    if (this.#machines.get(token) !== machine) return problem(409, 'device-cloned');
    this.seen.push({ node: url.host, method: request.method, path: url.pathname, body });
    if (url.pathname === '/v1/compliance/status') return this.#status(statusRequest.parse(body));
    return this.#escrow(
      url.host,
      url.pathname.split('/').at(-1) ?? '',
      token,
      escrowRequest.parse(body),
      fault,
    );
  };

  reports(): z.infer<typeof statusRequest>[] {
    return this.seen
      .filter(({ path }) => path === '/v1/compliance/status')
      .map(({ body }) => statusRequest.parse(body));
  }

  #enrol(host: string, { attributes }: z.infer<typeof enrolRequest>, body: unknown): Response {
    const deviceId = `d-${randomName(nodePlatform, 16)}`;
    this.#machines.set(deviceId, attributes.smbiosUuid);
    this.seen.push({ node: host, method: 'POST', path: '/v1/devices', body });
    // The token of this fake is the device's ID.
    return answer({ deviceId, siteId: 'site', token: deviceId, claim: 'held', policy: POLICY });
  }

  async #escrow(
    host: string,
    keyId: string,
    deviceId: string,
    body: z.infer<typeof escrowRequest>,
    fault: Fault | undefined,
  ): Promise<Response> {
    const key = parseRecoveryPassword(body.recoveryPassword);
    if (!(key instanceof Redacted)) return problem(422, 'recovery-password-invalid');
    this.escrowed.set(keyId, body.recoveryPassword);
    const own = { keyId, commitment: commitmentOf(nodePlatform, keyId as Guid, key), deviceId };
    const wrong = fault?.type === 'receipts' ? fault.wrong : null;
    if (wrong === 'absent') return answer({ durability: 'edge', conflict: false });
    const other = {
      keyId: '00000000-0000-4000-8000-000000000000',
      commitment: 'x'.repeat(43),
      deviceId: 'd-bbbbbbbbbbbbbbbb',
    };
    const named = wrong === null || wrong === 'signer' ? own : { ...own, [wrong]: other[wrong] };
    const signer = wrong === 'signer' && this.#impostor ? this.#impostor : await this.#node(host);
    return answer({ receipt: await signReceipt(signer, named), durability: 'edge', conflict: false });
  }

  #status(body: z.infer<typeof statusRequest>): Response {
    const instructions = this.instructions.get(body.machine.computerName) ?? [];
    this.instructions.delete(body.machine.computerName);
    return answer({
      stored: 'changed',
      durability: 'edge',
      instructions,
      notices: [],
      policy: POLICY,
      nextReportMs: POLICY.reportEveryMs,
    });
  }

  async #node(host: string): Promise<SigningNode> {
    const known = this.#nodes.get(host);
    if (known) return known;
    const made = await this.#organisation.node(host.split('.')[0] ?? 'edge');
    this.#nodes.set(host, made);
    return made;
  }
}

const POLICY = {
  version: 3,
  rules: DEFAULT_RULES,
  enforcement: 'enforced',
  reportEveryMs: 90 * 60_000,
} as const;

function answer(body: object): Response {
  return Response.json(body, { headers: { 'DPoP-Nonce': NONCE } });
}

function problem(status: number, code: string): Response {
  return Response.json(
    { type: `urn:holdfast:problem:${code}`, status },
    { status, headers: { 'DPoP-Nonce': NONCE } },
  );
}
