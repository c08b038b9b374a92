/** Pieces every route declaration uses. */
import { z } from '@hono/zod-openapi';
import { limits } from '../limits.ts';
import { PROTOCOL_VERSION } from '../replication/protocol.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';

export const problemDocument = z
  .looseObject({
    type: z.string().openapi({ description: '`urn:holdfast:problem:` and a stable code.' }),
    title: z.string().openapi({ description: 'In English, or in Spanish by `Accept-Language`.' }),
    status: z.number().int(),
  })
  .openapi('Problem');

export const jsonContent = <S extends z.ZodType>(schema: S) => ({ 'application/json': { schema } });

/** The request body of a JSON route. */
export const jsonRequest = <S extends z.ZodType>(schema: S) => ({
  body: { required: true, content: jsonContent(schema) },
});

/** A POST whose address says everything still carries a JSON object, as every other does. */
export const nothingToSay = jsonRequest(z.strictObject({}));

/** Who may call a route of staff: the bearer of a token. */
export const staffToken = [{ staffToken: [] }];

/** The problem answers of a route, by status, from the table of codes. */
export function problems(...codes: ProblemCode[]): Record<number, ProblemAnswer> {
  const always: ProblemCode[] = ['invalid-request', 'insecure-transport', 'unexpected'];
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set([...codes, ...always])) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...byStatus].map(([status, of]) => [status, problemAnswer(of)]));
}

type ProblemAnswer = ReturnType<typeof problemAnswer>;

/** One status' answer; `codes` all have it. */
export function problemAnswer(codes: readonly ProblemCode[]) {
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].en}`).join('\n'),
    content: {
      'application/problem+json': {
        schema: problemDocument,
        examples: Object.fromEntries(codes.map((code) => [code, { value: problemExample(code) }])),
      },
    },
  };
}

/** What some problems say beside their words: names and limits, never what was sent. */
const FACTS: Partial<Record<ProblemCode, Readonly<Record<string, unknown>>>> = {
  'invalid-request': { fields: [{ at: 'keyId', code: 'custom' }] },
  'json-too-deep': { depthMax: limits.jsonDepthMax },
  'body-too-large': { bytesMax: limits.requestBodyBytesMax },
  'protocol-unsupported': { spoken: [PROTOCOL_VERSION] },
  'proof-invalid': { why: 'signature' },
  'node-refused': { why: 'certificate-expired' },
  'certificate-refused': { why: 'no-authority' },
  forbidden: { role: 'reports' },
  'recovery-password-invalid': { fault: 'not-divisible-by-11', group: 3 },
  'key-quota': { limit: limits.deviceKeyIdsPerDayMax },
  'vault-not-here': { nodes: ['edge-madrid'] },
  'centre-unconfirmed': { waitingFor: ['edge-madrid'] },
  'storage-unavailable': { reason: 'full' },
  'revision-stale': { revision: 3 },
  unexpected: { reference: 'q3m7x2k5n4ab' },
};

function problemExample(code: ProblemCode): Readonly<Record<string, unknown>> {
  const { status, en } = PROBLEMS[code];
  return { type: `urn:holdfast:problem:${code}`, title: en, status, ...FACTS[code] };
}
