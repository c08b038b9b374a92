/** The way through records that stand newest first, whose pages follow on each other by a cursor. */
import { addressOfQuery } from '../query.ts';
import type { Visit } from '../visit.ts';

export function OlderRecords({
  visit: { words },
  path,
  asked,
  nextCursor,
}: {
  visit: Visit;
  path: string;
  asked: Readonly<Record<string, string>>;
  nextCursor: string | null;
}) {
  return (
    <nav class="pages" aria-label={words.table.pages}>
      {asked['cursor'] !== undefined && (
        <a href={addressOfQuery(path, { ...asked, cursor: undefined })}>{words.table.newest}</a>
      )}
      {nextCursor !== null && (
        <a href={addressOfQuery(path, { ...asked, cursor: nextCursor })}>{words.audit.older}</a>
      )}
    </nav>
  );
}
