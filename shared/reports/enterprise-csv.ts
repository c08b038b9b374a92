/** The enterprise report as one table: a row for all computers, then for each site, reason and Windows version. */
import { COMPLIANCE_STATES } from '../domain/vocabulary.ts';
import { complianceStateWords } from '../text/compliance.ts';
import type { Language, Words } from '../text/language.ts';
import { breakdownWords, enterpriseHeadings } from '../text/reports.ts';
import { type Cell, type CsvCells, type CsvStyle, csvTable } from './csv.ts';
import type { EnterpriseAnswer, StateGroup } from './messages.ts';

interface Row {
  readonly breakdown: keyof (typeof breakdownWords)['en'];
  readonly code: string | number | null;
  readonly name: string | null;
  readonly computers: number;
  /** null where all of a row's computers are non-compliant */
  readonly states: StateGroup['states'] | null;
  readonly ofNonCompliantPercent: number | null;
}

type State = (typeof COMPLIANCE_STATES)[number];
export type StateColumn = `${State} computers` | `${State} percent`;
type Column = Exclude<keyof (typeof enterpriseHeadings)['en'], 'percent' | 'day'> | StateColumn;

export function enterpriseCsv(answer: EnterpriseAnswer, style: CsvStyle): AsyncGenerator<string> {
  const words = breakdownWords[style.language];
  const row = (
    breakdown: Row['breakdown'],
    code: Row['code'],
    name: string | null,
    { managed, states }: StateGroup,
  ): Row => ({ breakdown, code, name, computers: managed, states, ofNonCompliantPercent: null });
  const rows: Row[] = [
    row('all', null, null, answer),
    ...answer.bySite.map((group) => row('site', group.siteId, group.siteName, group)),
    ...answer.byReason.map(({ reason, computers, percentOfNonCompliant }): Row => ({
      ...{ breakdown: 'reason', code: reason.code, name: reason.words, computers, states: null },
      ofNonCompliantPercent: percentOfNonCompliant,
    })),
    ...answer.byOsVersion.map((group) =>
      row('os-version', group.osVersion, group.osVersion ?? words['other-versions'], group),
    ),
  ];
  const cells: CsvCells<Column, Row> = {
    breakdown: ({ breakdown }) => words[breakdown],
    code: ({ code }) => code,
    name: ({ name }) => name,
    computers: ({ computers }) => computers,
    ...stateCells(({ states }) => states),
    ofNonCompliantPercent: ({ ofNonCompliantPercent }) => ofNonCompliantPercent,
  };
  return csvTable(headings(), cells, onePage(rows), style);
}

/** Each state's computers, then each state's share. */
export function stateCells<Row>(
  statesOf: (row: Row) => StateGroup['states'] | null,
): CsvCells<StateColumn, Row> {
  const cell =
    (state: State, figure: 'computers' | 'percent') =>
    (row: Row): Cell =>
      statesOf(row)?.find((one) => one.state.code === state)?.[figure] ?? null;
  const columns = (['computers', 'percent'] as const).flatMap((figure) =>
    COMPLIANCE_STATES.map((state) => [`${state} ${figure}`, cell(state, figure)] as const),
  );
  // `fromEntries` forgets the keys.
  return Object.fromEntries(columns) as CsvCells<StateColumn, Row>;
}

export function stateHeadings(language: Language): Record<StateColumn, string> {
  const { percent } = enterpriseHeadings[language];
  const states = COMPLIANCE_STATES.flatMap((state) => [
    [`${state} computers`, complianceStateWords[language][state]],
    [`${state} percent`, `${complianceStateWords[language][state]} ${percent}`],
  ]);
  return Object.fromEntries(states) as Record<StateColumn, string>;
}

function headings(): Words<Column> {
  const of = (language: Language) => {
    const { percent: _percent, day: _day, ofNonCompliantPercent, ...first } = enterpriseHeadings[language];
    return { ...first, ...stateHeadings(language), ofNonCompliantPercent };
  };
  return { en: of('en'), es: of('es') };
}

export async function* onePage<Row>(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  yield rows;
}
