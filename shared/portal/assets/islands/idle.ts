/** Warns whoever has done nothing for a while that no key is given out to them soon, and lets them go on. */

export function idle(part: HTMLElement): void {
  const said = part.querySelector('p');
  const stay = part.querySelector('button');
  if (!said || !stay) return;
  const soon = said.textContent;
  const msOf = (name: 'warnAfter' | 'overAfter'): number => Number(part.dataset[name]);
  let timers: number[] = [];

  function begin(): void {
    part.hidden = true;
    for (const timer of timers) clearTimeout(timer);
    timers = [setTimeout(warn, msOf('warnAfter')), setTimeout(tooLate, msOf('overAfter'))];
  }

  function say(text: string, mayStay: boolean): void {
    part.hidden = false;
    if (said) said.textContent = text;
    if (stay) stay.hidden = !mayStay;
  }

  function warn(): void {
    say(soon, true);
  }

  function tooLate(): void {
    say(part.dataset['over'] ?? '', false);
  }

  stay.addEventListener('click', () => {
    // Any page that is asked for counts as being there; a session that is over leads elsewhere.
    void fetch('/account').then(
      ({ ok, redirected }) => (ok && !redirected ? begin() : tooLate()),
      () => undefined, // The node does not answer just now: what stands there stays true.
    );
  });
  begin();
}
