/** Computer compliance as a table: a row for each volume; a computer that lists none has one row. */
import type { Cell, CsvCells, CsvStyle } from './csv.ts';
import { csvTable } from './csv.ts';
import { type ComputerColumn, computerHeadings } from '../text/reports.ts';
import type { Computer, KeyHistory, Volume } from './messages.ts';

interface Row {
  readonly computer: Computer;
  readonly volume: Pick<Volume, 'volumeId' | 'type' | 'keys'> | null;
  /** null where the latest report does not list the volume */
  readonly facts: Volume | null;
}

export function computersCsv(
  pages: AsyncIterable<readonly Computer[]>,
  style: CsvStyle,
): AsyncGenerator<string> {
  return csvTable(computerHeadings, cellsOf(style), rowsOf(pages), style);
}

async function* rowsOf(pages: AsyncIterable<readonly Computer[]>): AsyncGenerator<readonly Row[]> {
  for await (const page of pages) yield page.flatMap(rowsOfComputer);
}

function rowsOfComputer(computer: Computer): Row[] {
  const rows = [
    ...computer.volumes.map((volume): Row => ({ computer, volume, facts: volume })),
    ...computer.otherVolumes.map((volume): Row => ({ computer, volume, facts: null })),
  ];
  return rows.length > 0 ? rows : [{ computer, volume: null, facts: null }];
}

/** Several values in one cell. */
const list = (values: readonly string[]): string | null => (values.length > 0 ? values.join(' | ') : null);
const wordsIn = (values: readonly { readonly words: string }[]) => list(values.map(({ words }) => words));

function cellsOf({ zone }: CsvStyle): CsvCells<ComputerColumn, Row> {
  const ofComputer = (cell: (computer: Computer) => Cell) => (row: Row) => cell(row.computer);
  const ofVolume =
    (cell: (volume: Volume) => Cell) =>
    ({ facts }: Row) =>
      facts && cell(facts);
  const ofKeys =
    (text: (key: KeyHistory) => string) =>
    ({ volume }: Row) =>
      volume && list(volume.keys.map(text));
  return {
    computerName: ofComputer(({ computerName }) => computerName),
    domain: ofComputer(({ domain }) => domain),
    deviceId: ofComputer(({ deviceId }) => deviceId),
    site: ofComputer(({ siteName }) => siteName),
    standing: ofComputer(({ standing }) => standing.words),
    deviceState: ofComputer(({ deviceState }) => deviceState.words),
    osVersion: ofComputer(({ osVersion }) => osVersion),
    make: ofComputer(({ make }) => make),
    model: ofComputer(({ model }) => model),
    tpmPresent: ofComputer(({ tpmPresent }) => tpmPresent),
    users: ofComputer(({ users }) => list(users)),
    policyVersion: ofComputer(({ policyVersion }) => policyVersion),
    state: ofComputer(({ state }) => state.words),
    reasons: ofComputer(({ reasons }) => wordsIn(reasons)),
    error: ofComputer(({ error }) => error),
    lastSeen: ofComputer(({ lastSeen }) => new Date(lastSeen)),
    reportedAt: ofComputer(({ reportedAt }) => new Date(reportedAt)),
    reportedTo: ofComputer(({ reportedTo }) => reportedTo),
    volumeType: ({ volume }) => volume?.type.words,
    driveLetter: ofVolume(({ driveLetter }) => driveLetter),
    volumeId: ({ volume }) => volume?.volumeId,
    protection: ofVolume(({ protection }) => protection.words),
    suspended: ofVolume(({ suspended }) => suspended),
    conversion: ofVolume(({ conversion }) => conversion.words),
    encryptionPercentage: ofVolume(({ encryptionPercentage }) => encryptionPercentage),
    encryptionMethod: ofVolume(({ encryptionMethod }) => encryptionMethod.words),
    lock: ofVolume(({ lock }) => lock.words),
    protectors: ofVolume(({ protectors }) => wordsIn(protectors.map(({ type }) => type))),
    volumeReasons: ofVolume(({ reasons }) => wordsIn(reasons)),
    keyIds: ofKeys(({ keyId }) => keyId),
    keyStates: ofKeys(({ state }) => state.words),
    escrowedAt: ofKeys(({ escrowedAt }) => zone.text(escrowedAt)),
    disclosedAt: ofKeys(({ disclosedAt }) => disclosedAt.map((at) => zone.text(at)).join(', ') || '–'),
  };
}
