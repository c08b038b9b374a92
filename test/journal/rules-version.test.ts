import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nodePlatform } from '../../central/platform.ts';
import { KINDS, PROJECTION_VERSION } from '../../shared/journal/kinds.ts';
import { TABLE_SHAPES } from '../../shared/journal/tables.ts';
import * as protocol from '../../shared/replication/protocol.ts';

/**
 * What nodes of different versions must agree on, as a number and a hash of it. A change of the schemas needs a new
 * number: PROJECTION_VERSION has every node make its tables again and say "not comparable" to others meanwhile,
 * PROTOCOL_VERSION has nodes refuse to misread each other. Raise the number, then write the new hash here.
 */
const RULES = { version: 5, hash: 'iNRY40NrT_BsZEeMmQ09T7ODqGnkGJOrX2y_4urYXFU' };
const PROTOCOL = { version: 1, hash: 'tSUv_eVOKYHpfRZJo4oOtyCxfijh4Or5NmILbvMe08M' };

const schemaText = (schema: z.ZodType): string =>
  JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));

describe('versions', () => {
  it('of the rules that make tables change with the rules', () => {
    const kinds = Object.entries(KINDS).map(
      ([kind, { stores, authors, version, body }]) =>
        `${kind} ${stores.join()} ${authors.join()} ${String(version)} ${schemaText(body)}`,
    );
    const tables = [...TABLE_SHAPES.values()].map((shape) => JSON.stringify(shape));
    const hash = nodePlatform.sha256([...kinds, ...tables].join('\n'));
    expect({ version: PROJECTION_VERSION, hash }).toEqual(RULES);
  });

  it('of the protocol change with its messages', () => {
    const messages = Object.entries<unknown>(protocol)
      .filter((entry): entry is [string, z.ZodType] => entry[1] instanceof z.ZodType)
      .map(([name, schema]) => `${name} ${schemaText(schema)}`)
      .sort();
    const hash = nodePlatform.sha256(messages.join('\n'));
    expect({ version: protocol.PROTOCOL_VERSION, hash }).toEqual(PROTOCOL);
  });
});
