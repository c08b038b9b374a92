/** The command line's words about importing and exporting keys, in English. */
import type { ImportSource } from '../../shared/domain/vocabulary.ts';

const SOURCES: Readonly<Record<ImportSource, string>> = {
  'active-directory': 'Active Directory',
  mbam: 'MBAM',
  entra: 'Entra ID',
  csv: 'a spreadsheet',
};

const s = (count: number): string => (count === 1 ? '' : 's');
const n = (value: number): string => value.toLocaleString('en-GB');

function duration(seconds: number): string {
  if (seconds < 60) return `${String(seconds)} s`;
  return `${String(Math.floor(seconds / 60))} min ${String(seconds % 60)} s`;
}

/** In a POSIX shell. */
function quoted(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`;
}

export const importing = {
  help: {
    import: 'bring keys in from Active Directory, MBAM or ConfigMgr, Entra, or a spreadsheet',
    source: 'what the files are: ad (LDIF), mbam (CSV of the documented query), entra (Graph JSON), csv',
    files: 'the files, or - for standard input; they are read once and never copied',
    site: 'the site of every computer that no rule of --sites names',
    sites: 'file of rules: computer, ou or domain, pattern, site',
    map: 'csv: which column is which field, as keyId="Key ID"',
    delimiter: 'of a CSV, where the header does not show it',
    dryRun: 'read and check everything, and write nothing',
    report: 'also write the report to these files (.txt, .json, .csv)',
    export: 'take all keys out, to a file that only age recipients can read; needs two officers',
    exportRequest: 'ask for an export, as the first officer',
    exportConfirm: 'confirm an export, as the second officer',
    exportShow: 'show what an export is about and how far it is',
    exportFetch: 'fetch a confirmed export',
    exportId: "the export's ID",
    recipient: 'who can read it: age1...',
    purpose: 'worst-day: the keys are used now, and PCs make new ones; leaving: they stay as they are',
    reason: 'why, for the audit record of every key',
    out: 'file to make',
  },
  importedFrom: (source: ImportSource, confirmed: boolean): string =>
    `imported from ${SOURCES[source]}${confirmed ? '' : ', not confirmed by a PC yet'}`,
  whichSite: 'To which site do the computers belong?',
  howToSite: 'Give --site ID for all of them, or --sites FILE with rules, or both.',
  mapIsForCsv: '--map is for csv; the other sources have columns of their own.',
  notAField: (field: string, fields: readonly string[]): string =>
    `--map knows no field "${field}". There are: ${fields.join(', ')}.`,
  notASiteRule: (file: string, line: number): string =>
    `${file}, line ${String(line)}: not a rule like "ou OU=Madrid,DC=corp,DC=example madrid".`,
  noSuchFile: 'there is no such file',
  reportForm: (file: string): string => `${file}: a report is .txt, .json or .csv.`,
  columnsMissing: (fields: readonly string[]): string =>
    `The header has no column for: ${fields.join(', ')}.`,
  useMap:
    'The first line has to name the columns. Say which is which by --map FIELD=COLUMN, and the sign between them by --delimiter.',
  isItTheQuery: 'Is it the result of docs/import/mbam.sql or configmgr.sql, saved as CSV with its header?',
  notText: (file: string, kind: 'gzip' | 'zip' | 'binary'): string =>
    ({
      gzip: `${file} is compressed (gzip): unpack it first.`,
      zip: `${file} is a ZIP archive or a workbook: unpack it, or save the sheet as CSV.`,
      binary: `${file} is no text.`,
    })[kind],
  sitesTooLong: (file: string, bytes: number): string =>
    `${file}: rules of more than ${n(bytes / 1024 / 1024)} MB are not read.`,
  noKeys: 'There is no key in it. Is it the right file?',
  runAgain: (records: number): string =>
    `${n(records)} record${s(records)} were dealt with. Run the same command again: nothing is written twice.`,
  reportLost: (file: string, why: string): string => `No report in ${file}: ${why}.`,
  progress: (records: number, perSecond: number, secondsLeft: number | null): string =>
    `${n(records)} keys, ${n(perSecond)}/s${secondsLeft === null ? '' : `, ${duration(secondsLeft)} left`}`,
  done: (node: string): string => `Imported at ${node}.`,
  dryRunDone: (node: string): string => `Dry run at ${node}: nothing was written.`,
  counts: {
    records: 'Records',
    accepted: 'Accepted',
    alreadyThere: 'Already there',
    conflicts: 'Conflicts',
    invalid: 'Invalid',
  },
  otherEntries: (count: number): string =>
    `${n(count)} entr${count === 1 ? 'y' : 'ies'} without a recovery key passed over.`,
  windows1252: (count: number): string =>
    `${n(count)} record${s(count)} not in UTF-8, read as Windows-1252: look at their names.`,
  pagesMissing: 'The last page names a next one (@odata.nextLink): this is not all there is.',
  cutOff: 'The file ends in the middle of something: this is not all there is.',
  moreDetails: (count: number): string => `... and ${n(count)} more; --report FILE has all of them.`,
  group: (group: number): string => `group ${String(group)}`,
  reasons: {
    'other-password-first': 'conflict: another password had this key ID first; both are kept',
    'encoding-unknown': 'in no known encoding',
    'too-long': 'too long to be a record',
    malformed: 'cannot be read',
    'key-id-missing': 'no key ID',
    'key-id-invalid': 'the key ID is no GUID',
    'key-ids-differ': 'the key ID differs from the one in its name: bytes in another order?',
    'password-missing': 'no recovery password (may you read it at the source?)',
    'not-48-digits': 'the recovery password has not 48 digits',
    'not-divisible-by-11': 'the recovery password has a mistyped group',
    'group-too-large': 'the recovery password has a mistyped group',
    'volume-id-invalid': 'the volume ID is no GUID',
    'key-package-invalid': 'the key package is neither base64 nor 0x..., or too long',
    'text-invalid': 'a name is too long or cannot be stored',
    'site-missing': 'no rule names a site for it',
    'site-unknown': 'its site is not configured, or has no vault',
    'site-elsewhere': 'its site is of another region than this edge',
    refused: 'refused by the node',
  },
  destroy: (files: readonly string[], invalid: number): string =>
    [
      ...(invalid > 0 ? [`First look at what is invalid: those ${n(invalid)} are in the source alone.`] : []),
      files.length === 0
        ? 'Whatever the source was kept in still holds every password in the clear. Destroy it.'
        : 'The source still holds every password in the clear. Destroy it, and every copy:',
      ...(files.length === 0 ? [] : [`    shred -u ${files.map(quoted).join(' ')}`]),
      'On an SSD, a copy-on-write file system or a backup, overwriting is not enough: there, destroy the key of the encrypted volume it was on.',
    ].join('\n'),

  exportMade: (id: string): string => `Export ${id} waits for a second officer, for an hour. At this node:`,
  exportConfirmed: (id: string): string => `Export ${id} is confirmed. Either officer can fetch it now:`,
  exportDone: (file: string, keys: number): string =>
    `${n(keys)} key${s(keys)} exported to ${file}, each with its audit record.`,
  exportNotOpened: (keys: number): string =>
    `${n(keys)} key${s(keys)} could not be opened at this node and are not in the file.`,
  exportBroken: (file: string): string => `The file broke off; ${file} was not made. Fetch it again.`,
  exportRotates: 'Each key counts as disclosed: its PC makes a new one when it reports.',
  exportStays: 'The keys stay valid. Once the file was opened, let the PCs make new ones.',
  exportStates: {
    waiting: 'waits for a second officer',
    confirmed: 'confirmed',
    running: 'being fetched',
    complete: 'complete',
    'broken-off': 'broke off',
  },
  exportPurposes: { 'worst-day': 'worst-day', leaving: 'leaving' },
  exportFields: {
    exportId: 'Export',
    state: 'State',
    purpose: 'Purpose',
    reason: 'Reason',
    requestedBy: 'Requested by',
    confirmedBy: 'Confirmed by',
    recipients: 'Recipients',
    expiresAt: 'Until',
  },
};
