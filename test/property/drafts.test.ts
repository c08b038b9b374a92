/** What a node projects of its own drafts is what everybody else projects of their text. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { prepare } from '../../shared/journal/drafts.ts';
import { project } from '../../shared/journal/kinds.ts';
import { centreDrafts } from '../support/drafts.ts';
import { settle } from './settings.ts';

it('gives a draft the rows that follow from its canonical text', () => {
  for (const store of ['recovery', 'compliance'] as const)
    fc.assert(
      fc.property(centreDrafts[store], (draft) => {
        const { kind, version, body, rows } = prepare(store, 'centre', draft);
        // As they go into a statement: a member without a value and one that is missing are the same NULL.
        const written = (made: unknown): unknown => JSON.parse(JSON.stringify(made));
        expect(written(project({ store, kind, version, body }, 'centre'))).toEqual({ rows: written(rows) });
      }),
      settle(500),
    );
});
