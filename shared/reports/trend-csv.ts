/** The trend as a table, a row for each day. */
import type { Language } from '../text/language.ts';
import { enterpriseHeadings } from '../text/reports.ts';
import { type CsvCells, type CsvStyle, csvTable } from './csv.ts';
import { type StateColumn, onePage, stateCells, stateHeadings } from './enterprise-csv.ts';
import type { TrendAnswer } from './messages.ts';

type Day = TrendAnswer['days'][number];

export function trendCsv({ days }: TrendAnswer, style: CsvStyle): AsyncGenerator<string> {
  const headings = (language: Language) => {
    const { day, computers } = enterpriseHeadings[language];
    return { day, computers, ...stateHeadings(language) };
  };
  return csvTable({ en: headings('en'), es: headings('es') }, CELLS, onePage(days), style);
}

const CELLS: CsvCells<'day' | 'computers' | StateColumn, Day> = {
  day: ({ day }) => day,
  computers: ({ managed }) => managed,
  ...stateCells(({ states }) => states),
};
