/** The other guides, in both languages: every command of their blocks as it is written, against one running installation. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { beforeAll, expect, it } from 'vitest';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { generateToken } from '../../central/local/secrets.ts';
import { SAMPLE_KEY_ID, SAMPLE_PASSWORD } from '../../shared/http/reference/samples.ts';
import type { Guid } from '../../shared/domain/recovery-key.ts';
import { ldifEntry } from '../import/sources.ts';
import { afterFile } from '../support/cleanup.ts';
import { ask, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/network.ts';
import { apiToken } from '../support/tokens.ts';
import { documents, linesIn, read, words } from './markdown.ts';

/** What no test can run as it stands, and why. Everything else in a block of a guide is run, by this test or `first-branch.test.ts`. */
const NOT_RUN: readonly (readonly [RegExp, string])[] = [
  [/^ldifde /, 'a program of Windows Server, against a domain'],
  [/^# npm install/, 'as root on the server: what it does is what every test of this project starts from'],
  [/^# npx holdfast install centre/, 'as root on a booted machine: test/install does it'],
  [/^# (apt-get|tar|sh holdfast-edge)/, 'as root on a box: test/install and test/appliance do it'],
  [/^(computer|ou|domain) {2,}|^# (kind|clase) {2,}/, 'lines of a file, which this test uses as that file'],
  [
    /^holdfast key find 3FD763F9 --node https:\/\/edge\S+ --token @luis\.token$/,
    'of a real PC; the same is run here from the helpdesk’s page',
  ],
];

const KEY = { keyId: SAMPLE_KEY_ID as Guid, recoveryPassword: SAMPLE_PASSWORD };
const COMPUTER = 'PC-MAD-0042';

interface Guides {
  readonly lang: string;
  readonly mbam: string;
  readonly importing: string;
  readonly helpdesk: string;
  /** the headings of the spreadsheet in the guide */
  readonly spreadsheet: string;
}

const GUIDES: readonly Guides[] = [
  {
    ...{ lang: 'C', mbam: 'docs/guides/from-mbam.md', importing: 'docs/guides/import.md' },
    ...{ helpdesk: 'docs/guides/helpdesk.md', spreadsheet: 'Recovery ID,Code,PC' },
  },
  {
    ...{ lang: 'es_ES.UTF-8', mbam: 'docs/guias/desde-mbam.md', importing: 'docs/guias/importar.md' },
    ...{ helpdesk: 'docs/guias/soporte.md', spreadsheet: 'Id. de clave,Código,PC' },
  },
];

let cluster: LocalCluster;
const ran = new Set<string>();
const program = path.join(packageRoot(), 'dist/central/cli/holdfast.js');

beforeAll(async () => {
  cluster = await startCluster(22_360, { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 1) });
}, 60_000);

it.each(GUIDES)('lead where they say: $mbam', { timeout: 180_000 }, async (guides) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-guides-'));
  afterFile(() => rm(folder, { recursive: true, force: true }));
  const eva = await secondOfficer();
  const file = (name: string, text: string) => writeFile(path.join(folder, name), text, { mode: 0o600 });
  await file('ana.token', cluster.secrets.tokens.administrator);
  await file('eva.token', eva);
  const importLines = linesIn(await read(guides.importing));
  await file('sites.txt', importLines.filter((line) => /^(computer|ou|domain) /.test(line)).join('\n'));
  await file(
    'keys.csv',
    `RecoveryKeyId,RecoveryKey,ComputerName,DomainName,Users\r\n${KEY.keyId},${KEY.recoveryPassword},${COMPUTER},corp.example,CORP\\ana\r\n`,
  );
  const volumeId = '5f3a1c9e-2b4d-4e8f-9a7b-6c5d4e3f2a1b' as Guid;
  const entry = { ...KEY, volumeId, key: new Uint8Array(16), computerName: COMPUTER, disclosed: false };
  await file('keys.ldf', ldifEntry(entry));
  const recipient = await identityToRecipient(await generateX25519Identity());

  const env: Record<string, string> = {
    ...{ PATH: process.env['PATH'] ?? '', HOME: folder, LANG: guides.lang },
    ...{ HOLDFAST_NODE: cluster.centreUrl, HOLDFAST_TOKEN: '@ana.token' },
  };
  let exportId = '';
  const asHere = (word: string): string =>
    word
      .replace('https://edge.madrid.example.org', cluster.edgeUrl('edge-madrid'))
      .replace(/^age1\.\.\.$/, recipient)
      .replace(/^e-\.\.\.$/, exportId);

  async function step(line: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
    const [command, ...args] = words(line).map(asHere);
    if (command === 'export') {
      for (const pair of args) env[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 1);
      ran.add(line);
      return '';
    }
    expect(command, line).toBe('holdfast');
    // People of the guide are made once, and a key takes a moment to reach the branch.
    if (ran.has(line) && args[0] === 'staff') return '';
    let outcome = { code: null as number | null, said: '' };
    await eventually(async () => {
      const { code, stdout, stderr } = await run(folder, args, { ...env, ...more });
      outcome = { code, said: stdout + stderr };
      return code === 0 || args[0] !== 'key';
    }, 15_000);
    expect(outcome, line).toMatchObject({ code: 0 });
    ran.add(line);
    return outcome.said;
  }

  const runnable = async (name: string) => linesIn(await read(name)).filter((line) => !reasonOf(line));
  for (const line of await runnable(guides.mbam)) await step(line);
  await keepToken(folder, 'luis.token');
  for (const name of ['dry.csv', 'import.csv'])
    expect(await readFile(path.join(folder, name), 'utf8'), name).toMatch(
      /(accepted|already-there|Aceptados|Ya estaban|Accepted|Already there)/i,
    );

  await file(
    'keys.csv',
    `${guides.spreadsheet}\r\n{${KEY.keyId.toUpperCase()}},${KEY.recoveryPassword},${COMPUTER}\r\n`,
  );
  for (const line of await runnable(guides.importing)) {
    if (line.startsWith('holdfast key ')) {
      expect(await step(line, { HOLDFAST_TOKEN: '@luis.token' })).toContain(COMPUTER);
      continue;
    }
    const officer = line.includes('export confirm') ? { HOLDFAST_TOKEN: '@eva.token' } : {};
    const text = await step(line, officer);
    exportId = /\be-[a-z2-7]{16}\b/.exec(text)?.[0] ?? exportId;
  }
  expect(await readFile(path.join(folder, 'keys.age'), 'latin1')).toMatch(/^age-encryption\.org\/v1/);

  for (const line of await runnable(guides.helpdesk)) {
    const text = await step(line);
    if (line.includes('key find')) expect(text).toContain(COMPUTER);
    if (line.includes('key disclose')) expect(text).toContain(SAMPLE_PASSWORD);
  }
});

it('leaves no command of a guide out without a reason', async () => {
  const guides = (await documents()).filter((name) => /^docs\/gui(des|as)\//.test(name));
  const left: string[] = [];
  const reasons = new Set<string>();
  for (const name of guides) {
    const text = await read(name);
    // These are run by the test of the first branch, in the order of the guide.
    const elsewhere = /first-branch|primera-sede/.test(name)
      ? new Set(fencedAsShell(text))
      : new Set<string>();
    for (const line of linesIn(text)) {
      const reason = reasonOf(line);
      if (reason) reasons.add(reason);
      else if (!ran.has(line) && !elsewhere.has(line)) left.push(`${name}: ${line}`);
    }
  }
  expect(left).toEqual([]);
  expect([...reasons].sort()).toEqual(NOT_RUN.map(([, reason]) => reason).sort());
});

function fencedAsShell(text: string): string[] {
  return [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n'));
}

function reasonOf(line: string): string | undefined {
  return NOT_RUN.find(([pattern]) => pattern.test(line))?.[1];
}

/** A token is shown once: the second language goes on with the one of the first. */
let luis: string | null = null;
async function keepToken(folder: string, name: string): Promise<void> {
  const file = path.join(folder, name);
  if (luis === null) {
    luis = path.join(await mkdtemp(path.join(tmpdir(), 'holdfast-token-')), name);
    const kept = path.dirname(luis);
    afterFile(() => rm(kept, { recursive: true, force: true }));
    await copyFile(file, luis);
  } else await copyFile(luis, file);
}

let officer: string | null = null;
async function secondOfficer(): Promise<string> {
  if (officer !== null) return officer;
  officer = generateToken('hfs');
  const body = { name: 'Eva', role: 'administrator', sites: null, revoked: false };
  const token = apiToken('eva', officer);
  for (const [kind, of] of [['staff', body] as const, ['api-token', token] as const]) {
    const at = `${cluster.centreUrl}/v1/admin/config/${kind}/eva`;
    const { administrator } = cluster.secrets.tokens;
    expect((await ask(administrator, 'PUT', at, { revision: 0, body: of })).status).toBe(200);
  }
  return officer;
}

function run(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...args],
      { cwd: folder, env },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr });
      },
    );
  });
}
