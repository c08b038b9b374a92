/** Rows as JSON arrays for `json_each`, in as many texts as the engines' limit on one bound value asks for. */
import { limits } from '../limits.ts';

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
