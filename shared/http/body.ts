/** Reads a JSON body once, within limits, before any schema sees it: type, size, well-formedness, depth (I12). */
import type { Context, MiddlewareHandler } from 'hono';
import { limits } from '../limits.ts';
import { Problem } from './problem.ts';

const METHODS_WITH_BODY = ['POST', 'PUT', 'PATCH'];

export function jsonBody(): MiddlewareHandler {
  return async function jsonBodyWithinLimits(c, next) {
    if (METHODS_WITH_BODY.includes(c.req.method) && !c.req.path.startsWith('/v1/sync/')) {
      if (!/^application\/json\s*(;|$)/i.test(c.req.header('Content-Type') ?? ''))
        throw new Problem('unsupported-media-type');
      const text = new TextDecoder().decode(await readBody(c, limits.requestBodyBytesMax));
      checkDepth(text);
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        throw new Problem('malformed-json');
      }
      // Hono's validators ask for the JSON again; they get this one.
      c.req.bodyCache.json = Promise.resolve(value);
    }
    await next();
  };
}

/** The body's bytes; throws a Problem as soon as it is longer than `bytesMax`. */
export async function readBody(c: Context, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new Problem('body-too-large', { bytesMax });
  if (Number(c.req.header('Content-Length') ?? 0) > bytesMax) throw tooLarge();
  const { body } = c.req.raw;
  if (!body) return new Uint8Array(0);
  if (c.req.header('Content-Length') !== undefined) return new Uint8Array(await c.req.raw.arrayBuffer());
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

/** Counts brackets outside strings, so that a hostile text never reaches a recursive parser. */
function checkDepth(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > limits.jsonDepthMax) throw new Problem('json-too-deep', { depthMax: limits.jsonDepthMax });
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
}
