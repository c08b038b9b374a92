/**
 * `/openapi.json`: what the routes declare, completed with what all of them have in common. Groups, names of operations,
 * the problems of any body, and an example of every request, parameter, answer and problem are made here, so that a new
 * route has them by being declared.
 */
import { z } from 'zod';
import { configBodies } from '../../journal/bodies.ts';
import type { App } from '../context.ts';
import { problemAnswer } from '../openapi.ts';
import { PROBLEMS, type ProblemCode } from '../problem.ts';
import { csvExample } from './csv-examples.ts';
import { exampleOf } from './examples.ts';
import { GROUPS, groupOf } from './groups.ts';
import {
  type Answer,
  type ApiDocument,
  type Json,
  METHODS,
  type Operation,
  type Schema,
  type Schemas,
} from './openapi-types.ts';
import { RAW_SAMPLES } from './samples.ts';

const ABOUT = `Every node, edge or centre, serves this API; what only one kind serves says so.

**Who asks.** Staff send \`Authorization: Bearer …\`. A device sends a token bound to its key, \`Authorization: DPoP …\`, with a fresh proof (RFC 9449) in \`DPoP\`, whose nonce is the \`DPoP-Nonce\` of the answer before. Nodes have sessions of their own.

**Errors** are problem documents (RFC 9457). \`type\` is stable; \`title\` is for people. \`Retry-After\` says when trying again makes sense. A node that could not start answers everything with 503, \`urn:holdfast:problem:not-started\`.

**Times** are milliseconds since 1970, UTC.

**Examples** are about one imagined PC. No password, key or token in them is anybody's.`;

/** What a body can be refused for before its schema is looked at. */
const BODY_PROBLEMS: readonly ProblemCode[] = [
  ...(['malformed-json', 'json-too-deep', 'timed-out', 'body-too-large'] as const),
  'unsupported-media-type',
];

export async function describeApi(app: App, version: string): Promise<ApiDocument> {
  const made: unknown = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version,
      description: ABOUT,
      license: { name: 'Apache-2.0' },
    },
    tags: GROUPS.map(({ name, en }) => ({ name, description: en })),
  });
  // Every route is declared with these parts; a test walks all of them.
  const document = made as ApiDocument;
  const { schemas } = document.components;
  for (const [path, item] of Object.entries(document.paths))
    for (const method of METHODS) {
      const operation = item[method];
      if (operation) await complete(operation, method, path, schemas);
    }
  return document;
}

async function complete(operation: Operation, method: string, path: string, schemas: Schemas): Promise<void> {
  operation.tags ??= [groupOf(path)];
  operation.operationId ??= `${method}-${path.replace(/[/{}]+/g, '-').replace(/^-|-$/g, '')}`;
  // Nobody has to say who they are: said, so that it is not taken for forgotten.
  operation.security ??= [];
  for (const parameter of operation.parameters ?? [])
    if (parameter.schema) parameter.example ??= exampleOf(parameter.schema, schemas, parameter.name);
  const { requestBody, responses } = operation;
  if (requestBody) {
    if (requestBody.content['application/json']) addBodyProblems(responses);
    for (const media of Object.values(requestBody.content))
      if (media.schema && !media.examples) media.example ??= exampleOf(media.schema, schemas);
    const json = requestBody.content['application/json'];
    if (path === '/v1/admin/config/{kind}/{id}' && json) {
      delete json.example;
      json.examples = configExamples();
    }
  }
  for (const [status, response] of Object.entries(responses)) {
    const { content = {} } = response;
    for (const [type, media] of Object.entries(content)) {
      if (media.examples) continue;
      if (type === 'text/csv') media.example ??= await csvExample(path, content['application/json']?.example);
      else media.example ??= RAW_SAMPLES[`${method} ${path}`] ?? exampleOf(media.schema ?? {}, schemas);
    }
    const ready = content['application/json'];
    if (path === '/readyz' && status === '503' && ready)
      ready.example = { ...(ready.example as object), ready: false, waitingFor: ['edge-madrid'] };
  }
}

/** Joins them with the problems that the route declared under the same status. */
function addBodyProblems(responses: Record<string, Answer>): void {
  for (const status of new Set(BODY_PROBLEMS.map((code) => PROBLEMS[code].status))) {
    const declared = responses[String(status)]?.content?.['application/problem+json']?.examples ?? {};
    const codes = new Set([
      ...(Object.keys(declared) as ProblemCode[]),
      ...BODY_PROBLEMS.filter((code) => PROBLEMS[code].status === status),
    ]);
    const { description, content } = problemAnswer([...codes]);
    const { examples } = content['application/problem+json'];
    const schema = { $ref: '#/components/schemas/Problem' };
    responses[String(status)] = {
      description,
      content: { 'application/problem+json': { schema, examples } },
    };
  }
}

/** What people call such a thing; elsewhere `name` is a node's. */
const NAMES: Readonly<Record<string, string>> = { region: 'Centro', site: 'Madrid', staff: 'Luis Pérez' };

/** One for each kind of thing, for the declared body is any object. */
function configExamples(): Record<string, { value: Json }> {
  return Object.fromEntries(
    Object.entries(configBodies).map(([kind, body]) => {
      const schema = z.toJSONSchema(body, { unrepresentable: 'any', io: 'input' });
      // Both libraries write JSON Schema; only their types differ.
      const example = exampleOf(schema as Schema, {}, kind) as Record<string, Json>;
      const name = NAMES[kind];
      if (name !== undefined && 'name' in example) example['name'] = name;
      return [kind, { value: { revision: 0, body: example } }];
    }),
  );
}
