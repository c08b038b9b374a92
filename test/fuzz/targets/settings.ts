/** What programs are started with: environments, identity files, keys beside them, an edge's credentials; and files of snapshot writers. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { z } from 'zod';
import { SettingError, readCentreSettings } from '../../../central/settings.ts';
import { onFiles, readSnapshotSettings, takesSnapshots } from '../../../central/snapshot/settings.ts';
import { WriterRegister, fileWriter } from '../../../central/snapshot/writers.ts';
import { say } from '../../../central/words/fault.ts';
import { en } from '../../../central/words/en.ts';
import { es } from '../../../central/words/es.ts';
import {
  SettingError as EdgeSettingError,
  peersOf,
  readBoxToken,
  readIdentity,
} from '../../../edge/settings.ts';
import { identityFile } from '../../../shared/trust/certificate.ts';
import { fixedNode } from '../fixtures.ts';
import { type Target, jsonOf, must, textOf } from '../target.ts';

const NAMES = [
  'HOLDFAST_DATA',
  'HOLDFAST_HOST',
  'HOLDFAST_PORT',
  'HOLDFAST_RECOVERY_URL',
  'HOLDFAST_RECOVERY_TOKEN',
  'HOLDFAST_RECOVERY_ADMIN_URL',
  'HOLDFAST_COMPLIANCE_URL',
  'HOLDFAST_COMPLIANCE_ADMIN_URL',
  'HOLDFAST_BOOTSTRAP_TOKEN_HASH',
  'HOLDFAST_SNAPSHOT_EVERY',
  'HOLDFAST_SNAPSHOT_RECIPIENTS',
  'HOLDFAST_SNAPSHOT_PLAIN',
  'HOLDFAST_SNAPSHOT_KEEP_LAST',
  'HOLDFAST_SNAPSHOT_DIR',
  'HOLDFAST_CENTRE_URL',
] as const;
const VALUES = [
  '',
  '127.0.0.1',
  '0.0.0.0',
  '::1',
  '8700',
  '-1',
  '65536',
  '1e3',
  ' 80',
  'file:/x/y.db',
  'http://127.0.0.1:8080',
  'https://u:p@h',
  'libsql://x',
  'ftp://x',
  'off',
  '6h',
  '0h',
  '99999d',
  'yes',
  'age1qqqq',
  'age1a, age1b',
  'NaN',
];
const recipe = z.looseObject({
  env: z.record(z.string(), z.string()).optional(),
  identity: z.unknown().optional(),
  vault: z.unknown().optional(),
  tls: z.unknown().optional(),
  writer: z.unknown().optional(),
});
const SECRET = 'not-for-any-message';

export const target: Target = {
  name: 'settings',
  holds:
    'a program gets settings that are all usable, or one sentence in both languages that names the setting and has no secret in it; a file of a writer that is none is left out; both programs read the same identity',
  inputs: fc
    .record({
      env: fc.dictionary(
        fc.constantFrom(...NAMES),
        fc.oneof(fc.constantFrom(...VALUES), fc.string({ maxLength: 20 })),
        { maxKeys: 6 },
      ),
      identity: fc.constantFrom<unknown>('own', 'own', {}, null, 'x'),
      vault: fc.option(fc.jsonValue({ maxDepth: 1 }), { nil: undefined }),
      writer: fc.jsonValue({ maxDepth: 2 }),
    })
    .map((value) => JSON.stringify(value)),
  words: [...NAMES, ...VALUES.filter((value) => value.length > 1), '"own"', '"vaultId":"north"', 'STABLE'],
  bytesMax: 4_000,
  async open() {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'holdfast-fuzz-settings-'));
    const { file } = await fixedNode('centreaaaa', 'centre');
    const writers = path.join(folder, 'writers');
    mkdirSync(writers);
    const made = await new WriterRegister(writers).register(
      'recovery',
      'server',
      fileWriter('/x/recovery.db'),
    );
    const at = (name: string) => path.join(folder, name);
    const sentence = (error: unknown) => {
      must(
        error instanceof SettingError,
        `another error than a setting's: ${error instanceof Error ? error.name : ''}`,
      );
      for (const words of [en, es]) {
        const said = say(words, error.fault);
        must(
          said.length > 10 && !said.includes('undefined') && !said.includes(SECRET),
          'no sentence says what is wrong',
        );
      }
    };
    return {
      seeds: [
        { env: { HOLDFAST_PORT: '8700', HOLDFAST_RECOVERY_TOKEN: SECRET }, identity: 'own', writer: made },
        {
          env: {
            HOLDFAST_RECOVERY_URL: 'http://127.0.0.1:1',
            HOLDFAST_RECOVERY_ADMIN_URL: 'http://127.0.0.1:2',
            HOLDFAST_COMPLIANCE_URL: 'file:/x/c.db',
          },
          identity: file,
          vault: {
            vaultId: 'north',
            scope: 'region',
            regionId: 'north',
            publicKey: 'p',
            privateKey: 'k'.repeat(43),
          },
        },
        {
          env: { HOLDFAST_SNAPSHOT_EVERY: '6h', HOLDFAST_SNAPSHOT_RECIPIENTS: 'age1qqqq' },
          identity: 'own',
          tls: { domain: 'edges.example' },
        },
      ].map((one) => JSON.stringify(one)),
      async run(input) {
        const parsed = recipe.safeParse(jsonOf(input));
        const of = parsed.success ? parsed.data : { identity: textOf(input), writer: textOf(input) };
        const identity =
          of.identity === 'own'
            ? JSON.stringify(file)
            : typeof of.identity === 'string'
              ? of.identity
              : JSON.stringify(of.identity ?? null);
        writeFileSync(at('identity.json'), identity);
        for (const [name, value] of [
          ['vault-north.json', 'vault' in of ? of.vault : undefined],
          ['tls-authority.json', 'tls' in of ? of.tls : undefined],
        ] as const)
          if (value === undefined) rmSync(at(name), { force: true });
          else writeFileSync(at(name), JSON.stringify(value));
        const env = { ...('env' in of ? of.env : {}), HOLDFAST_IDENTITY_FILE: at('identity.json') };
        let isRead = false;
        try {
          const settings = readCentreSettings(env);
          isRead = true;
          must(Number.isInteger(settings.port) && settings.port >= 0 && settings.port < 65_536, 'no port');
          must(['127.0.0.1', 'localhost', '::1'].includes(settings.host), 'a host beyond this machine');
          must(identityFile.safeParse(settings.identity).success, 'no identity');
          must(
            takesSnapshots(settings) ===
              (onFiles(settings) ||
                !Object.values(settings.databases).some(({ url }) => url.startsWith('file:'))),
            'snapshots where there are none',
          );
          if (takesSnapshots(settings)) {
            const { everyMs, retention } = readSnapshotSettings(env, settings);
            must(everyMs === null || (everyMs > 0 && Number.isSafeInteger(everyMs)), 'no interval');
            must(
              Object.values(retention).every((count) => Number.isInteger(count) && count >= 0),
              'no retention',
            );
          }
        } catch (error) {
          if (error instanceof Error && error.message.startsWith('no ')) throw error;
          sentence(error);
        }
        await edge(identity, isRead, env);
        writeFileSync(
          path.join(writers, 'b.json'),
          typeof of.writer === 'string' ? of.writer : JSON.stringify(of.writer ?? null),
        );
        const listed = await new WriterRegister(writers).list();
        must(
          listed.some(({ instance }) => instance === made.instance) && listed.length <= 2,
          'a writer is lost beside a file that is none',
        );
      },
      close: () => {
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

async function edge(identity: string, isRead: boolean, env: Readonly<Record<string, string>>): Promise<void> {
  const credentials = {
    fetch: (url: string) =>
      Promise.resolve(url.endsWith('identity.json') ? new Response(identity) : new Response('[]')),
  };
  const bound = {
    CREDENTIALS: credentials,
    ...(env['HOLDFAST_CENTRE_URL'] === undefined ? {} : { HOLDFAST_CENTRE_URL: env['HOLDFAST_CENTRE_URL'] }),
  };
  const read = await readIdentity(bound).then(
    () => true,
    (error: unknown) => {
      must(error instanceof EdgeSettingError, 'another error than a setting’s at the edge');
      return false;
    },
  );
  must(read || !isRead, 'the centre reads an identity that the edge does not');
  await readBoxToken(bound);
  try {
    peersOf(bound);
  } catch (error) {
    must(error instanceof EdgeSettingError, 'another error than a setting’s at the edge');
  }
}
