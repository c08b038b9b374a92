/** An address of this node and of no other: what comes from a form or an address is not believed. */
export function localPath(text: string | undefined): string {
  return text !== undefined && /^\/(?![/\\])[\x21-\x7e]{0,1500}$/.test(text) ? text : '/';
}
