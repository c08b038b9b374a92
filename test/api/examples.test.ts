/** Every operation of `/openapi.json`, at both kinds of node: each has examples, and each example fits the schema that validates. */
import type { RouteConfig } from '@hono/zod-openapi';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ZodType } from 'zod';
import { nodePlatform } from '../../central/platform.ts';
import { commitmentOf, parseGuid, parseRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import type { App } from '../../shared/http/context.ts';
import { PROBLEMS } from '../../shared/http/problem.ts';
import { HELP } from '../../shared/http/metrics.ts';
import { describeApi } from '../../shared/http/reference/document.ts';
import {
  type ApiDocument,
  METHODS,
  type Media,
  type Operation,
} from '../../shared/http/reference/openapi-types.ts';
import { SAMPLE_COMMITMENT, SAMPLE_KEY_ID, SAMPLE_PASSWORD } from '../../shared/http/reference/samples.ts';
import { type ConfigKind, configBodies } from '../../shared/journal/bodies.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { centreApp } from './app.ts';

/** Addresses for programs. Pages and what they load are for people and have no schema. */
const FOR_PROGRAMS = /^\/(?:v1\/|(?:healthz|readyz|metrics|openapi\.json)$)/;

let app: App;
let document: ApiDocument;

beforeAll(async () => {
  app = await centreApp();
  document = await describeApi(app, 'test');
});

it('describes every address that programs call', () => {
  const served = app.routes
    .filter(({ path, method }) => FOR_PROGRAMS.test(path) && method !== 'ALL')
    .map(({ path, method }) => `${method.toLowerCase()} ${path.replace(/:(\w+)(?:\{[^}]*\})?/g, '{$1}')}`);
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => `${method} ${path}`),
  );
  expect(described.sort()).toEqual([...new Set(served)].sort());
  expect(described).toContain('post /v1/sync/push');
  expect(described).toContain('get /metrics');
});

/** What was declared: the very schemas that validate, which the document was made from. */
function declared(): RouteConfig[] {
  return app.openAPIRegistry.definitions.flatMap((each) => (each.type === 'route' ? [each.route] : []));
}

/** The library's own types leave open whether these are references; here nothing is. */
function schemaOf(media: object | undefined): unknown {
  return media && 'schema' in media ? media.schema : undefined;
}

function contentOf(response: object): Record<string, object> {
  return 'content' in response ? (response.content as Record<string, object>) : {};
}

/** As an address or a header has it. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function misfits(schema: unknown, value: unknown, at: string): string[] {
  const parsed = (schema as ZodType).safeParse(value);
  return parsed.success ? [] : [`${at}: ${parsed.error.message}`];
}

function operationOf({ method, path }: Pick<RouteConfig, 'method' | 'path'>): Operation {
  const operation = METHODS.map((name) => (name === method ? document.paths[path]?.[name] : undefined)).find(
    (each) => each !== undefined,
  );
  if (!operation) throw new Error(`${method} ${path} is not in the document`);
  return operation;
}

/** Every example of a media type, as name and value. */
function examplesOf(media: Media | undefined): { readonly name: string; readonly value: unknown }[] {
  if (media?.example !== undefined) return [{ name: 'the example', value: media.example }];
  return Object.entries(media?.examples ?? {}).map(([name, { value }]) => ({ name, value }));
}

