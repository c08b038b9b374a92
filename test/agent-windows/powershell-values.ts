/** PowerShell's values as the interpreter has them: conversions, comparisons, hashtables whose keys ignore case. */
export type Value = null | boolean | number | string | readonly Value[] | Table;

export class Table {
  readonly #entries = new Map<string, { key: string; value: Value }>();
  get(key: string): Value {
    return this.#entries.get(key.toLowerCase())?.value ?? null;
  }
  set(key: string, value: Value): void {
    this.#entries.set(key.toLowerCase(), { key, value });
  }
  clone(): Table {
    const copy = new Table();
    for (const { key, value } of this.#entries.values()) copy.set(key, value);
    return copy;
  }
  plain(): object {
    return Object.fromEntries([...this.#entries.values()].map(({ key, value }) => [key, toJson(value)]));
  }
}

export function fromJson(value: unknown): Value {
  if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) return value as Value;
  if (Array.isArray(value)) return value.map(fromJson);
  const table = new Table();
  for (const [key, each] of Object.entries(value as object)) table.set(key, fromJson(each));
  return table;
}

export function toJson(value: Value): unknown {
  if (value instanceof Table) return value.plain();
  return Array.isArray(value) ? value.map((each: Value) => toJson(each)) : value;
}

export const isArray = (value: Value): value is readonly Value[] => Array.isArray(value);

/** What a string expects; PowerShell would write the type's name for the others, which nobody wants. */
export function asText(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'object') throw new Error('a hashtable or an array where text is wanted');
  return String(value);
}

export function truth(value: Value): boolean {
  if (isArray(value)) return value.length > 1 || (value.length === 1 && truth(value[0] ?? null));
  return value instanceof Table || Boolean(value);
}

export function add(one: Value, two: Value): Value {
  if (isArray(one)) return [...one, ...(isArray(two) ? two : [two])];
  if (typeof one === 'number') return one + Number(two);
  if (typeof one === 'string') return one + asText(two);
  throw new Error('cannot add');
}

export function operate(word: string, one: Value, two: Value): Value {
  if (word === '+') return add(one, two);
  const alike = (a: Value, b: Value): boolean => a === b;
  if (word === '-contains' || word === '-ccontains')
    return (isArray(one) ? one : [one]).some((each) => alike(each, two));
  if (word === '-cnotcontains') return !(isArray(one) ? one : [one]).some((each) => alike(each, two));
  if (isArray(one)) throw new Error('a comparison with an array on its left is a filter');
  if (['-eq', '-ceq'].includes(word)) return alike(one, two);
  if (['-ne', '-cne'].includes(word)) return !alike(one, two);
  const [a, b] = [Number(one), Number(two)];
  const results: Readonly<Record<string, Value>> = {
    ...{ '-lt': a < b, '-le': a <= b, '-gt': a > b, '-ge': a >= b },
    ...{ '-': a - b, '*': a * b, '%': a % b },
  };
  const result = results[word];
  if (result === undefined) throw new Error(`no operator ${word}`);
  return result;
}

export function isA(value: Value, type: string): boolean {
  if (type === '[System.Collections.IDictionary]') return value instanceof Table;
  if (type === '[string]') return typeof value === 'string';
  throw new Error(`no type ${type}`);
}

/** By the type and the attributes that a parameter or a cast names. */
export function convert(value: Value, declaration: string, what: string, given: boolean): Value {
  if (given && declaration.includes('Mandatory')) {
    if (value === null && !declaration.includes('AllowNull') && !declaration.includes('[string]'))
      throw new Error(`${what} is $null`);
    if (
      (value === '' || (value === null && declaration.includes('[string]'))) &&
      !declaration.includes('AllowEmptyString')
    )
      throw new Error(`${what} is empty`);
    if (isArray(value) && value.length === 0 && !declaration.includes('AllowEmptyCollection'))
      throw new Error(`${what} is empty`);
  }
  if (declaration.includes('[object[]]')) return value === null || isArray(value) ? value : [value];
  if (declaration.includes('[hashtable]') && value !== null && !(value instanceof Table))
    throw new Error(`${what} is no hashtable`);
  if (declaration.includes('[string]')) return value === null ? '' : asText(value);
  if (/\[(long|int|double)\]/.test(declaration)) return Number(value);
  if (declaration.includes('[bool]')) return truth(value);
  return value;
}
