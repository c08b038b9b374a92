/** The form of one configured thing. */
import { type FieldSpec, type KindSpec, textOf, valueAt } from '../admin-fields.ts';
import { Token } from '../frame.tsx';
import { Field, Options } from '../pieces/fields.tsx';
import type { SignedIn } from '../visit.ts';

type Body = Readonly<Record<string, unknown>>;

export function ItemForm({
  visit,
  action,
  spec,
  id,
  revision,
  body,
}: {
  visit: SignedIn;
  action: string;
  spec: KindSpec;
  /** empty: a new one */
  id: string;
  /** the one that was read; 0 for a new one */
  revision: number;
  body: Body;
}) {
  const { words } = visit;
  return (
    <form method="post" action={action} class="card stack">
      <Token visit={visit} />
      <input type="hidden" name="revision" value={String(revision)} />
      {id === '' ? (
        <Field label={words.admin.id} id="id" hint={words.admin.idHint}>
          <input
            id="id"
            name="id"
            required
            maxlength={63}
            pattern="[a-z0-9]([a-z0-9\-]{0,62})"
            autocomplete="off"
            spellcheck={false}
            autofocus
            aria-describedby="id-hint"
          />
        </Field>
      ) : (
        <input type="hidden" name="id" value={id} />
      )}
      {spec.fields.map((field) => (
        <Input visit={visit} field={field} value={valueAt(body, field.at)} />
      ))}
      <div>
        <button>{words.admin.save}</button>
      </div>
    </form>
  );
}

function Input({ visit, field, value }: { visit: SignedIn; field: FieldSpec; value: unknown }) {
  const { words } = visit;
  const label = words.admin.fields[field.at];
  const id = `a-${field.at.replace('.', '-')}`;
  const text = textOf(field, value);
  if (field.type === 'check')
    return (
      <label class="tick">
        <input type="checkbox" name={field.at} value="yes" checked={value === true} /> {label}
      </label>
    );
  if (field.type === 'text')
    return (
      <Field label={label} id={id}>
        <input
          id={id}
          name={field.at}
          value={text}
          required
          maxlength={field.charactersMax}
          autocomplete="off"
        />
      </Field>
    );
  if (field.type === 'number')
    return (
      <Field label={label} id={id}>
        <input id={id} name={field.at} type="number" min="0" step="any" value={text} required />
      </Field>
    );
  if (field.type === 'date')
    return (
      <Field label={label} id={id} hint={words.admin.dateHint}>
        <input id={id} name={field.at} type="date" value={text} aria-describedby={`${id}-hint`} />
      </Field>
    );
  if (field.type === 'sites')
    return (
      <Field label={label} id={id} hint={words.admin.sitesHint}>
        <input
          id={id}
          name={field.at}
          value={text}
          autocomplete="off"
          spellcheck={false}
          aria-describedby={`${id}-hint`}
        />
      </Field>
    );
  return (
    <Field label={label} id={id}>
      <select id={id} name={field.at}>
        <Choices visit={visit} field={field} text={text} />
      </select>
    </Field>
  );
}

function Choices({ visit, field, text }: { visit: SignedIn; field: FieldSpec; text: string }) {
  const { words, node } = visit;
  if (field.type === 'choice') return <Options of={field.of} words={words.admin.choices} chosen={text} />;
  const items = node.configuration.all(field.type === 'region' ? 'region' : 'site');
  return (
    <Options
      of={items.map(({ id }) => id)}
      words={Object.fromEntries(items.map(({ id, body }) => [id, body.name]))}
      chosen={text}
      {...(field.type !== 'site' && { none: field.type === 'region' ? '–' : words.admin.allSites })}
    />
  );
}
