/** Makes an example from a schema of the OpenAPI document: its own where it has one, else samples by the names of fields. */
import type { Json, Schema, Schemas } from './openapi-types.ts';
import { PATTERN_SAMPLES, samplesOf } from './samples.ts';

/** `field`: the name under which the value will stand; '' at the top. */
export function exampleOf(schema: Schema, schemas: Schemas, field = ''): Json {
  const resolved = resolve(schema, schemas);
  for (const sample of [resolved.example, ...samplesOf(field)])
    if (sample !== undefined && fits(sample, resolved, schemas)) return sample as Json;
  const { const: constant, enum: choices, type } = resolved;
  if (constant !== undefined) return constant as Json;
  if (choices?.length) return choices[0] as Json;
  const [variant] = resolved.oneOf ?? resolved.anyOf ?? [];
  if (variant) return exampleOf(variant, schemas, field);
  const types = Array.isArray(type) ? type : [type];
  if (types.includes('object')) return objectExample(resolved, schemas);
  if (types.includes('array')) return arrayExample(resolved, schemas, field);
  if (types.includes('string')) return textExample(resolved, field);
  if (types.includes('boolean')) return false;
  if (types.includes('integer') || types.includes('number')) return resolved.minimum ?? 1;
  return null;
}

function objectExample(schema: Schema, schemas: Schemas): Json {
  const fields = Object.entries(schema.properties ?? {});
  return Object.fromEntries(fields.map(([name, property]) => [name, exampleOf(property, schemas, name)]));
}

function arrayExample({ items, minItems = 1 }: Schema, schemas: Schemas, field: string): Json {
  if (!items) return [];
  return Array.from({ length: Math.max(1, minItems) }, () => exampleOf(items, schemas, singular(field)));
}

/** Nobody gave a sample for this field: an ID of its form, what its pattern is known for, or the field's name. */
function textExample({ pattern }: Schema, field: string): string {
  if (pattern === undefined) return field;
  const [, prefix = '', length = '0'] =
    /^\^(?:([a-z]+[-_]))?(?:\[[^\]]+\]|\\d)\{(\d+)\}\$$/.exec(pattern) ?? [];
  const made = ['sample', ''].map((word) => prefix + word.padEnd(Number(length), '2'));
  return [...made, ...PATTERN_SAMPLES].find((sample) => new RegExp(pattern).test(sample)) ?? field;
}

/** Of `keyIds` each is a `keyId`. */
function singular(field: string): string {
  return field.replace(/s$/, '');
}

export function resolve(schema: Schema, schemas: Schemas): Schema {
  if (schema.$ref === undefined) return schema;
  const named = schemas[schema.$ref.replace('#/components/schemas/', '')];
  return named ? resolve(named, schemas) : {};
}

/** Whether a sample is meant for this schema; what it says of lengths and bounds is left to the tests. */
export function fits(value: unknown, schema: Schema, schemas: Schemas): boolean {
  const {
    const: constant,
    enum: choices,
    type,
    pattern,
    properties,
    items,
    ...rest
  } = resolve(schema, schemas);
  const variants = rest.oneOf ?? rest.anyOf;
  if (variants) return variants.some((variant) => fits(value, variant, schemas));
  if (constant !== undefined) return value === constant;
  if (choices) return choices.includes(value);
  if (type !== undefined && ![type].flat().some((name) => isOfType(value, name))) return false;
  if (typeof value === 'string') return pattern === undefined || new RegExp(pattern).test(value);
  if (Array.isArray(value)) return !items || value.every((each) => fits(each, items, schemas));
  if (typeof value !== 'object' || value === null) return true;
  const fields = new Map(Object.entries(value));
  const known = Object.entries(properties ?? {});
  const extra = rest.additionalProperties;
  return (
    (rest.required ?? []).every((name) => fields.has(name)) &&
    known.every(([name, property]) => !fields.has(name) || fits(fields.get(name), property, schemas)) &&
    [...fields.keys()].every((name) => properties?.[name] !== undefined || extra !== false) &&
    (known.length > 0 ||
      typeof extra !== 'object' ||
      [...fields.values()].every((each) => fits(each, extra, schemas)))
  );
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}
