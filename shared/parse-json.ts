/**
 * JSON from somebody who may send anything: the value, or null where it is none. Whoever calls this checks its shape.
 * The error is not kept: its message would quote what stands there (I8).
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
