/** The recovery audit as a table with MBAM's columns first in meaning, and what they leave out beside them. */
import { type AuditColumn, auditHeadings, never } from '../text/reports.ts';
import { type CsvCells, type CsvStyle, csvTable } from './csv.ts';
import type { AuditRow } from './messages.ts';

export function auditCsv(pages: AsyncIterable<readonly AuditRow[]>, style: CsvStyle): AsyncGenerator<string> {
  return csvTable(auditHeadings, cellsOf(style), pages, style);
}

const KEY_ID_CHARACTERS = 36;

const cellsOf = ({ language }: CsvStyle): CsvCells<AuditColumn, AuditRow> => ({
  at: ({ at }) => new Date(at),
  source: ({ source }) => source.words,
  action: ({ action }) => action.words,
  status: ({ status }) => status.words,
  failure: ({ failure }) => failure?.words,
  staffName: ({ staffName }) => staffName,
  staffId: ({ staffId }) => staffId,
  staffRole: ({ staffRole }) => staffRole.words,
  endUser: ({ endUser }) => endUser,
  computerName: ({ computerName }) => computerName,
  domain: ({ domain }) => domain,
  deviceId: ({ deviceId }) => deviceId,
  volumeId: ({ volumeId }) => volumeId,
  keyType: ({ keyType }) => keyType?.words,
  // Eight digits such as 1234e567 would be read as a number; the star says that it was a beginning.
  keyId: ({ keyId }) => keyId && (keyId.length < KEY_ID_CHARACTERS ? `${keyId}*` : keyId),
  reason: ({ reason }) => reason?.words,
  verification: ({ verification }) => verification?.words,
  note: ({ note }) => note,
  otherName: ({ otherName }) => otherName,
  otherId: ({ otherId }) => otherId,
  requestId: ({ requestId }) => requestId,
  breakGlassId: ({ breakGlassId }) => breakGlassId,
  site: ({ siteName }) => siteName,
  nodeName: ({ nodeName }) => nodeName,
  address: ({ address }) => address,
  offlineSince: ({ offlineSince }) =>
    offlineSince === null ? null : offlineSince === 0 ? never[language].never : new Date(offlineSince),
});
