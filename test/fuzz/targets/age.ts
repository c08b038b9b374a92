/** Encrypted archives, and the files with identities that open them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Encrypter, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { AgeError, decryptFile, readAgeIdentities } from '../../../central/snapshot/age.ts';
import { type Target, must, same, textOf } from '../target.ts';

const IDENTITY = 'AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SDZ2L3N';

export const target: Target = {
  name: 'age',
  holds:
    'an archive opens to exactly what was encrypted, or not at all; whatever else the file is, the error is one of the product’s, and says nothing of the content; nothing is left where it does not open',
  inputs: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(fc.nat(400), fc.nat(255)).map(([at, byte]) => Uint8Array.of(1, at >> 8, at & 255, byte)),
    fc.string({ maxLength: 100 }),
  ),
  words: ['age-encryption.org/v1\n', '-> X25519 ', '--- ', '-> scrypt ', '\n', 'AGE-SECRET-KEY-1'],
  bytesMax: 600,
  async open() {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'holdfast-fuzz-age-'));
    const [from, to, keys] = ['from.age', 'to', 'keys.txt'].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ];
    const { generateIdentity } = await import('age-encryption');
    const identity = await generateIdentity();
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(identity));
    const plain = 'SQLite format 3\0 and what a database holds';
    const sealed = await encrypter.encrypt(plain);
    const opened = async (
      bytes: Uint8Array,
      identities: readonly string[] = [identity],
    ): Promise<string | null> => {
      writeFileSync(from, bytes);
      rmSync(to, { force: true });
      try {
        await decryptFile(from, to, identities);
        return readFileSync(to, 'utf8');
      } catch (error) {
        must(error instanceof AgeError, 'another error than the product’s');
        must(!error.message.includes('SQLite'), 'an error says what is in an archive');
        return null;
      }
    };
    must((await opened(sealed)) === plain, 'an archive does not open');
    return {
      seeds: [new Uint8Array(sealed), `# created\n${IDENTITY}\n`, new Uint8Array([1, 0, 40, 7])],
      async run(input) {
        const changed = sealed.slice();
        if (input[0] === 1) {
          const at = ((input[1] ?? 0) * 256 + (input[2] ?? 0)) % changed.length;
          changed[at] = (changed[at] ?? 0) ^ (input[3] === undefined || input[3] === 0 ? 1 : input[3]);
          must((await opened(changed)) === null, 'an archive opens of which a byte was changed');
        } else {
          const text = await opened(input);
          must(
            text === null || (text === plain && Buffer.from(sealed).equals(input)),
            'something opens that is no archive',
          );
        }
        writeFileSync(keys, input);
        const lines = await readAgeIdentities(keys);
        must(
          (await opened(sealed, lines)) === null || lines.includes(identity),
          'an archive opens to another identity',
        );
        same(
          lines,
          textOf(input)
            .split(/\r?\n/)
            .map((line) => line.trim())
            .filter((line) => line !== '' && !line.startsWith('#'))
            .map((line) => line.replace(/^\ufeff/, '')),
          'other identities',
        );
      },
      close: () => {
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};
