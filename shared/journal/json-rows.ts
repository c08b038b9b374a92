/** Rows as JSON arrays for `json_each`, in as many texts as the engines' limit on one bound value asks for. */
import { limits } from '../limits.ts';

/**
 * `SELECT … FROM …` over one such text, with `columns` columns. Each row is turned into JSONB once: json_extract on
 * text would read the row's text again for every column. LIMIT -1 keeps SQLite from undoing that by flattening.
 */
export function selectJsonRows(columns: number): string {
  const list = Array.from({ length: columns }, (_, index) => `json_extract(value, '$[${index}]')`).join(', ');
  return `SELECT ${list} FROM (SELECT jsonb(value) AS value FROM json_each(?) LIMIT -1)`;
}

export function jsonRows(rows: readonly unknown[]): string[] {
  const texts: string[] = [];
  let parts: string[] = [];
  let length = 0;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (length + text.length > limits.statementJsonCharactersMax && parts.length > 0) {
      texts.push(`[${parts.join(',')}]`);
      parts = [];
      length = 0;
    }
    parts.push(text);
    length += text.length + 1;
  }
  if (parts.length > 0) texts.push(`[${parts.join(',')}]`);
  return texts;
}
