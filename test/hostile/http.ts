/** Requests as they are, also those that no well-behaved client would send; and every answer as bytes. */
import http from 'node:http';
import net from 'node:net';

export interface Message {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** a list is sent in chunks, without a Content-Length */
  readonly body?: string | Uint8Array | readonly Uint8Array[];
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** everything that came back, headers included, for searches */
  readonly raw: Buffer;
}

const ANSWER_WAIT_MS_MAX = 15_000;

const TRIES_MAX = 5;

/** Sends over a connection of its own: what is left of a bad request must not meet the next one. */
export async function send(base: string, message: Message): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await sendOnce(base, message);
    } catch (error) {
      // The node refused a long body and closed, and the rest of the body reached it before its answer was read.
      const closed =
        error instanceof Error && 'code' in error && ['EPIPE', 'ECONNRESET'].includes(String(error.code));
      if (!closed || tries === TRIES_MAX || !isLong(message.body)) throw error;
    }
  }
}

function sendOnce(base: string, { method, path, headers, body }: Message): Promise<Answer> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const request = http.request({
      ...{ host: hostname, port, method, path, agent: false, timeout: ANSWER_WAIT_MS_MAX },
      headers: { Host: new URL(base).host, ...headers, ...lengthOf(body) },
      setDefaultHeaders: false,
    });
    let answered = false;
    request.on('timeout', () => request.destroy(new Error(`${method} ${path.slice(0, 80)} had no answer`)));
    request.on('error', (error) => {
      // A node may close its side while a body that is too long is still being sent.
      if (!answered) reject(error);
    });
    request.on('response', (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const whole = Buffer.concat(chunks);
        const head = Buffer.from(response.rawHeaders.join('\n'));
        const { statusCode: status = 0, headers: answerHeaders } = response;
        resolve({ status, headers: answerHeaders, body: whole, raw: Buffer.concat([head, whole]) });
        request.destroy();
      });
    });
    void write(request, body, () => answered);
  });
}

const PIECE_BYTES = 64 * 1024;
const PIECE_PAUSE_MS = 3;

/**
 * In pieces with a pause after each, and none once the answer has come: a node need not take in the rest of a body that
 * is too long, and who goes on writing to a closed connection may lose the answer.
 */
async function write(
  request: http.ClientRequest,
  body: Message['body'],
  answered: () => boolean,
): Promise<void> {
  const whole = typeof body === 'string' ? Buffer.from(body) : body;
  const pieces = whole instanceof Uint8Array ? cut(whole) : (whole ?? []);
  for (const piece of pieces) {
    if (answered() || request.destroyed) return;
    request.write(piece);
    if (pieces.length > 1) await new Promise((resolve) => setTimeout(resolve, PIECE_PAUSE_MS));
  }
  request.end();
}

function cut(whole: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += PIECE_BYTES) pieces.push(whole.subarray(at, at + PIECE_BYTES));
  return pieces;
}

function isLong(body: Message['body']): boolean {
  if (body === undefined) return false;
  return (typeof body === 'string' || body instanceof Uint8Array ? body.length : Infinity) > PIECE_BYTES;
}

function lengthOf(body: Message['body']): Record<string, string> {
  if (body === undefined) return {};
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return { 'Transfer-Encoding': 'chunked' };
  return { 'Content-Length': String(Buffer.byteLength(body)) };
}

/** Writes bytes to a socket and reads until the node closes it or `msMax` have passed. */
export function sendRaw(base: string, bytes: string | Uint8Array, msMax = 3_000): Promise<string> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect({ host: hostname, port: Number(port) });
    const finish = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(msMax, finish);
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', finish);
    socket.on('close', finish);
    socket.write(bytes);
  });
}

export function jsonOf(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body.toString('utf8')) as unknown;
  } catch {
    // Whoever asked for an object finds none.
    return null;
  }
}
