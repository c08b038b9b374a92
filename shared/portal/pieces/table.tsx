/** A table with headings that sort, in a region of its own that scrolls where it is wider than the screen. */
import type { Child } from 'hono/jsx';
import { addressOfQuery } from '../query.ts';
import type { Visit } from '../visit.ts';

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => Child;
  /** the code by which the address asks for this order */
  readonly sort?: string;
  readonly isNumber?: boolean;
  /** holds whole sentences, which want some room */
  readonly isText?: boolean;
  /** names the row for who hears it */
  readonly isName?: boolean;
}

export interface Order {
  readonly path: string;
  readonly asked: Readonly<Record<string, string>>;
  readonly sort: string;
  readonly order: 'asc' | 'desc';
}

export function Table<Row>({
  visit,
  caption,
  columns,
  rows,
  order,
  none = visit.words.table.none,
}: {
  visit: Visit;
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  order?: Order;
  /** what is said where there are no rows */
  none?: string;
}) {
  if (rows.length === 0) return <p class="nothing">{none}</p>;
  return (
    <div class="scroll" role="region" aria-label={caption} tabindex={0}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Heading visit={visit} column={column} order={order} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {columns.map(({ cell, isNumber, isText, isName }) =>
                isName ? (
                  <th scope="row" class={isText ? 'text' : undefined}>
                    {cell(row)}
                  </th>
                ) : (
                  <td class={isNumber ? 'number' : isText ? 'text' : undefined}>{cell(row)}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Heading<Row>({
  visit,
  column: { head, sort, isNumber },
  order,
}: {
  visit: Visit;
  column: Column<Row>;
  order: Order | undefined;
}) {
  const style = isNumber ? 'number' : undefined;
  if (sort === undefined || !order)
    return (
      <th scope="col" class={style}>
        {head}
      </th>
    );
  const { page: _page, ...asked } = order.asked;
  const isThis = order.sort === sort;
  const turned = isThis && order.order === 'asc' ? 'desc' : 'asc';
  const { sortedUp, sortedDown } = visit.words.table;
  return (
    <th
      scope="col"
      class={style}
      aria-sort={isThis ? (order.order === 'asc' ? 'ascending' : 'descending') : undefined}
    >
      <a href={addressOfQuery(order.path, { ...asked, sort, order: turned })}>
        {head}
        {isThis && (
          <span title={order.order === 'asc' ? sortedUp : sortedDown} aria-hidden="true">
            {order.order === 'asc' ? ' ▲' : ' ▼'}
          </span>
        )}
      </a>
    </th>
  );
}

/** Which rows these are, and the way to the others. */
export function Pages({
  visit,
  path,
  asked,
  page,
  limit,
  total,
}: {
  visit: Visit;
  path: string;
  asked: Readonly<Record<string, string>>;
  page: number;
  limit: number;
  total: number;
}) {
  const { words, language } = visit;
  const number = new Intl.NumberFormat(language);
  const last = Math.max(1, Math.ceil(total / limit));
  const to = (wanted: number) => addressOfQuery(path, { ...asked, page: String(wanted) });
  const from = Math.min(total, (page - 1) * limit + 1);
  return (
    <nav class="pages" aria-label={words.table.pages}>
      <span>
        {words.table.rows(
          number.format(from),
          number.format(Math.min(total, page * limit)),
          number.format(total),
        )}
      </span>
      {page > 1 && <a href={to(Math.min(page - 1, last))}>{words.table.previous}</a>}
      {page < last && <a href={to(page + 1)}>{words.table.next}</a>}
    </nav>
  );
}
