/**
 * How a fleet's messages travel. One port, two adapters: `keepAliveWire` (node:http) for real sockets, and `fetchWire`
 * over any fetch-like function, an application in this process for instance.
 *
 * Why not Node's own fetch: seen on the build machine against a canned answer at 64 connections, it makes 5,400
 * requests/s at 250 µs of processor each, node:http with a keep-alive agent 21,500 at 54 µs. A bench wants the
 * processor for the node.
 */
import http from 'node:http';
import https from 'node:https';

export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WireResponse {
  readonly status: number;
  /** null when the node sent none */
  readonly nonce: string | null;
  readonly body: string;
}

/** Rejects when no answer came; an abort is told apart by `signal.aborted`. */
export interface Wire {
  send(request: WireRequest, signal?: AbortSignal): Promise<WireResponse>;
  close(): void;
}

/** A branch line with its worst queue still answers within this; then the next node is tried. */
const ANSWER_WAIT_MS_MAX = 15_000;
/** A node's answers to devices are far smaller; a portal's page is not read to its end. */
const ANSWER_CHARACTERS_MAX = 1024 * 1024;

export type FetchLike = (request: Request) => Promise<Response>;

export function fetchWire(fetch: FetchLike): Wire {
  return {
    send: async ({ method, url, headers, body }, signal) => {
      const timeout = AbortSignal.timeout(ANSWER_WAIT_MS_MAX);
      const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
      const response = await fetch(
        new Request(url, { method, headers, body, redirect: 'manual', signal: either }),
      );
      return {
        status: response.status,
        nonce: response.headers.get('DPoP-Nonce'),
        body: await response.text(),
      };
    },
    close: () => undefined,
  };
}

export function keepAliveWire(connectionsMax: number): Wire {
  const options = { keepAlive: true, maxSockets: connectionsMax, maxFreeSockets: connectionsMax };
  const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };
  return {
    send: (request, signal) => sendOverSocket(agents, request, signal),
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function sendOverSocket(
  agents: { 'http:': http.Agent; 'https:': https.Agent },
  { method, url, headers, body }: WireRequest,
  signal: AbortSignal | undefined,
): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const { protocol, hostname, port, pathname, search } = new URL(url);
    const secure = protocol === 'https:';
    const request = (secure ? https : http).request({
      agent: secure ? agents['https:'] : agents['http:'],
      // A URL writes an IPv6 address in brackets, a socket does not.
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (secure ? 443 : 80) : port,
      path: `${pathname}${search}`,
      method,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      timeout: ANSWER_WAIT_MS_MAX,
      ...(signal ? { signal } : {}),
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', reject);
    request.on('response', (response) => {
      const nonce = response.headers['dpop-nonce'];
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > ANSWER_CHARACTERS_MAX)
          request.destroy(new Error('an answer longer than any node gives'));
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          nonce: typeof nonce === 'string' ? nonce : null,
          body: text,
        });
      });
    });
    request.end(body);
  });
}
