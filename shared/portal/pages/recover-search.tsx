/** The one field: what somebody reads out from a blue screen. */
import { Token } from '../frame.tsx';
import type { SignedIn } from '../visit.ts';

/** 8 to 32 hex digits with whatever people put between them. */
const PATTERN = '[\\s\\{\\}\\-]*([0-9A-Fa-f][\\s\\{\\}\\-]*){8,32}';

export function SearchForm({
  visit,
  digits = '',
  fault,
  quiet = false,
}: {
  visit: SignedIn;
  digits?: string;
  fault?: string;
  /** candidates stand below: the field is there, and not what the page is about */
  quiet?: boolean;
}) {
  const { words } = visit;
  return (
    <section class={quiet ? 'search quiet' : 'search'}>
      <h1>{words.recover.title}</h1>
      {!quiet && <p class="lead">{words.recover.lead}</p>}
      <form method="post" action="/recover" class="search-form" data-island="digits">
        <Token visit={visit} />
        <label for="digits">{words.recover.digits}</label>
        <div class="field-row">
          <input
            id="digits"
            name="digits"
            value={digits}
            required
            pattern={PATTERN}
            maxlength={100}
            title={words.recover.digitsHint}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            autofocus={!quiet}
            aria-describedby={fault === undefined ? 'digits-hint' : 'digits-fault digits-hint'}
            aria-invalid={fault === undefined ? undefined : 'true'}
            class="code large"
          />
          <button class={quiet ? 'second' : undefined}>{words.recover.search}</button>
        </div>
        {fault !== undefined && (
          <p class="fault" id="digits-fault" role="alert">
            {fault}
          </p>
        )}
        <p
          class="faint"
          id="digits-hint"
          data-few={words.recover.digitsFew}
          data-enough={words.recover.digitsEnough}
          data-whole={words.recover.digitsWhole}
          data-wrong={words.recover.digitsWrong}
          aria-live="polite"
        >
          {words.recover.digitsHint}
        </p>
      </form>
    </section>
  );
}
