/**
 * Which password a dry run met first under each key ID: what the node would know by then, had it written. 64 bits of
 * each stand in an open-addressed table of numbers, 32 bytes a key at worst, so that half a million keys take 16 MB.
 */
const SLOT = 4;
const SLOTS_FIRST = 1 << 12;

export class FirstSeen {
  #table = new Uint32Array(SLOTS_FIRST * SLOT);
  #used = 0;

  /** `new`, or whether the same password, or another, was met before. */
  meet(keyId: string, commitment: string): 'new' | 'same' | 'other' {
    if (this.#used * 2 * SLOT >= this.#table.length) this.#grow();
    const key = Buffer.from(keyId.replaceAll('-', '').slice(0, 16), 'hex');
    const password = Buffer.from(commitment, 'base64url');
    // An empty slot is all zero, which no password's hash is.
    const values = [
      key.readUInt32LE(0),
      key.readUInt32LE(4),
      password.readUInt32LE(0),
      password.readUInt32LE(4),
    ];
    const at = this.#place(this.#table, values);
    const table = this.#table;
    if (isEmpty(table, at)) {
      table.set(values, at);
      this.#used += 1;
      return 'new';
    }
    return table[at + 2] === values[2] && table[at + 3] === values[3] ? 'same' : 'other';
  }

  /** The slot of this key ID, or the empty one where it belongs. */
  #place(table: Uint32Array, values: readonly number[]): number {
    const slots = table.length / SLOT;
    for (let slot = (values[0] ?? 0) % slots; ; slot = (slot + 1) % slots) {
      const at = slot * SLOT;
      if (isEmpty(table, at) || (table[at] === values[0] && table[at + 1] === values[1])) return at;
    }
  }

  #grow(): void {
    const larger = new Uint32Array(this.#table.length * 2);
    for (let at = 0; at < this.#table.length; at += SLOT) {
      if (isEmpty(this.#table, at)) continue;
      const values = this.#table.subarray(at, at + SLOT);
      larger.set(values, this.#place(larger, [...values]));
    }
    this.#table = larger;
  }
}

function isEmpty(table: Uint32Array, at: number): boolean {
  return table[at + 2] === 0 && table[at + 3] === 0;
}
