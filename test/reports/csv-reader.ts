/** The rows of a CSV answer; Spanish ones have a byte-order mark and semicolons, English ones neither. */
export async function csvOf(
  response: Response,
  language: 'en' | 'es' = 'en',
): Promise<Record<string, string>[]> {
  const bytes = await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${response.status}`);
  // `Response.text` would leave the mark out.
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  if (text.startsWith('\ufeff') !== (language === 'es'))
    throw new Error('a byte-order mark belongs to Spanish');
  return language === 'es' ? readCsv(text.slice(1), ';') : readCsv(text, ',');
}

/** Reads CSV back as RFC 4180 has it, strictly: what does not fit throws. */
export function readCsvRows(text: string, separator: ',' | ';'): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      at += 1;
      for (;;) {
        const end = text.indexOf('"', at);
        if (end < 0) throw new Error('a quoted cell has no end');
        cell += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at += 1;
      }
    } else {
      const [plain = ''] = /^[^",;\r\n]*/.exec(text.slice(at)) ?? [];
      cell = plain;
      at += plain.length;
    }
    row.push(cell);
    if (text[at] === separator) at += 1;
    else if (text.startsWith('\r\n', at)) {
      rows.push(row);
      row = [];
      at += 2;
      continue;
    } else throw new Error(`neither a separator nor the end of a line at ${at}`);
    if (text.startsWith('\r\n', at)) {
      row.push('');
      rows.push(row);
      row = [];
      at += 2;
    }
  }
  if (row.length > 0) throw new Error('the last line has no end');
  return rows;
}

function readCsv(text: string, separator: ',' | ';'): Record<string, string>[] {
  const [headings = [], ...lines] = readCsvRows(text, separator);
  return lines.map((cells) => {
    if (cells.length !== headings.length) throw new Error('a line is not as long as the first');
    return Object.fromEntries(headings.map((heading, index) => [heading, cells[index] ?? '']));
  });
}
