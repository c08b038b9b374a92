/** A part of a page that the node sends anew when something changed. */
export function live(part: HTMLElement): void {
  const source = new EventSource(part.dataset['from'] ?? '');
  source.addEventListener('part', ({ data }) => {
    // The node's own page, made by the code that made the first one.
    const fresh = new DOMParser().parseFromString(String(data), 'text/html');
    part.replaceChildren(...fresh.body.childNodes);
  });
  addEventListener('pagehide', () => {
    source.close();
  });
}
