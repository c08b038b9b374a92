/** The time a password is shown, copying it, its key package as a file, and that it is gone when the page is left. */
export function password(article: HTMLElement): void {
  const find = (selector: string) => article.querySelector<HTMLElement>(selector);
  const words = article.dataset;
  const countdown = find('[data-countdown]');
  const endsAt = performance.now() + Number(words['seconds']) * 1000;

  const hide = (): void => {
    find('[data-secret]')?.remove();
    countdown?.remove();
    clearInterval(timer);
  };
  const tick = (): void => {
    const left = Math.ceil((endsAt - performance.now()) / 1000);
    if (left <= 0) {
      hide();
      return;
    }
    const seconds = String(left % 60).padStart(2, '0');
    if (countdown)
      countdown.textContent = `${words['left'] ?? ''}${String(Math.floor(left / 60))}:${seconds}`;
  };
  const timer = setInterval(tick, 1000);
  tick();
  // Back and forward must not bring it to the screen again.
  addEventListener('pagehide', hide);

  offer('[data-hide]', hide);
  const groups = [...article.querySelectorAll('[data-group]')].map(({ textContent }) => textContent.trim());
  // A browser lends the clipboard to pages that came over TLS, or from the machine itself.
  if ('clipboard' in navigator)
    offer('[data-copy]', () => {
      void navigator.clipboard.writeText(groups.join('-')).then(() => {
        const said = find('[data-said]');
        if (said) said.textContent = words['copied'] ?? '';
      });
    });
  const base64 = find('[data-package-text]')?.textContent.trim();
  if (base64 !== undefined)
    offer('[data-package]', (button) => {
      save(button.dataset['package'] ?? 'key.kpg', base64);
    });

  function offer(selector: string, work: (button: HTMLElement) => void): void {
    const button = find(selector);
    if (!button) return;
    button.hidden = false;
    button.addEventListener('click', () => {
      work(button);
    });
  }
}

function save(name: string, base64: string): void {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
