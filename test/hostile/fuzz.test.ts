/** Valid bodies, mutated by a seed that a failure prints: whatever comes in, no node answers with a 5xx. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePorts } from '../support/cluster.ts';
import { ENDPOINTS } from './endpoints.ts';
import { type Message, send } from './http.ts';
import type { Case } from './row.ts';
import { type Place, Stage } from './stage.ts';

const CENTRE_PORT = 10_650;
const SEED = 20_261_124;
const CASES = 60;
vi.setConfig({ testTimeout: 90_000 });

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(await freePorts(CENTRE_PORT, 3));
}, 60_000);
afterAll(async () => {
  await stage.close();
});

/** Values that are wrong somewhere, and some that are not. */
const JUNK = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.constantFrom<unknown>(
    ...[
      null,
      true,
      '',
      '\0',
      '\ud800',
      '{}',
      '__proto__',
      -0,
      1e308,
      -1,
      0.1,
      2 ** 53,
      '=1+1',
      '%00',
      '../..',
    ],
    ...['A', 'AAAAA', '\u{1f4bb}'.repeat(80), '9'.repeat(48), 'ﬀ', '\u202e', [], {}, [[]], ['']],
  ),
);

interface Mutation {
  /** which of all places in the body, counted around */
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'repeat' | 'nest';
  readonly value: unknown;
}

const MUTATIONS: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    at: fc.nat(200),
    how: fc.constantFrom(
      'replace' as const,
      'replace' as const,
      'remove' as const,
      'repeat' as const,
      'nest' as const,
    ),
    value: JUNK,
  }),
  { minLength: 1, maxLength: 3 },
);

type Holder = Record<string, unknown>;

/** Every place in a value at which something can be put, taken away or doubled. */
function placesIn(value: unknown): { holder: Holder; name: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Holder;
  return Object.keys(holder).flatMap((name) => [{ holder, name }, ...placesIn(holder[name])]);
}

function mutate(message: Message, mutations: readonly Mutation[]): Message {
  const body: unknown = JSON.parse(String(message.body));
  for (const { at, how, value } of mutations) {
    const places = placesIn(body);
    const place = places[at % Math.max(1, places.length)];
    if (!place) continue;
    const { holder, name } = place;
    if (how === 'remove') Reflect.deleteProperty(holder, name);
    else if (how === 'replace') holder[name] = value;
    else if (how === 'nest') holder[name] = { [name]: holder[name] };
    else if (Array.isArray(holder[name])) holder[name] = [...holder[name], ...holder[name], value];
    else holder[`${name} `] = holder[name];
  }
  return { ...message, body: JSON.stringify(body) };
}

const PLACES_FUZZED: readonly Place[] = ['edge', 'centre'];

test.each(
  ENDPOINTS.flatMap((endpoint) =>
    (endpoint.at ?? PLACES_FUZZED).map((place) => ({ endpoint, place, name: endpoint.name })),
  ),
)('$name at the $place', async ({ endpoint, place }) => {
  const of: Case = { stage, place, base: stage.base(place), pc: await stage.pc(place), forgers: [] };
  const valid = await endpoint.make(of);
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(MUTATIONS, async (mutations) => {
      const answer = await send(of.base, mutate(await valid(), mutations));
      expect(answer.status).toBeGreaterThanOrEqual(200);
      expect(answer.status, answer.body.toString()).toBeLessThan(500);
      if (answer.status < 400) return;
      refused += 1;
      expect(answer.headers['content-type']).toBe('application/problem+json');
    }),
    { seed: SEED, numRuns: CASES },
  );
  expect(refused).toBeGreaterThan(CASES / 4);
  const after = await send(of.base, await valid());
  expect(after.status).toBeLessThan(300);
});
