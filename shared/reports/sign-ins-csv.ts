/** Sign-ins as a table, a row for each thing that happened. */
import { never } from '../text/reports.ts';
import { type SignInColumn, signInHeadings } from '../text/sign-ins.ts';
import { type CsvCells, type CsvStyle, csvTable } from './csv.ts';
import type { SignInRow } from './messages.ts';

export function signInsCsv(
  pages: AsyncIterable<readonly SignInRow[]>,
  style: CsvStyle,
): AsyncGenerator<string> {
  return csvTable(signInHeadings, cellsOf(style), pages, style);
}

const cellsOf = ({ language }: CsvStyle): CsvCells<SignInColumn, SignInRow> => ({
  at: ({ at }) => new Date(at),
  action: ({ action }) => action.words,
  status: ({ status }) => status.words,
  failure: ({ failure }) => failure?.words,
  method: ({ method }) => method?.words,
  staffName: ({ staffName }) => staffName,
  staffId: ({ staffId }) => staffId,
  byName: ({ byName }) => byName,
  byId: ({ byId }) => byId,
  site: ({ siteName }) => siteName,
  nodeName: ({ nodeName }) => nodeName,
  address: ({ address }) => address,
  offlineSince: ({ offlineSince }) =>
    offlineSince === null ? null : offlineSince === 0 ? never[language].never : new Date(offlineSince),
});
