/** Reads a JSON body once, within limits, before any schema sees it: type, size, encoding, depth, names (I12). */
import type { Context, MiddlewareHandler } from 'hono';
import { limits } from '../limits.ts';
import { Problem } from './problem.ts';

const METHODS_WITH_BODY = ['POST', 'PUT', 'PATCH'];

/** Bytes that are not UTF-8 would become replacement characters, and two different texts the same one. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

export function jsonBody(): MiddlewareHandler {
  return async function jsonBodyWithinLimits(c, next) {
    // Pages take forms, and read them themselves.
    const isJson = c.req.path.startsWith('/v1/') && !c.req.path.startsWith('/v1/sync/');
    if (METHODS_WITH_BODY.includes(c.req.method) && isJson) {
      if (!/^application\/json\s*(;|$)/i.test(c.req.header('Content-Type') ?? ''))
        throw new Problem('unsupported-media-type');
      // Hono's validators ask for the JSON again; they get this one.
      c.req.bodyCache.json = Promise.resolve(parse(await readBody(c, limits.requestBodyBytesMax)));
    }
    await next();
  };
}

/** The body's bytes; throws a Problem as soon as it is longer than `bytesMax`. */
export async function readBody(c: Context, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = (): Problem => new Problem('body-too-large', { bytesMax });
  if (Number(c.req.header('Content-Length') ?? 0) > bytesMax) throw tooLarge();
  const { body } = c.req.raw;
  if (!body) return new Uint8Array(0);
  try {
    if (c.req.header('Content-Length') !== undefined) return new Uint8Array(await c.req.raw.arrayBuffer());
    return await readChunks(body, bytesMax, tooLarge);
  } catch (error) {
    if (error instanceof Problem) throw error;
    // The client went away, or the host gave up on it: its fault, and no bug of this node's.
    throw new Problem('timed-out');
  }
}

async function readChunks(
  body: ReadableStream<Uint8Array>,
  bytesMax: number,
  tooLarge: () => Problem,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > bytesMax) {
      await reader.cancel();
      throw tooLarge();
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function parse(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    const text = decoder.decode(bytes);
    checkShape(text);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('malformed-json');
  }
}

/** Characters' codes: looking at them one by one is what takes a body's time. */
const [QUOTE, ESCAPE, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Looks at brackets and names before a recursive parser does. A name that stands twice in one object would count once
 * here and perhaps otherwise for whoever checked the text before; `__proto__` is nobody's field.
 */
function checkShape(text: string): void {
  /** of each open bracket, outermost first: the names so far, or null in a list */
  const open: (Set<string> | null)[] = [];
  let nameNext = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (nameNext) checkName(text.slice(at, end + 1), open.at(-1) ?? null);
        nameNext = false;
        at = end;
        break;
      }
      case OPEN_OBJECT:
        nameNext = true;
        open.push(new Set());
        checkDepth(open.length);
        break;
      case OPEN_LIST:
        nameNext = false;
        open.push(null);
        checkDepth(open.length);
        break;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        open.pop();
        nameNext = false;
        break;
      case COMMA:
        nameNext = (open.at(-1) ?? null) !== null;
        break;
      default: // a number, a word, a colon or space
    }
  }
}

function checkDepth(depth: number): void {
  if (depth > limits.jsonDepthMax) throw new Problem('json-too-deep', { depthMax: limits.jsonDepthMax });
}

/** The place of the quotation mark that ends the string which begins at `from`, or the text's end. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === ESCAPE) escapes += 1;
    // Two of them are a backslash that escapes nothing.
    if (escapes % 2 === 0) return at;
  }
  return text.length;
}

function checkName(quoted: string, names: Set<string> | null): void {
  const name = quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
  if (name === '__proto__')
    throw new Problem('invalid-request', { fields: [{ at: '', code: 'forbidden_name' }] });
  if (names?.has(name)) throw new Problem('invalid-request', { fields: [{ at: '', code: 'repeated_name' }] });
  names?.add(name);
}
