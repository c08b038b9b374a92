/** Pieces every route declaration uses. */
import { z } from '@hono/zod-openapi';
import { PROBLEMS, type ProblemCode } from './problem.ts';

const problemDocument = z
  .object({
    type: z.string().openapi({ example: 'urn:holdfast:problem:invalid-request' }),
    title: z.string(),
    status: z.number().int(),
  })
  .openapi('Problem');

export const jsonContent = <S extends z.ZodType>(schema: S) => ({ 'application/json': { schema } });

/** The request body of a JSON route. */
export const jsonRequest = <S extends z.ZodType>(schema: S) => ({
  body: { required: true, content: jsonContent(schema) },
});

/** The problem answers of a route, by status, from the table of codes. */
export function problems(
  ...codes: ProblemCode[]
): Record<
  number,
  { description: string; content: { 'application/problem+json': { schema: typeof problemDocument } } }
> {
  const always: ProblemCode[] = ['invalid-request', 'insecure-transport', 'unexpected'];
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set([...codes, ...always])) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, of]) => [
      status,
      {
        description: of.map((code) => `\`${code}\`: ${PROBLEMS[code].en}`).join('\n'),
        content: { 'application/problem+json': { schema: problemDocument } },
      },
    ]),
  );
}
