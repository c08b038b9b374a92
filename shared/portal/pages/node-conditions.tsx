/** How nodes are: disk, clock, whether their tables agree, what is kept aside, forks. Each says so of itself. */
import type { z } from 'zod';
import type { NodeCondition, SaidCondition } from '../../replication/condition.ts';
import type { nodeFreshness } from '../../replication/peers.ts';
import type { Column } from '../pieces/table.tsx';
import { Tag } from '../pieces/tag.tsx';
import { Time } from '../pieces/time.tsx';
import type { SignedIn } from '../visit.ts';

type NodeFreshness = z.infer<typeof nodeFreshness>;

/** A clock that is off by less is called right: the way of a message is in it. */
const CLOCK_RIGHT_MS = 2_000;

export function conditionColumns(visit: SignedIn): Column<NodeFreshness>[] {
  const { words } = visit;
  const of =
    (cell: (condition: NodeCondition) => ReturnType<Column<NodeFreshness>['cell']>) =>
    ({ condition }: NodeFreshness) =>
      condition === null ? words.nodes.notKnown : cell(condition);
  return [
    { head: words.nodes.node, isName: true, cell: ({ nodeName }) => nodeName },
    { head: words.nodes.disk, cell: of(({ disk }) => <Disk visit={visit} disk={disk} />) },
    { head: words.nodes.clock, cell: of(({ clockAheadMs }) => <Skew visit={visit} ms={clockAheadMs} />) },
    { head: words.nodes.agree, cell: of((condition) => <Agreement visit={visit} {...condition} />) },
    { head: words.nodes.keptAside, isNumber: true, cell: of(({ aside }) => String(aside)) },
    {
      head: words.nodes.forks,
      isNumber: true,
      cell: ({ forks }) => (forks === 0 ? '0' : <Tag kind="bad">{String(forks)}</Tag>),
    },
    { head: words.nodes.saidAt, cell: of(({ at }) => <Time visit={visit} at={at} ago />) },
  ];
}

export function Disk({ visit, disk }: { visit: SignedIn; disk: SaidCondition['disk'] }) {
  const { words, language } = visit;
  if (disk === null) return <>{words.nodes.diskElsewhere}</>;
  const { held, all, freeBytes } = disk;
  const gigabytes = new Intl.NumberFormat(language, {
    ...{ style: 'unit', unit: 'gigabyte', maximumFractionDigits: 1 },
  });
  const free = freeBytes === null ? '' : words.nodes.diskFree(gigabytes.format(freeBytes / 1e9));
  if (held === all) return <>{`${words.nodes.diskEnough}${free}`}</>;
  return (
    <>
      <Tag kind="bad">{words.nodes.diskFull}</Tag> {`${words.nodes.diskReserve(held, all)}${free}`}
    </>
  );
}

export function Skew({ visit, ms }: { visit: SignedIn; ms: number | null }) {
  const { words } = visit;
  if (ms === null) return <>{words.nodes.notKnown}</>;
  if (Math.abs(ms) < CLOCK_RIGHT_MS) return <>{words.nodes.clockRight}</>;
  const { clockAhead, clockBehind } = words.nodes;
  const off = visit.clock.span(Math.abs(ms));
  return <Tag kind="warn">{ms > 0 ? clockAhead(off) : clockBehind(off)}</Tag>;
}

export function Agreement({
  visit,
  agreedAt,
  differing,
}: {
  visit: SignedIn;
} & Pick<NodeCondition, 'agreedAt' | 'differing'>) {
  const { words } = visit;
  if (differing > 0) return <Tag kind="bad">{words.nodes.differ(differing)}</Tag>;
  if (agreedAt === null) return <>{words.nodes.notCompared}</>;
  return (
    <>
      {words.nodes.agreed} <Time visit={visit} at={agreedAt} ago />
    </>
  );
}
