/**
 * An enrolment link has its secret behind the #, which browsers send to nobody. It is taken out of the address, where
 * histories would keep it, and sent as the form's field.
 */
export function link(form: HTMLElement): void {
  const field = form.querySelector('input[name=link]');
  const token = location.hash.slice(1);
  if (!(form instanceof HTMLFormElement) || !(field instanceof HTMLInputElement) || !token.startsWith('hfl_'))
    return;
  history.replaceState(null, '', location.pathname);
  field.value = token;
  form.requestSubmit();
}
