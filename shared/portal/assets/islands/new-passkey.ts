/**
 * Making a passkey, which only script can ask a browser for: for the account of whoever is signed in, or with the options
 * that came with an enrolment link.
 */
import { Refused, ask, wordsFor } from './ask.ts';

export function newPasskey(form: HTMLElement): void {
  const said = form.querySelector('[role=status]');
  const button = form.querySelector('button');
  if (!(form instanceof HTMLFormElement) || !said || !button || !('PublicKeyCredential' in window)) return;
  const { options, next = '/', failed } = form.dataset;
  form.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    said.textContent = '';
    button.disabled = true;
    const made = options === undefined ? addTo(form, next) : handOver(form, JSON.parse(options));
    made.catch((error: unknown) => {
      button.disabled = false;
      if (error instanceof Refused && SIGN_IN_FIRST.includes(error.code))
        location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
      else said.textContent = wordsFor(error, failed);
    });
  });
}

const SIGN_IN_FIRST: readonly string[] = ['sign-in-again', 'session-over', 'credentials-missing'];

async function addTo(form: HTMLFormElement, next: string): Promise<void> {
  const passkey = await create(await ask('/v1/session/passkeys/options', {}));
  await ask('/v1/session/passkeys', { name: new FormData(form).get('name'), passkey });
  location.assign(next);
}

/** The form goes to the node as any other, with the passkey in it. */
async function handOver(form: HTMLFormElement, options: unknown): Promise<void> {
  const field = form.querySelector('input[name=passkey]');
  if (!(field instanceof HTMLInputElement)) return;
  field.value = JSON.stringify(await create(options));
  form.submit();
}

async function create(options: unknown): Promise<unknown> {
  const credential = await navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(
      options as PublicKeyCredentialCreationOptionsJSON,
    ),
  });
  if (!(credential instanceof PublicKeyCredential)) throw new Error('no passkey was made');
  return credential.toJSON();
}
