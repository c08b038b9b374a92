/** LDIF of Active Directory. */
import fc from 'fast-check';
import { ActiveDirectoryReader } from '../../../shared/import/active-directory.ts';
import { ldifEntry, sourceFile, trueKeys } from '../../import/sources.ts';
import { TRUE_KEY, beginsAsUtf16, plain, read, readEveryWay } from '../import-reader.ts';
import { type Target, bytesOf, must, same } from '../target.ts';
import { joined } from '../../../shared/import/text.ts';

const GOOD = ldifEntry(TRUE_KEY);
const keys = [...trueKeys(20, 'ldif')];
const whole = Buffer.concat([...sourceFile('active-directory', 100)]);

export const target: Target = {
  name: 'import-ldif',
  holds:
    'the same records in pieces of any size and in UTF-8, UTF-16LE and UTF-16BE; a record that follows is read whatever stands before it; faults say a line and a reason alone',
  inputs: fc
    .array(
      fc.oneof(
        fc.constantFrom(...keys).map((key) => ldifEntry(key)),
        fc
          .tuple(
            fc.constantFrom(...keys),
            fc.nat(500),
            fc.constantFrom('\n', '\n ', ':', '::', ':<', '\\', '#', '\r\n\r\n', '\0', '\u20ac'),
          )
          .map(([key, at, sign]) => {
            const text = ldifEntry(key);
            return text.slice(0, at) + sign + text.slice(at);
          }),
        fc.constantFrom(
          '# comment\r\n continued\r\n\r\n',
          'dn: OU=PCs,DC=x\r\nobjectClass: organizationalUnit\r\n\r\n',
          '\r\n',
          ' orphan\r\n',
        ),
      ),
      { maxLength: 4 },
    )
    .map((entries) => entries.join('')),
  words: [
    'msFVE-RecoveryGuid:: ',
    'msFVE-RecoveryPassword: ',
    'msFVE-VolumeGuid:: ',
    'msFVE-KeyPackage:: ',
    'whenCreated: ',
    'objectClass: msFVE-RecoveryInformation',
    'dn: CN=',
    'dn:: ',
    '\r\n ',
    '\\2C',
    '\\c3\\b1',
    ';binary',
    '20240131093211.0Z',
    '{3FD763F9-74C7-4E90-8FA2-1F6A2E2B4E0C}',
  ],
  open: () => ({
    seeds: [GOOD, new Uint8Array(whole.subarray(0, 3_000)), ldifEntry(TRUE_KEY).replaceAll('\r\n', '\n')],
    run(input) {
      const before = readEveryWay(() => new ActiveDirectoryReader(), input);
      must(before !== null, 'a file is refused as a whole');
      if (beginsAsUtf16(input)) return;
      const after = read(new ActiveDirectoryReader(), joined([input, bytesOf(`\n\n${GOOD}`)]));
      same(
        after?.items.slice(0, -1).map(plain),
        before.items.map(plain),
        'a record behind changes those before',
      );
      const last = after?.items.at(-1);
      must(
        last !== undefined && 'keyId' in last && last.keyId === TRUE_KEY.keyId,
        'a record is lost behind another',
      );
      must(
        last.recoveryPassword.reveal() === TRUE_KEY.recoveryPassword && last.volumeId === TRUE_KEY.volumeId,
        'a record is changed by another',
      );
    },
  }),
};
