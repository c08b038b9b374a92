/** Keys at risk as a table, a row for each key. */
import { type KeyAtRiskColumn, keyAtRiskHeadings } from '../text/reports.ts';
import { type CsvCells, type CsvStyle, csvTable } from './csv.ts';
import type { KeyAtRisk } from './messages.ts';

export function keysAtRiskCsv(
  pages: AsyncIterable<readonly KeyAtRisk[]>,
  style: CsvStyle,
): AsyncGenerator<string> {
  return csvTable(keyAtRiskHeadings, CELLS, pages, style);
}

const CELLS: CsvCells<KeyAtRiskColumn, KeyAtRisk> = {
  keyId: ({ keyId }) => keyId,
  risks: ({ risks }) => risks.map(({ words }) => words).join(' | '),
  overdue: ({ overdue }) => overdue,
  disclosedAt: ({ disclosedAt }) => (disclosedAt === null ? null : new Date(disclosedAt)),
  computerName: ({ computerName }) => computerName,
  domain: ({ domain }) => domain,
  site: ({ siteName }) => siteName,
  volumeType: ({ volumeType }) => volumeType.words,
  onDrive: ({ onDrive }) => onDrive,
  escrowedAt: ({ escrowedAt }) => new Date(escrowedAt),
  deviceId: ({ deviceId }) => deviceId,
  volumeId: ({ volumeId }) => volumeId,
};
