/** The device API from a device's side: proofs with each node's nonce, answers as the agent's events need them. */
import { type Failure, failureOf } from '../../shared/agent/answers.ts';
import { type Platform, randomName } from '../../shared/platform.ts';
import { type PrivateJwk, type Signer, makeSigner } from '../../shared/trust/jws.ts';
import type { Wire, WireRequest, WireResponse } from './wire.ts';

/** Names this start of the program in every proof, so that no proof repeats one of an earlier start. */
const RUN_NAME_CHARACTERS = 12;

export interface DeviceKey {
  readonly jwk: PrivateJwk;
  readonly signer: Signer;
}

export async function makeDeviceKey(jwk: PrivateJwk): Promise<DeviceKey> {
  return { jwk, signer: await makeSigner(jwk) };
}

export interface Call {
  /** base URL of the node */
  readonly node: string;
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: object;
  readonly key: DeviceKey;
  /** null before there is one */
  readonly token: string | null;
}

export type Answer = { readonly failure: Failure } | { readonly failure: null; readonly body: unknown };

export class DeviceApi {
  readonly #platform: Platform;
  readonly #wire: Wire;
  /** A node's nonces are the same for all devices, so a fleet learns a new one once. */
  readonly #nonces = new Map<string, string>();
  readonly #run: string;
  #proofs = 0;

  constructor(platform: Platform, wire: Wire) {
    this.#platform = platform;
    this.#wire = wire;
    this.#run = randomName(platform, RUN_NAME_CHARACTERS);
  }

  /** Sends one message to one node. Rejects only when `signal` was aborted. */
  async call(call: Call, signal?: AbortSignal): Promise<Answer> {
    const request = await this.sign(call);
    signal?.throwIfAborted();
    let response: WireResponse;
    try {
      response = await this.#wire.send(request, signal);
    } catch {
      signal?.throwIfAborted();
      return { failure: 'unreachable' };
    }
    return this.read(call.node, response);
  }

  /** A request with its proof, good for one use while the node accepts the nonce. */
  async sign({ node, method, path, body, key, token }: Call): Promise<WireRequest> {
    const url = new URL(path, node).href;
    const nonce = this.#nonces.get(node);
    const proof = {
      jti: `${this.#run}-${String((this.#proofs += 1))}`,
      htm: method,
      htu: url,
      iat: Math.floor(this.#platform.now() / 1000),
      ...(nonce === undefined ? {} : { nonce }),
      ...(token === null ? {} : { ath: this.#platform.sha256(token) }),
    };
    const { kty, crv, x, y } = key.jwk;
    const headers = {
      'content-type': 'application/json',
      DPoP: await key.signer.sign('dpop+jwt', proof, { jwk: { kty, crv, x, y } }),
      ...(token === null ? {} : { Authorization: `DPoP ${token}` }),
    };
    return { method, url, headers, body: JSON.stringify(body) };
  }

  /** What an answer says, and its nonce remembered. */
  read(node: string, response: WireResponse): Answer {
    if (response.nonce !== null) this.#nonces.set(node, response.nonce);
    const body = parseJson(response.body);
    const failure = failureOf(response.status, body);
    return failure === null ? { failure, body } : { failure };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not a node's answer; `failureOf` takes it for none.
    return undefined;
  }
}
