/** Pieces of the forms by which people get what they sign in with. */
import { PROBLEMS, type Problem } from '../../http/problem.ts';
import { limits } from '../../limits.ts';
import { PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN } from '../../staff/password.ts';
import type { Visit } from '../visit.ts';
import { Field } from './fields.tsx';

export function Fault({ visit, problem }: { visit: Visit; problem: Problem | null }) {
  if (!problem) return null;
  return (
    <p class="fault" role="alert">
      {PROBLEMS[problem.code][visit.language]}
    </p>
  );
}

/** A password, and a code that shows that the app is theirs. */
export function NewPassword({ visit: { words } }: { visit: Visit }) {
  return (
    <>
      <Field label={words.account.newPassword} id="password" hint={words.account.passwordHint}>
        <input
          id="password"
          name="password"
          type="password"
          required
          minlength={PASSWORD_CHARACTERS_MIN}
          maxlength={PASSWORD_CHARACTERS_MAX}
          autocomplete="new-password"
          aria-describedby="password-hint"
        />
      </Field>
      <Field label={words.account.code} id="code">
        <input
          id="code"
          name="code"
          required
          pattern="\s*(\d\s*){6}"
          maxlength={12}
          inputmode="numeric"
          autocomplete="one-time-code"
          class="code"
        />
      </Field>
    </>
  );
}

/** What somebody calls a passkey that they are about to make. */
export function PasskeyName({ visit: { words } }: { visit: Visit }) {
  return (
    <Field label={words.account.passkeyName} id="passkey-name" hint={words.account.passkeyNameHint}>
      <input
        id="passkey-name"
        name="name"
        required
        maxlength={limits.passkeyNameCharactersMax}
        autocomplete="off"
        aria-describedby="passkey-name-hint"
      />
    </Field>
  );
}

/** Shown once; nothing where there are none. */
export function RecoveryCodes({ visit: { words }, codes }: { visit: Visit; codes: readonly string[] }) {
  if (codes.length === 0) return null;
  return (
    <>
      <p>{words.account.codes}</p>
      <ul class="recovery-codes code">
        {codes.map((code) => (
          <li>{code}</li>
        ))}
      </ul>
    </>
  );
}
