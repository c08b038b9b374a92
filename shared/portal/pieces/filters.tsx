/** The filters of a report: a form whose address is a link that reproduces what it shows. */
import type { Child } from 'hono/jsx';
import type { Visit } from '../visit.ts';
import { Field, Options } from './fields.tsx';

export function Filters({
  visit,
  path,
  asked,
  keep = [],
  csv,
  children,
}: {
  visit: Visit;
  path: string;
  asked: Readonly<Record<string, string>>;
  /** fields that the form does not show and that stay as they are */
  keep?: readonly string[];
  /** address of the same rows as a file */
  csv?: string;
  children: Child;
}) {
  const { words } = visit;
  return (
    <form method="get" action={path} class="filters card" aria-label={words.table.filters}>
      {keep.map((name) => {
        const value = asked[name];
        return value === undefined ? null : <input type="hidden" name={name} value={value} />;
      })}
      {children}
      <div class="filter-actions">
        <button>{words.table.filter}</button>
        {Object.keys(asked).length > 0 && (
          <a class="button second" href={path}>
            {words.table.clear}
          </a>
        )}
        {csv !== undefined && (
          <a class="button second" href={csv} download>
            {words.table.csv}
          </a>
        )}
      </div>
    </form>
  );
}

export function TextFilter({
  name,
  label,
  asked,
  hint,
  type = 'text',
}: {
  name: string;
  label: string;
  asked: Readonly<Record<string, string>>;
  hint?: string;
  type?: 'text' | 'date' | 'number';
}) {
  return (
    <Field label={label} id={`f-${name}`} {...(hint !== undefined && { hint })}>
      <input
        id={`f-${name}`}
        name={name}
        type={type}
        value={asked[name] ?? ''}
        maxlength={320}
        autocomplete="off"
        spellcheck={false}
        aria-describedby={hint === undefined ? undefined : `f-${name}-hint`}
      />
    </Field>
  );
}

export function ChoiceFilter<Code extends string>({
  visit,
  name,
  label,
  asked,
  of,
  words,
}: {
  visit: Visit;
  name: string;
  label: string;
  asked: Readonly<Record<string, string>>;
  of: readonly Code[];
  words: Readonly<Record<Code, string>>;
}) {
  return (
    <Field label={label} id={`f-${name}`}>
      <select id={`f-${name}`} name={name}>
        <Options of={of} words={words} chosen={asked[name]} none={visit.words.table.any} />
      </select>
    </Field>
  );
}

/** The sites that this person may see. */
export function SiteFilter({
  visit,
  label,
  asked,
}: {
  visit: Visit;
  label: string;
  asked: Readonly<Record<string, string>>;
}) {
  const { node, staff } = visit;
  const sites = node.configuration
    .all('site')
    .filter(({ id }) => !staff?.sites || staff.sites.includes(id))
    .sort((a, b) => a.body.name.localeCompare(b.body.name, visit.language));
  return (
    <ChoiceFilter
      visit={visit}
      name="site"
      label={label}
      asked={asked}
      of={sites.map(({ id }) => id)}
      words={Object.fromEntries(sites.map(({ id, body }) => [id, body.name]))}
    />
  );
}
