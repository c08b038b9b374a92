/** What is wrong with a body as such: each fault at each endpoint that takes JSON. */
import type { ProblemCode } from '../../../shared/http/problem.ts';
import { ENDPOINTS } from '../endpoints.ts';
import type { Message } from '../http.ts';
import { type Row, withBody, withHeaders } from '../row.ts';

interface Fault {
  readonly name: string;
  readonly refused: readonly [number, ProblemCode];
  readonly spoil: (message: Message) => Message;
}

const text = (message: Message): string => String(message.body);
const replaced = (body: Message['body']) => (message: Message) => ({ ...message, ...(body ? { body } : {}) });
const TEN_MEGABYTES = Buffer.alloc(10 * 1024 * 1024, '{"recoveryPassword":"');

/** The first member a second time: which of the two would count? */
function twice(message: Message): Message {
  const [first] = Object.entries(JSON.parse(text(message)) as Record<string, unknown>);
  const again = `${JSON.stringify(first?.[0])}:${JSON.stringify(first?.[1])}`;
  return { ...message, body: text(message).replace(/^\{/, `{${again},`) };
}

const FAULTS: readonly Fault[] = [
  {
    name: 'another content type',
    refused: [415, 'unsupported-media-type'],
    spoil: (message) => withHeaders(message, { 'Content-Type': 'text/plain' }),
  },
  {
    name: 'a content type that only begins like JSON',
    refused: [415, 'unsupported-media-type'],
    spoil: (message) => withHeaders(message, { 'Content-Type': 'application/jsonp' }),
  },
  {
    name: 'no content type',
    refused: [415, 'unsupported-media-type'],
    spoil: (message) => withHeaders(message, { 'Content-Type': null }),
  },
  {
    name: 'JSON that is cut off',
    refused: [400, 'malformed-json'],
    spoil: (message) => ({ ...message, body: text(message).slice(0, -5) }),
  },
  { name: 'an empty body', refused: [400, 'malformed-json'], spoil: (message) => ({ ...message, body: '' }) },
  {
    name: 'something behind the JSON',
    refused: [400, 'malformed-json'],
    spoil: (message) => ({ ...message, body: `${text(message)}{}` }),
  },
  {
    name: 'bytes that are not UTF-8',
    refused: [400, 'malformed-json'],
    // 0xC3 begins a character of two bytes, and a quotation mark does not end one.
    spoil: (message) => ({
      ...message,
      body: Buffer.from(text(message).replace(':"', ':"\u00c3'), 'latin1'),
    }),
  },
  {
    name: 'UTF-16',
    refused: [400, 'malformed-json'],
    spoil: (message) => ({ ...message, body: Buffer.from(`\ufeff${text(message)}`, 'utf16le') }),
  },
  {
    name: 'JSON nested 100,000 deep',
    refused: [400, 'json-too-deep'],
    spoil: replaced(`${'['.repeat(100_000)}${']'.repeat(100_000)}`),
  },
  {
    name: 'objects nested beyond the limit',
    refused: [400, 'json-too-deep'],
    spoil: (message) => withBody(message, (body) => ({ ...body, x: nested(20) })),
  },
  {
    name: '10 MB with their length',
    refused: [413, 'body-too-large'],
    spoil: replaced(TEN_MEGABYTES),
  },
  {
    name: '10 MB in chunks',
    refused: [413, 'body-too-large'],
    spoil: replaced(
      Array.from({ length: 160 }, (_, at) => TEN_MEGABYTES.subarray(at * 65_536, at * 65_536 + 65_536)),
    ),
  },
  {
    name: 'a list instead of an object',
    refused: [400, 'invalid-request'],
    spoil: (message) => ({ ...message, body: `[${text(message)}]` }),
  },
  { name: 'null', refused: [400, 'invalid-request'], spoil: replaced('null') },
  {
    name: 'a member that is not in the schema',
    refused: [400, 'invalid-request'],
    spoil: (message) => withBody(message, (body) => ({ ...body, isAdministrator: true })),
  },
  { name: 'the same member twice', refused: [400, 'invalid-request'], spoil: twice },
  {
    name: 'a member called __proto__',
    refused: [400, 'invalid-request'],
    spoil: (message) => ({
      ...message,
      body: text(message).replace(/^\{/, '{"__proto__":{"revoked":false},'),
    }),
  },
  {
    name: 'every member missing',
    refused: [400, 'invalid-request'],
    spoil: replaced('{}'),
  },
];

function nested(depth: number): object {
  return depth === 0 ? {} : { a: nested(depth - 1) };
}

export const jsonRows: readonly Row[] = ENDPOINTS.flatMap((endpoint) =>
  FAULTS.map((fault): Row => ({
    name: `${endpoint.name}: ${fault.name}`,
    refused: fault.refused,
    accepted: endpoint.accepted,
    ...(endpoint.at ? { at: endpoint.at } : {}),
    ...(endpoint.wrote ? { wrote: endpoint.wrote } : {}),
    make: async (of) => {
      const valid = await endpoint.make(of);
      return { hostile: async () => fault.spoil(await valid()), twin: valid };
    },
  })),
);
