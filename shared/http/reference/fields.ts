/** A schema as the lines that people read: every field at any depth, with its type and bounds in a few words. */
import { resolve } from './examples.ts';
import type { Schema, Schemas } from './openapi-types.ts';

export interface Field {
  /** from the top: `volumes[].protectors[].keyId` */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

/** Deeper than any message; a schema that held itself would end here. */
const DEPTH_MAX = 8;

export function fieldsOf(schema: Schema, schemas: Schemas, at = '', depth = 0): Field[] {
  const { properties = {}, required = [], items, oneOf, anyOf } = resolve(schema, schemas);
  if (depth > DEPTH_MAX) return [];
  if (items) return fieldsOf(items, schemas, `${at}[]`, depth + 1);
  const variants = (oneOf ?? anyOf ?? []).map((variant) => resolve(variant, schemas));
  const nested = variants.flatMap((variant) => fieldsOf(variant, schemas, at, depth + 1));
  const own = Object.entries(properties).flatMap(([name, property]) => {
    const path = at === '' ? name : `${at}.${name}`;
    const { description = '' } = resolve(property, schemas);
    return [
      { path, type: typeOf(property, schemas), required: required.includes(name), description },
      ...fieldsOf(property, schemas, path, depth + 1),
    ];
  });
  const seen = new Set<string>();
  return [...own, ...nested].filter(({ path }) => !seen.has(path) && seen.add(path));
}

export function typeOf(schema: Schema, schemas: Schemas): string {
  const resolved = resolve(schema, schemas);
  const { type, items, oneOf, anyOf } = resolved;
  const choices = resolved.enum ?? (resolved.const === undefined ? undefined : [resolved.const]);
  if (choices) return choices.map((choice) => JSON.stringify(choice)).join(' | ');
  const variants = oneOf ?? anyOf;
  if (variants) return [...new Set(variants.map((variant) => typeOf(variant, schemas)))].join(' | ');
  if (items) return `${typeOf(items, schemas)}[]${bounds(resolved.minItems, resolved.maxItems)}`;
  const names = [type ?? 'any'].flat().join(' | ');
  return `${names}${bounds(resolved.minLength ?? resolved.minimum, resolved.maxLength ?? resolved.maximum)}`;
}

function bounds(least: number | undefined, most: number | undefined): string {
  // Every count has this upper bound; it says nothing.
  const shown = most === Number.MAX_SAFE_INTEGER ? undefined : most;
  if (least === undefined && shown === undefined) return '';
  return ` ${String(least ?? 0)}–${shown === undefined ? '' : String(shown)}`;
}
