/**
 * Load for benches: requests signed in advance, so that neither signatures nor an agent's steps take the processor from
 * the node that is measured. A prepared request is good once, while its nonce is (five minutes at least).
 */
import type { EscrowedKey, ReceiptChecker, ReceiptVerdict } from '../../shared/agent/receipt.ts';
import { escrowAnswer } from '../../shared/devices/messages.ts';
import type { DeviceApi } from './api.ts';
import type { Device } from './device.ts';
import type { Wire, WireRequest, WireResponse } from './wire.ts';
import { inParallel } from './work.ts';

export interface PreparedRequest {
  readonly request: WireRequest;
  /** Of an escrow: whether the answer's receipt is valid. Others are always `valid` with a 2xx. */
  check(response: WireResponse): Promise<ReceiptVerdict>;
}

export async function prepareRequests(
  { api, receipts }: { readonly api: DeviceApi; readonly receipts: ReceiptChecker },
  devices: readonly Device[],
  kind: 'escrow' | 'report' | 'changed-report',
  node: string,
  count: number,
  width: number,
): Promise<PreparedRequest[]> {
  const [first] = devices;
  if (!first) throw new Error('load needs an enrolled device');
  // Without a nonce the node would answer each with a new one: the first message learns it for all.
  await first.learnNonce(node);
  const prepared: PreparedRequest[] = [];
  await inParallel([...Array(count).keys()], width, async (number) => {
    const device = devices[number % devices.length] ?? first;
    if (kind === 'escrow') {
      const { request, own } = await device.signEscrow(node);
      prepared.push({ request, check: (response) => checkReceipt(api, receipts, node, response, own) });
      return;
    }
    const request = await device.signReport(node, kind === 'report' ? null : `load-${String(number)}`);
    prepared.push({
      request,
      check: async (response) => (api.read(node, response).failure === null ? 'valid' : 'malformed'),
    });
  });
  return prepared;
}

async function checkReceipt(
  api: DeviceApi,
  receipts: ReceiptChecker,
  node: string,
  response: WireResponse,
  own: EscrowedKey,
): Promise<ReceiptVerdict> {
  const answer = api.read(node, response);
  const body = answer.failure === null ? escrowAnswer.safeParse(answer.body) : null;
  return body?.success ? receipts.check(body.data.receipt, own) : 'malformed';
}

export interface BlastResult {
  readonly seconds: number;
  /** answers by status; 0 where none came */
  readonly statuses: ReadonlyMap<number, number>;
  /** of each request in milliseconds, ascending */
  readonly latenciesMs: Float64Array;
  /** in the order of the requests, null where none came */
  readonly responses: readonly (WireResponse | null)[];
}

/** Sends prepared requests over `connections` connections, as fast as they are answered. */
export async function blast(
  wire: Wire,
  prepared: readonly PreparedRequest[],
  connections: number,
): Promise<BlastResult> {
  const statuses = new Map<number, number>();
  const latencies = new Float64Array(prepared.length);
  const responses: (WireResponse | null)[] = prepared.map(() => null);
  const begin = performance.now();
  await inParallel([...prepared.entries()], connections, async ([index, { request }]) => {
    const sent = performance.now();
    const response = await wire.send(request).catch(() => null);
    latencies[index] = performance.now() - sent;
    responses[index] = response;
    const status = response?.status ?? 0;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  });
  const seconds = (performance.now() - begin) / 1000;
  return { seconds, statuses, latenciesMs: latencies.sort(), responses };
}
