/** A part of a page that the node sends anew when something changed. */
export function live(part: HTMLElement): void {
  const source = new EventSource(part.dataset['from'] ?? '');
  source.addEventListener('part', ({ data }) => {
    // The node's own page, made by the code that made the first one.
    const fresh = new DOMParser().parseFromString(String(data), 'text/html');
    part.replaceChildren(...fresh.body.childNodes);
  });
  const close = (): void => {
    source.close();
    part.dataset['live'] = 'no';
  };
  source.addEventListener('open', () => {
    part.dataset['live'] = 'yes';
  });
  // The browser would ask again for ever, and so keep alive what ought to rest.
  source.addEventListener('end', close);
  source.addEventListener('error', close);
  addEventListener('pagehide', close);
}
