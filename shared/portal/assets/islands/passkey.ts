/** Signing in with a passkey, which only script can ask a browser for. */
import { Refused, ask, wordsFor } from './ask.ts';

export function passkey(part: HTMLElement): void {
  const button = part.querySelector('button');
  const said = part.querySelector('[role=status]');
  if (!button || !said || !('PublicKeyCredential' in window)) return;
  button.hidden = false;
  button.addEventListener('click', () => {
    said.textContent = '';
    button.disabled = true;
    signIn().then(goOn, (error: unknown) => {
      button.disabled = false;
      // What a password's page would say of a name and a code does not fit.
      const isUnknown = error instanceof Refused && error.code === 'sign-in-failed';
      said.textContent = wordsFor(isUnknown ? null : error, part.dataset['failed']);
    });
  });

  function goOn(): void {
    const kept = document.querySelector('form#resume');
    if (kept instanceof HTMLFormElement) kept.submit();
    else location.assign(part.dataset['next'] ?? '/');
  }
}

async function signIn(): Promise<void> {
  const options = (await ask('/v1/session/passkey/options', {})) as PublicKeyCredentialRequestOptionsJSON;
  const credential = await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
  });
  if (!(credential instanceof PublicKeyCredential)) throw new Error('no passkey was given');
  await ask('/v1/session/passkey', credential.toJSON());
}
