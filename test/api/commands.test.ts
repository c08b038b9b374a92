/** The API by example, as it is written, and the published client: both against a real centre and a real edge. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { SAMPLE_KEY_ID, SAMPLE_PASSWORD } from '../../shared/http/reference/samples.ts';
import { faults, makeParse } from '../agent-windows/powershell.ts';
import { read } from '../docs/markdown.ts';
import { afterFile } from '../support/cleanup.ts';
import { startCluster } from '../support/cluster.ts';

const EXAMPLES = ['docs/api/README.md', 'docs/api/README.es.md'] as const;

let cluster: LocalCluster;
/** what the text calls the place where one works */
let folder: string;

beforeAll(async () => {
  cluster = await startCluster(22_330, { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 1) });
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-api-'));
  afterFile(() => rm(folder, { recursive: true, force: true }));
  const { administrator, helpdesk, sites } = cluster.secrets.tokens;
  await writeFile(path.join(folder, 'ana.token'), `${administrator}\n`);
  await writeFile(path.join(folder, 'luis.token'), `${helpdesk}\n`);
  await writeFile(path.join(folder, 'madrid.token'), `${sites['madrid'] ?? ''}\n`);
  await symlink(path.join(packageRoot(), 'docs'), path.join(folder, 'docs'));
}, 60_000);

/** Blocks of one language, whole. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, block = '']) => block,
  );
}

/** What each block must have said, in the order of the text. */
const SAID: readonly RegExp[] = [
  /^$/,
  /"ready":true/,
  /"results":\[\{"outcome":"accepted"/,
  new RegExp(`"candidates":\\[\\{"keyId":"${SAMPLE_KEY_ID}"`),
  new RegExp(`"recoveryPassword":"${SAMPLE_PASSWORD}"`),
  /^$/,
  /"begun":true.*"underWay":/s,
  /"candidates":\[\],.*urn:holdfast:problem:credentials-missing/s,
  /^enrolled as d-[a-z2-7]{16}\nescrowed [0-9a-f-]{36}: \{"receipt":"ey/,
];

it(
  'runs as it is written: every curl command, and the shell that is a device',
  { timeout: 60_000 },
  async (context) => {
    const { said: help } = await run('curl', ['--help', 'all']);
    if (!help.includes('--json')) context.skip('no curl of 7.82 or newer here');
    const [english, spanish] = await Promise.all(EXAMPLES.map(read));
    const commands = blocks(english ?? '', 'sh');
    expect(blocks(spanish ?? '', 'sh')).toEqual(commands);
    expect(commands).toHaveLength(SAID.length);
    const mark = '=== the next block ===';
    const script = commands
      .join(`\nprintf '\\n%s\\n' '${mark}'\n`)
      .replaceAll('https://edge.madrid.example.org', cluster.edgeUrl('edge-madrid'))
      .replaceAll('https://holdfast.example.org', cluster.centreUrl);
    const { said, code } = await run('bash', ['-e', '-o', 'pipefail', '-c', script]);
    const parts = said.split(`\n${mark}\n`);
    for (const [index, expected] of SAID.entries())
      expect(parts[index] ?? '', commands[index]).toMatch(expected);
    expect({ code, parts: parts.length }).toEqual({ code: 0, parts: SAID.length });
    const audit = await readFile(path.join(folder, 'audit.csv'), 'utf8');
    expect(audit).toMatch(/^Request date and time,/);
    expect(audit).toContain('BIOS changed');
    expect(await readFile(path.join(folder, 'audit.headers'), 'utf8')).toMatch(/^holdfast-freshness: \{/im);
    expect(await readFile(path.join(folder, 'computers.csv'), 'utf8')).toMatch(/^Computer,/);
    expect(await readFile(path.join(folder, 'trend.csv'), 'utf8')).toMatch(/^Day,Managed computers,/);
  },
);

it('has the same in PowerShell, as its grammar reads it', async () => {
  const parse = await makeParse();
  const [english = '', spanish = ''] = await Promise.all(EXAMPLES.map(read));
  const commands = blocks(english, 'powershell');
  expect(commands).toEqual(blocks(spanish, 'powershell'));
  expect(commands.length).toBeGreaterThanOrEqual(SAID.length - 1);
  expect(commands.flatMap((text, index) => faults(parse(`block ${String(index + 1)}`, text)))).toEqual([]);
  expect(faults(parse('a broken block', 'if ($x) { Get-Content'))).not.toEqual([]);
});

const PROGRAM = `
import { createHoldfastClient, isProblem } from 'holdfast/client';
const [url, token] = process.argv.slice(2);
const node = createHoldfastClient({ url, token, language: 'es' });
const stranger = createHoldfastClient({ url });
const ready = await stranger.GET('/readyz');
const refused = await stranger.POST('/v1/recovery/search', { body: { keyId: '3fd763f9' } });
const wrong = await node.POST('/v1/recovery/search', { body: { keyId: 'xyz' } });
const found = await node.POST('/v1/recovery/search', { body: { keyId: '3fd763f9' } });
const kinds = await node.GET('/v1/admin/config/{kind}', { params: { path: { kind: 'site' } } });
const csv = await node.GET('/v1/reports/enterprise-compliance', {
  params: { query: { format: 'csv', lang: 'es' } }, parseAs: 'text',
});
const nobody = await createHoldfastClient({ url: 'http://127.0.0.1:9' }).GET('/readyz').then(() => 'answered', () => 'no answer');
console.log(JSON.stringify({
  ready: ready.data.ready, refused: isProblem(refused.error, 'credentials-missing'),
  wrong: wrong.error, found: found.data.candidates.length, status: kinds.response.status, csv: csv.data.slice(0, 20), nobody,
}));
`;

it('is answered the same for a program that uses the published client', { timeout: 30_000 }, async () => {
  await mkdir(path.join(folder, 'node_modules'));
  await symlink(packageRoot(), path.join(folder, 'node_modules/holdfast'));
  await writeFile(path.join(folder, 'program.mjs'), PROGRAM);
  const url = cluster.edgeUrl('edge-madrid');
  const { said } = await run(process.execPath, ['program.mjs', url, cluster.secrets.tokens.advancedHelpdesk]);
  const { csv, wrong, ...rest } = z.record(z.string(), z.unknown()).parse(JSON.parse(said));
  expect(rest).toEqual({ ready: true, refused: true, found: 1, status: 403, nobody: 'no answer' });
  expect(csv).toMatch(/^\uFEFF?Desglose;/);
  expect(wrong).toMatchObject({ status: 400, title: 'La petición no se ajusta a su esquema.' });
});

function run(command: string, args: readonly string[]): Promise<{ said: string; code: number | null }> {
  const { PATH = '', HOME = '' } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      { cwd: folder, env: { PATH, HOME, LANG: 'C' } },
      (_error, stdout, stderr) => {
        resolve({ said: stdout + stderr, code: child.exitCode });
      },
    );
  });
}
