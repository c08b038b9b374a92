/** Text tables for a terminal of 80 columns. */

export type Row = readonly string[];

/** Columns as wide as their longest cell; the last may be cut so that a line fits. */
export function table(head: Row, rows: readonly Row[], widthMax: number): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  const numeric = head.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^[\d.,\s]*[\d?–-]$/.test(row[column] ?? '')),
  );
  return all
    .map((row) => {
      const line = row
        .map((cell, column) => {
          const filling = ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell)));
          return numeric[column] === true ? filling + cell : cell + filling;
        })
        .join('  ')
        .trimEnd();
      return cut(line, widthMax);
    })
    .join('\n');
}

/** `Name   value` lines. */
export function record(rows: readonly (readonly [string, string])[]): string {
  const wide = Math.max(0, ...rows.map(([name]) => width(name)));
  return rows.map(([name, value]) => `${name}${' '.repeat(wide - width(name))}  ${value}`).join('\n');
}

/** Breaks at spaces; `indent` is before every line but the first. */
export function wrap(text: string, widthMax: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && width(line) + 1 + width(word) > widthMax) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

export function cut(line: string, widthMax: number): string {
  return width(line) > widthMax
    ? `${Array.from(line)
        .slice(0, widthMax - 1)
        .join('')}…`
    : line;
}

function width(text: string): number {
  return Array.from(text).length;
}
