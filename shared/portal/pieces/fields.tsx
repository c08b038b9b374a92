/** Pieces of forms. */
import type { Child } from 'hono/jsx';

export function Field({
  label,
  id,
  hint,
  children,
}: {
  label: string;
  id: string;
  hint?: string;
  children: Child;
}) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint !== undefined && (
        <p class="faint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** The choices of a `select`, in the order of their codes; `none` stands first and says nothing. */
export function Options<Code extends string>({
  of,
  words,
  chosen,
  none,
}: {
  of: readonly Code[];
  words: Readonly<Record<Code, string>>;
  chosen: string | undefined;
  none?: string;
}) {
  return (
    <>
      {none !== undefined && <option value="">{none}</option>}
      {of.map((code) => (
        <option value={code} selected={code === chosen}>
          {words[code]}
        </option>
      ))}
    </>
  );
}
