/** Signing in with a passkey, which only script can ask a browser for. */
export function passkey(part: HTMLElement): void {
  const button = part.querySelector('button');
  const said = part.querySelector('[role=status]');
  if (!button || !said || !('PublicKeyCredential' in window)) return;
  button.hidden = false;
  button.addEventListener('click', () => {
    said.textContent = '';
    signIn().then(
      () => {
        location.assign(part.dataset['next'] ?? '/');
      },
      () => {
        said.textContent = part.dataset['failed'] ?? '';
      },
    );
  });
}

async function signIn(): Promise<void> {
  const options = (await ask('/v1/session/passkey/options', {})) as PublicKeyCredentialRequestOptionsJSON;
  const credential = await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
  });
  if (!(credential instanceof PublicKeyCredential)) throw new Error('no passkey was given');
  await ask('/v1/session/passkey', credential.toJSON());
}

async function ask(path: string, body: unknown): Promise<unknown> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`refused: ${String(response.status)}`);
  return response.json();
}
