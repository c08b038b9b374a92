/** The typed client: its types are those of the document, and hold for a program elsewhere that uses it. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import openapiTS, { type OpenAPI3, astToString } from 'openapi-typescript';
import { format } from 'prettier';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { packageRoot } from '../../central/local/processes.ts';
import { describeApi } from '../../shared/http/reference/document.ts';
import { METHODS } from '../../shared/http/reference/openapi-types.ts';
import { afterFile } from '../support/cleanup.ts';
import { centreApp } from './app.ts';

const TYPES = path.join(packageRoot(), 'central/client/api.d.ts');

it(
  'has the types of /openapi.json (when this fails: npm run unit -- test/api/client-types.test.ts -u)',
  { timeout: 60_000 },
  async () => {
    const nodes = await openapiTS(JSON.stringify(await forPrograms()));
    const head = '/** Made from `/openapi.json` by test/api/client-types.test.ts; not to be edited. */\n';
    const text = await format(head + astToString(nodes.map(orUndefined)), {
      ...{ parser: 'typescript', printWidth: 110, singleQuote: true },
    });
    await expect(text).toMatchFileSnapshot(TYPES);
  },
);

/** What may be left out may be there as `undefined` as well: programs hand on what they do not have. */
function orUndefined(node: ts.Node): ts.Node {
  const visit = (each: ts.Node): ts.Node => {
    const seen = ts.visitEachChild(each, visit, undefined);
    if (!ts.isPropertySignature(seen) || !seen.questionToken || !seen.type) return seen;
    if (seen.type.kind === ts.SyntaxKind.NeverKeyword) return seen;
    const type = ts.factory.createUnionTypeNode([
      seen.type,
      ts.factory.createKeywordTypeNode(ts.SyntaxKind.UndefinedKeyword),
    ]);
    return ts.factory.updatePropertySignature(seen, seen.modifiers, seen.name, seen.questionToken, type);
  };
  return visit(node);
}

/**
 * The document without what a client's types have no use for: examples; what nodes say to each other; and the same
 * problem document again for each status, for which one default stands.
 */
async function forPrograms(): Promise<OpenAPI3> {
  const document = structuredClone(await describeApi(await centreApp(), 'test'));
  const paths = Object.entries(document.paths).filter(([at]) => !at.startsWith('/v1/sync/'));
  for (const [, item] of paths) {
    for (const method of METHODS) {
      const { responses = {} } = item[method] ?? {};
      for (const [status, { content }] of Object.entries(responses)) {
        // Who wants the table asks for text.
        if (content?.['application/json']) Reflect.deleteProperty(content, 'text/csv');
        if (!content?.['application/problem+json']) continue;
        Reflect.deleteProperty(responses, status);
        const schema = { $ref: '#/components/schemas/Problem' };
        responses['default'] = {
          description: 'A problem',
          content: { 'application/problem+json': { schema } },
        };
      }
    }
  }
  const bare: unknown = JSON.parse(
    JSON.stringify({ ...document, paths: Object.fromEntries(paths) }, (name, value: unknown) =>
      name === 'example' || name === 'examples' ? undefined : value,
    ),
  );
  return bare as OpenAPI3;
}

const PROGRAM = `
import { createHoldfastClient, isProblem, type Problem } from 'holdfast/client';

const node = createHoldfastClient({ url: 'https://edge.example.org', token: 't', language: 'es' });

export async function right(): Promise<string[]> {
  const { data, error } = await node.POST('/v1/recovery/search', { body: { keyId: '3fd763f9' } });
  if (error) {
    const problem: Problem = error;
    throw new Error(isProblem(error, 'token-invalid') ? 'sign in' : problem.title);
  }
  const audit = await node.GET('/v1/reports/recovery-audit', {
    params: { query: { from: '2026-03-01', source: 'Helpdesk', limit: 10 } },
  });
  const row = audit.data?.rows[0];
  const at: number | undefined = row?.at;
  const config = await node.GET('/v1/admin/config/{kind}', { params: { path: { kind: 'site' } } });
  return data.candidates.map(({ keyId }) => keyId + String(at) + String(config.data?.items.length));
}

export async function wrong(): Promise<void> {
  // @ts-expect-error There is no such address.
  await node.POST('/v1/recovery/serach', { body: { keyId: '3fd763f9' } });
  // @ts-expect-error It takes no GET.
  await node.GET('/v1/recovery/search');
  // @ts-expect-error The body's field has another name.
  await node.POST('/v1/recovery/search', { body: { key: '3fd763f9' } });
  // @ts-expect-error No such reason.
  await node.POST('/v1/recovery/disclosures', { body: { keyId: 'k', reason: 'because', verification: 'badge' } });
  // @ts-expect-error A path parameter is missing.
  await node.GET('/v1/admin/config/{kind}');
  // @ts-expect-error No such query parameter.
  await node.GET('/v1/reports/recovery-audit', { params: { query: { since: '2026' } } });
  const { data } = await node.GET('/readyz');
  // @ts-expect-error Only with an answer.
  data.ready;
  // @ts-expect-error The answer has no such field.
  data?.raedy;
}
`;

it(
  'holds for a program elsewhere: right calls compile, and wrong ones do not',
  { timeout: 60_000 },
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-client-'));
    afterFile(() => rm(folder, { recursive: true, force: true }));
    await mkdir(path.join(folder, 'node_modules'));
    await symlink(packageRoot(), path.join(folder, 'node_modules/holdfast'));
    await writeFile(path.join(folder, 'program.ts'), PROGRAM);
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    const compilerOptions = {
      ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
      ...{ module: 'nodenext', target: 'es2023', lib: ['es2023', 'dom'], types: [], noEmit: true },
    };
    await writeFile(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['program.ts'] }),
    );
    const compiler = path.join(packageRoot(), 'node_modules/typescript/bin/tsc');
    const said = await new Promise((resolve) => {
      execFile(process.execPath, [compiler, '-p', folder], (_error, stdout) => {
        resolve(stdout);
      });
    });
    expect(said).toBe('');
  },
);