it('has an example of each request that the request’s own schema takes', () => {
  const wrong: string[] = [];
  let bodies = 0;
  for (const route of declared()) {
    const at = `${route.method} ${route.path}`;
    const operation = operationOf(route);
    for (const [place, schema] of [
      ['path', route.request?.params],
      ['query', route.request?.query],
      ['header', route.request?.headers],
    ] as const) {
      if (!schema) continue;
      const parameters = (operation.parameters ?? []).flatMap((each) =>
        each.in === place ? [[each.name, textOf(each.example)] as const] : [],
      );
      wrong.push(...misfits(schema, Object.fromEntries(parameters), `${at} ${place}`));
    }
    const { body } = route.request ?? {};
    for (const [type, media] of Object.entries(body?.content ?? {})) {
      const schema = schemaOf(media);
      const examples = examplesOf(operation.requestBody?.content[type]);
      if (examples.length === 0) wrong.push(`${at} ${type}: no example`);
      for (const { name, value } of examples) wrong.push(...misfits(schema, value, `${at}, ${name}`));
      bodies += 1;
    }
  }
  expect(wrong).toEqual([]);
  expect(bodies).toBeGreaterThan(15);
});

it('has an example of each answer and of each problem', () => {
  const wrong: string[] = [];
  const codes = new Set<string>();
  for (const route of declared()) {
    for (const [status, response] of Object.entries(route.responses)) {
      for (const [type, media] of Object.entries(contentOf(response))) {
        const at = `${route.method} ${route.path} ${status} ${type}`;
        const examples = examplesOf(operationOf(route).responses[status]?.content?.[type]);
        if (examples.length === 0 || examples.some(({ value }) => value === ''))
          wrong.push(`${at}: no example`);
        for (const { name, value } of examples) {
          wrong.push(...misfits(schemaOf(media), value, `${at}, ${name}`));
          if (type !== 'application/problem+json') continue;
          codes.add(name);
          const { status: known, en } = PROBLEMS[name as keyof typeof PROBLEMS];
          expect({ status: known, title: en, type: `urn:holdfast:problem:${name}` }).toEqual(
            expect.objectContaining({ status: Number(status), ...pick(value) }),
          );
        }
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(codes.size).toBeGreaterThan(25);
});

function pick(value: unknown) {
  const { title, type } = value as { title: unknown; type: unknown };
  return { title, type };
}

it('names every problem of a body, whatever a route declares', () => {
  const answers = operationOf({ method: 'post', path: '/v1/recovery/search' }).responses;
  const of = (status: number) =>
    Object.keys(answers[String(status)]?.content?.['application/problem+json']?.examples ?? {});
  expect(of(400)).toEqual(expect.arrayContaining(['invalid-request', 'malformed-json', 'json-too-deep']));
  expect([of(413), of(415), of(408)]).toEqual([
    ['body-too-large'],
    ['unsupported-media-type'],
    ['timed-out'],
  ]);
});

it.each(Object.keys(configBodies) as ConfigKind[])('has an example of configuring a %s', (kind) => {
  const body = document.paths['/v1/admin/config/{kind}/{id}']?.put?.requestBody;
  const example = body?.content['application/json']?.examples?.[kind]?.value as { body: unknown };
  expect(configBodies[kind].safeParse(example.body).error).toBeUndefined();
});

describe('samples', () => {
  it('are no secrets, and right in form', () => {
    const key = parseRecoveryPassword(SAMPLE_PASSWORD);
    expect(key).toBeInstanceOf(Redacted);
    expect(new Set(SAMPLE_PASSWORD.split('-').map((group) => new Set(group).size))).toEqual(new Set([1]));
    const keyId = parseGuid(SAMPLE_KEY_ID);
    if (keyId && key instanceof Redacted)
      expect(commitmentOf(nodePlatform, keyId, key)).toBe(SAMPLE_COMMITMENT);
  });

  it('show one password everywhere', () => {
    const text = JSON.stringify(document);
    const passwords = new Set(text.match(/\b\d{6}(?:-\d{6}){7}\b/g));
    expect([...passwords]).toEqual([SAMPLE_PASSWORD]);
  });

  it('show metrics that there are', () => {
    const content = document.paths['/metrics']?.get?.responses['200']?.content ?? {};
    const names = Object.values(content).flatMap(({ example }) => textOf(example).match(/^[a-z_]+/gm) ?? []);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) expect(Object.keys(HELP)).toContain(name);
  });
});
