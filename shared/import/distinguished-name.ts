/**
 * Distinguished names as LDAP writes them (RFC 4514): parts with commas between, the nearest first. A comma, a plus
 * sign and some others are escaped within a value, by a backslash before the character or before its two hex digits.
 */

export interface NamePart {
  /** lower-case: cn, ou, dc */
  readonly type: string;
  readonly value: string;
}

/** The parts, or null when this is no distinguished name. */
export function parseDistinguishedName(text: string): NamePart[] | null {
  const parts: NamePart[] = [];
  for (const piece of splitUnescaped(text)) {
    const at = piece.indexOf('=');
    const type = piece.slice(0, Math.max(at, 0)).trim().toLowerCase();
    if (!/^[a-z][a-z0-9-]*$|^\d+(\.\d+)*$/.test(type)) return null;
    parts.push({ type, value: unescape(piece.slice(at + 1).trim()) });
  }
  return parts;
}

/** The same name however it was spaced or capitalised, for comparing. */
export function nameOf(parts: readonly NamePart[]): string {
  return parts.map(({ type, value }) => `${type}=${value.toLowerCase().replaceAll(',', '\\,')}`).join(',');
}

/** `DC=corp,DC=example,DC=org` as `corp.example.org`. */
export function domainOf(parts: readonly NamePart[]): string {
  return parts.flatMap(({ type, value }) => (type === 'dc' ? [value] : [])).join('.');
}

function splitUnescaped(text: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text.charAt(at) === '\\') at += 1;
    else if (text.charAt(at) === ',') {
      pieces.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...pieces, text.slice(from)];
}

const decoder = new TextDecoder();

/** Hex pairs that follow each other are the bytes of one UTF-8 text. In one pass: a backslash that was escaped begins no pair. */
function unescape(value: string): string {
  return value.replace(/((?:\\[0-9a-f]{2})+)|\\(.)/gis, (_, pairs: string | undefined, sign: string) =>
    pairs === undefined
      ? sign
      : decoder.decode(
          Uint8Array.from(pairs.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16)),
        ),
  );
}
