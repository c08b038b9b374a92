/** Says while somebody types whether what stands there can be a key ID, and how much of one it is. */
const BETWEEN = /[\s{}-]/g;
const WHOLE = 32;
const ENOUGH = 8;

export function digits(form: HTMLElement): void {
  const field = form.querySelector('input[name=digits]');
  const hint = form.querySelector<HTMLElement>('#digits-hint');
  if (!(field instanceof HTMLInputElement) || !hint) return;
  const words = hint.dataset;
  const idle = hint.textContent;
  field.addEventListener('input', () => {
    const typed = field.value.replace(BETWEEN, '');
    const isWrong = !/^[0-9a-f]*$/i.test(typed) || typed.length > WHOLE;
    hint.classList.toggle('fault', isWrong);
    if (isWrong) hint.textContent = words['wrong'] ?? '';
    else if (typed.length === 0) hint.textContent = idle;
    else if (typed.length < ENOUGH) hint.textContent = `${words['few'] ?? ''}${String(typed.length)}`;
    else if (typed.length < WHOLE) hint.textContent = `${words['enough'] ?? ''}${String(typed.length)}`;
    else hint.textContent = words['whole'] ?? '';
  });
}
