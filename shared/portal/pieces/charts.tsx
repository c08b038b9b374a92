/**
 * Charts, drawn by the node as SVG. Each state has a colour and a pattern of its own, so that they are told apart in
 * print and by who sees few colours; the same numbers stand beside them as text.
 */
import { scaleLinear, scaleUtc } from 'd3-scale';
import { area, stack } from 'd3-shape';
import { COMPLIANCE_STATES, type ComplianceState } from '../../domain/vocabulary.ts';
import type { TrendDay } from '../../reports/trend.ts';
import { complianceStateWords } from '../../text/compliance.ts';
import type { Visit } from '../visit.ts';

const seriesOf = (state: ComplianceState) => String(COMPLIANCE_STATES.indexOf(state) + 1);

/** The patterns that the charts of a page refer to; once per page. */
export function Patterns() {
  const lines: readonly (string | null)[] = [
    null,
    'M-1,1 l2,-2 M0,8 l8,-8 M7,9 l2,-2',
    'M2,2 h1 v1 h-1 z M6,6 h1 v1 h-1 z',
    'M0,4 h8',
    'M-1,7 l2,2 M0,0 l8,8 M7,-1 l2,2 M0,8 l8,-8',
    'M4,0 v8',
  ];
  return (
    <svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false">
      <defs>
        {lines.map((path, index) => (
          <pattern id={`p-${String(index + 1)}`} width="8" height="8" patternUnits="userSpaceOnUse">
            <rect width="8" height="8" class={`s-${String(index + 1)}`} />
            {path !== null && <path d={path} class="hatch" />}
          </pattern>
        ))}
      </defs>
    </svg>
  );
}

/** One bar, as wide as there is room, whose parts are the states. */
export function StateBar({
  counts,
}: {
  counts: readonly { readonly state: ComplianceState; readonly computers: number }[];
}) {
  const total = counts.reduce((all, { computers }) => all + computers, 0);
  let at = 0;
  return (
    <svg class="bar" width="100%" height="20" aria-hidden="true">
      {counts.map(({ state, computers }) => {
        const x = at;
        const width = total === 0 ? 0 : (computers * 100) / total;
        at += width;
        return (
          width > 0 && (
            <rect
              x={`${String(round(x))}%`}
              y="0"
              width={`${String(round(width))}%`}
              height="20"
              fill={`url(#p-${seriesOf(state)})`}
            />
          )
        );
      })}
    </svg>
  );
}

export function Swatch({ state }: { state: ComplianceState }) {
  return (
    <svg class="swatch" width="16" height="16" aria-hidden="true">
      <rect width="16" height="16" rx="3" fill={`url(#p-${seriesOf(state)})`} />
    </svg>
  );
}

const WIDTH = 760;
const HEIGHT = 240;
const LEFT = 48;
const BOTTOM = 24;
const TOP = 8;

/** Computers by state over time, one above the other. */
export function TrendChart({
  visit,
  days,
  label,
}: {
  visit: Visit;
  days: readonly TrendDay[];
  label: string;
}) {
  const { clock, language } = visit;
  const sums = days.map(({ computers }) => [...computers.values()].reduce((all, one) => all + one, 0));
  const from = days[0]?.at ?? 0;
  const until = days.at(-1)?.at ?? 0;
  const x = scaleUtc()
    .domain([from, until])
    .range([LEFT, WIDTH - 8]);
  const y = scaleLinear()
    .domain([0, Math.max(1, ...sums)])
    .nice(4)
    .range([HEIGHT - BOTTOM, TOP]);
  const layers = stack<TrendDay, ComplianceState>()
    .keys(COMPLIANCE_STATES)
    .value(({ computers }, state) => computers.get(state) ?? 0)([...days]);
  const shape = area<(typeof layers)[number][number]>()
    .x(({ data }) => round(x(data.at)))
    .y0(([low]) => round(y(low)))
    .y1(([, high]) => round(y(high)));
  const number = new Intl.NumberFormat(language, { notation: 'compact' });
  return (
    <svg
      class="trend"
      viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`}
      preserveAspectRatio="xMinYMin"
      role="img"
      aria-label={label}
    >
      {y.ticks(4).map((tick) => (
        <>
          <line class="grid" x1={LEFT} x2={WIDTH - 8} y1={round(y(tick))} y2={round(y(tick))} />
          <text class="axis" x={LEFT - 6} y={round(y(tick)) + 4} text-anchor="end">
            {number.format(tick)}
          </text>
        </>
      ))}
      {layers.map((layer) => (
        <path d={shape(layer) ?? ''} fill={`url(#p-${seriesOf(layer.key)})`} class="layer">
          <title>{complianceStateWords[language][layer.key]}</title>
        </path>
      ))}
      <text class="axis" data-day x={LEFT} y={HEIGHT - 6}>
        {clock.day(from)}
      </text>
      <text class="axis" data-day x={WIDTH - 8} y={HEIGHT - 6} text-anchor="end">
        {clock.day(until)}
      </text>
    </svg>
  );
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
