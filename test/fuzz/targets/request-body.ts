/** Bodies of requests, as the middleware reads them before any schema, against a strict reader of JSON. */
import fc from 'fast-check';
import { Hono } from 'hono';
import { jsonBody } from '../../../shared/http/body.ts';
import { Problem } from '../../../shared/http/problem.ts';
import { limits } from '../../../shared/limits.ts';
import { type Target, must, same } from '../target.ts';
import { StrictJson } from '../strict-json.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

function expected(input: Uint8Array): { value: unknown } | { code: string } {
  let text: string;
  try {
    text = decoder.decode(input);
  } catch {
    return { code: 'malformed-json' };
  }
  return new StrictJson(text, limits.jsonDepthMax).read();
}

function isJson(input: Uint8Array): boolean {
  try {
    JSON.parse(decoder.decode(input));
    return true;
  } catch {
    return false;
  }
}

export const target: Target = {
  name: 'request-body',
  holds:
    'the value, or the kind of refusal, is that of a strict recursive reader of RFC 8259 which knows repeated names, depth and __proto__; whole or in pieces',
  inputs: fc.oneof(
    fc.json({ maxDepth: 4 }),
    fc
      .tuple(
        fc.json({ maxDepth: 3 }),
        fc.nat(200),
        fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '0', 'e', '\u00e9', '\ufeff'),
      )
      .map(([text, at, sign]) => text.slice(0, at) + sign + text.slice(at)),
    fc.tuple(fc.nat(20), fc.nat(20)).map(([open, close]) => '[{"a":'.repeat(open) + '1' + '}]'.repeat(close)),
    fc
      .array(fc.constantFrom('a', 'b', '\\u0061', '__proto__', '\\u005f_proto__'), { maxLength: 4 })
      .map((names) => `{${names.map((name) => `"${name}":1`).join(',')}}`),
  ),
  words: [
    '\\u0061',
    '"a":',
    '__proto__',
    '\\u005f',
    '\\"',
    '\\\\',
    '[[[[[[[[',
    '{"a":{"a":',
    'true',
    'null',
    '1e5',
    '-0',
  ],
  open: () => {
    const app = new Hono();
    app.use(jsonBody());
    app.post('/v1/x', async (c) => c.json({ value: await c.req.json<unknown>() }));
    app.onError((error, c) => {
      must(error instanceof Problem, 'something else than a problem is thrown');
      return c.json({ code: error.code }, 400);
    });
    const read = async (body: Uint8Array<ArrayBuffer> | ReadableStream) => {
      const init = {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
        duplex: 'half' as const,
      };
      const answer = await app.fetch(new Request('http://localhost/v1/x', init));
      return (await answer.json()) as { value: unknown } | { code: string };
    };
    return {
      seeds: [
        '{"a":[1,2,{"b":"c"}],"\\u0062":null}',
        '{"a":1,"a":2}',
        '[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]',
        '{"a":"\\"}","b":{}}',
        '"x"',
        '',
      ],
      async run(input) {
        const wanted = expected(input);
        const got = await read(input);
        if ('value' in wanted) same(got, wanted, 'JSON is refused or read otherwise');
        // Of several faults any may be named.
        else
          must(
            'code' in got && (got.code !== 'malformed-json' || !isJson(input)),
            'what is to be refused is read, or for a reason that it has not',
          );
        const half = input.length >> 1;
        const pieces = new ReadableStream({
          start(controller) {
            controller.enqueue(input.slice(0, half));
            controller.enqueue(input.slice(half));
            controller.close();
          },
        });
        same(await read(pieces), got, 'a body in pieces is read otherwise');
      },
    };
  },
};
