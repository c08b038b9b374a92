/** `/openapi.json` as a validator sees it that knows nothing of this program: the standard itself, and each example by the document alone. */
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, it } from 'vitest';
import { describeApi } from '../../shared/http/reference/document.ts';
import type { ApiDocument, Schema } from '../../shared/http/reference/openapi-types.ts';
import { centreApp } from './app.ts';

const RULES = [
  'struct',
  'no-unresolved-refs',
  'no-invalid-media-type-examples',
  'no-invalid-parameter-examples',
  'no-invalid-schema-examples',
  'no-enum-type-mismatch',
  'no-required-schema-properties-undefined',
  'operation-operationId-unique',
  'operation-parameters-unique',
  'operation-tag-defined',
  'path-declaration-must-exist',
  'path-parameters-defined',
  'security-defined',
];

async function faults(document: ApiDocument): Promise<string[]> {
  const config = await createConfig({ rules: Object.fromEntries(RULES.map((rule) => [rule, 'error'])) });
  const found = await lintFromString({
    source: JSON.stringify(document),
    absoluteRef: 'openapi.json',
    config,
  });
  return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ''}`);
}

it('is valid OpenAPI 3.1, and its examples fit its schemas', { timeout: 60_000 }, async () => {
  const document = await describeApi(await centreApp(), '0.1.0');
  expect(await faults(document)).toEqual([]);
  // Otherwise nothing would be a fault.
  const broken = structuredClone(document);
  const search = broken.paths['/v1/recovery/search']?.post;
  const body = search?.requestBody?.content['application/json'];
  if (!search || !body) throw new Error('there is no search');
  body.example = { keyId: 7 };
  search.security = [{ nobodyToken: [] }];
  expect((await faults(broken)).map((fault) => fault.split(':')[0]).sort()).toEqual([
    'no-invalid-media-type-examples',
    'security-defined',
  ]);
});

it(
  'says where null is taken: a protector that is no recovery password has no key ID',
  { timeout: 60_000 },
  async () => {
    const { StatusRequest } = (await describeApi(await centreApp(), '0.1.0')).components.schemas;
    const within = (schema: Schema | undefined, name: string) =>
      (schema?.items ?? schema)?.properties?.[name];
    const protectors = within(within(StatusRequest, 'volumes'), 'protectors');
    expect(within(protectors, 'keyId')?.type).toEqual(['string', 'null']);
    expect(within(within(StatusRequest, 'volumes'), 'volumeId')?.type).toBe('string');
  },
);
