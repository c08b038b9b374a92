/**
 * A branch's box becomes an edge, and people come and go, by the commands that a user types: each runs as a process of
 * its own against a real centre, and the edge that starts with what they wrote is the real one, in workerd.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { type NodeProcess, packageRoot, startEdgeProcess } from '../../central/local/processes.ts';
import { Pc, newPassword } from '../hostile/pc.ts';
import { send } from '../hostile/http.ts';
import { holdfast as runHoldfast } from '../import/command.ts';
import { until } from '../support/appliance.ts';
import { afterFile } from '../support/cleanup.ts';
import { ask, bugsInLogs, freePorts, startCluster } from '../support/cluster.ts';
import {
  type Enrolled,
  asBearer,
  bySession,
  codeOf,
  enrolBy,
  fetchOf,
  post,
  signIn,
  trySignIn,
} from '../support/people.ts';

const PLAN = { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 1) };
const KEY_ID = '7a7a7a7a-0000-4000-8000-000000000001';
const SEARCH = '/v1/recovery/search';

describe('by command', { timeout: 120_000 }, () => {
  let cluster: LocalCluster;
  const at = (...names: string[]): string => path.join(cluster.folder, ...names);

  /** What a command that succeeds answers, as JSON. */
  async function does(...args: string[]): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await runHoldfast(cluster, ['--json', ...args]);
    expect([args.join(' '), code, stderr]).toEqual([args.join(' '), 0, '']);
    return z.record(z.string(), z.unknown()).parse(JSON.parse(stdout));
  }

  /** What one that is refused says, for people. */
  async function refused(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runHoldfast(cluster, args);
    expect([args.join(' '), code === 0, stdout]).toEqual([args.join(' '), false, '']);
    return stderr;
  }

  async function tokenIn(file: string): Promise<string> {
    expect((await stat(at(file))).mode & 0o777).toBe(0o600);
    return (await readFile(at(file), 'utf8')).trim();
  }

  beforeAll(async () => {
    cluster = await startCluster(23_000, PLAN);
    const key = { organisationKey: cluster.secrets.organisationKey };
    await writeFile(at('organisation.json'), JSON.stringify(key), { mode: 0o600 });
  }, 60_000);

  describe('a box', () => {
    let edge: NodeProcess | null = null;
    let port = 0;

    it('asks with a one-time token, shows a fingerprint, and is approved by the offline key alone', async () => {
      await does('site', 'add', 'soria', '--name', 'Soria', '--region', 'centro');
      const place = ['--site', 'soria', '--region', 'centro', '--helpdesk'];
      const made = await does('edge', 'token', 'edge-soria', ...place, '--out', 'soria.token');
      expect(made).toMatchObject({ id: 'edge-soria-1', name: 'edge-soria', helpdesk: true });
      await tokenIn('soria.token');
      const asks = ['edge', 'join', '--token-file', 'soria.token', '--out', 'soria'];
      const { fingerprint } = await does(...asks, '--no-wait');
      expect(await does('edge', 'requests')).toEqual({
        requests: [{ id: 'edge-soria-1', site: 'soria', fingerprint, approved: false, refused: false }],
      });
      // Another box with the same token is too late, also while the first one waits.
      expect(await refused('edge', 'join', '--token-file', 'soria.token', '--out', 'mallory')).toMatch(
        /revoke it/,
      );
      const approves = ['edge', 'approve', 'edge-soria-1', '--org-key', 'organisation.json'];
      await refused(...approves, '--fingerprint', 'A'.repeat(43));
      expect(await does(...approves, '--fingerprint', String(fingerprint))).toMatchObject({ approved: true });
      await refused(...asks, '--organisation', 'A'.repeat(43));
      // As it was printed: it would wait, and need not any more.
      const joined = await does(...asks);
      expect(joined).toMatchObject({ identity: 'soria/identity.json', vaultKeyNeeded: true });
      expect(String(joined['run'])).toContain('install.sh --identity soria/identity.json');
      expect((await stat(at('soria/identity.json'))).mode & 0o777).toBe(0o600);
    });

    it('is refused, and gets nothing by its token from then on, however often it asks', async () => {
      const place = ['--site', 'soria', '--region', 'centro'];
      await does('edge', 'token', 'edge-stranger', ...place, '--out', 'stranger.token');
      const asks = ['edge', 'join', '--token-file', 'stranger.token', '--out', 'stranger'];
      const { fingerprint } = await does(...asks, '--no-wait');
      expect(await does('edge', 'refuse', 'edge-stranger-1')).toEqual({
        ...{ id: 'edge-stranger-1', name: 'edge-stranger', refused: true },
      });
      expect(await does('edge', 'requests')).toMatchObject({
        requests: [{ approved: true }, { id: 'edge-stranger-1', approved: false, refused: true }],
      });
      await refused(...asks, '--no-wait');
      const approves = ['edge', 'approve', 'edge-stranger-1', '--org-key', 'organisation.json'];
      expect(await refused(...approves, '--fingerprint', String(fingerprint))).toMatch(/is refused/);
      // What has its certificate is not refused any more, and what nobody asked for was never there.
      expect(await refused('edge', 'refuse', 'edge-soria-1')).toMatch(/edge revoke edge-soria/);
      expect(await refused('edge', 'refuse', 'edge-nobody-1')).toMatch(/no request edge-nobody-1/);
    });

    it('starts as an edge with what was written, takes in keys, and opens none', async () => {
      port = await freePorts(23_500, 1);
      await mkdir(at('box/etc/holdfast'), { recursive: true });
      await mkdir(at('box/etc/systemd/system'), { recursive: true });
      await copyFile(at('soria/identity.json'), at('box/etc/holdfast/identity.json'));
      await writeFile(at('box/etc/holdfast/box.token'), 'b'.repeat(43));
      await copyFile(
        path.join(packageRoot(), 'edge/appliance/holdfast-edge.service'),
        at('box/etc/systemd/system/holdfast-edge.service'),
      );
      // Made after the region's first vault: what is escrowed from now on has a copy in each.
      await does('vault', 'rotate', '--region', 'centro', '--no-wait', '--out', 'region-centro-2.json');
      await startEdge();
      await does('site', 'token', 'soria', '--out', 'site.token');
      const pc = await Pc.enrolled(url(), await tokenIn('site.token'));
      const recoveryPassword = newPassword();
      await writeFile(at('password'), recoveryPassword);
      const escrowed = await send(url(), await pc.escrow(url(), { recoveryPassword }, KEY_ID));
      expect(escrowed.status).toBe(201);
      expect((await disclose()).body).toMatchObject({ type: 'urn:holdfast:problem:vault-not-here' });
    });

    it('is given the key of a vault, and it is taken away again, by vault-key.sh', async () => {
      await expect(vaultKey(at('organisation.json'))).rejects.toThrow(/is not a vault key/);
      expect(await vaultKey(at('region-centro-2.json'))).toMatch(/has the key of region-centro-2/);
      expect((await stat(at('box/etc/holdfast/vault-region-centro-2.json'))).mode & 0o777).toBe(0o600);
      await startEdge();
      expect(await canOpen()).toEqual(['region-centro-2']);
      const given = await disclose();
      expect(given.status).toBe(201);
      expect(given.body['recoveryPassword']).toBe(await readFile(at('password'), 'utf8'));
      expect(await vaultKey('--remove', 'region-centro-2')).toMatch(/was taken away/);
      await expect(vaultKey('--remove', 'region-centro-2')).rejects.toThrow(/was not given/);
      await startEdge();
      expect(await canOpen()).toEqual([]);
    });

    it("enrols nobody any more by a site's token that was revoked", async () => {
      const tokens = z.object({ tokens: z.array(z.looseObject({ id: z.string(), revoked: z.boolean() })) });
      const listed = async () =>
        tokens.parse(await does('site', 'tokens')).tokens.map(({ id, revoked }) => [id, revoked]);
      const { stdout } = await runHoldfast(cluster, ['site', 'tokens'], { lang: 'es_ES.UTF-8' });
      expect(stdout).toMatch(/^soria-1 +soria +válido/m);
      expect(await refused('site', 'revoke-token', 'soria-2')).toMatch(/no site token soria-2/);
      expect(await does('site', 'revoke-token', 'soria-1')).toMatchObject({ siteId: 'soria', revoked: true });
      expect(await listed()).toEqual([
        ['madrid-1', false],
        ['soria-1', true],
      ]);
      const siteToken = await tokenIn('site.token');
      await until('the edge refuses it', 10_000, async () => {
        const pc = await Pc.make();
        return (await send(url(), await pc.enrol(url(), siteToken))).status === 401;
      });
      await edge?.stop();
    });

    const url = (): string => `http://127.0.0.1:${String(port)}`;

    async function startEdge(): Promise<void> {
      await edge?.stop();
      const credentials = at('box/run/credentials');
      await loadCredentials(at('box'), credentials);
      edge = await startEdgeProcess({
        ...{ name: 'edge-soria', dataFolder: at('box/var'), credentialsFolder: credentials, port },
        ...{ centrePort: cluster.centrePort, logFile: at('logs/edge-soria.log') },
      });
      const started = edge;
      afterFile(() => started.stop());
      await cluster.ready(url());
    }

    function disclose() {
      const token = cluster.secrets.tokens.advancedHelpdesk;
      const body = { keyId: KEY_ID, reason: 'lost-pin', verification: 'manager' };
      return ask(token, 'POST', `${url()}/v1/recovery/disclosures`, body);
    }

    async function canOpen(): Promise<unknown> {
      return (await ask('none', 'GET', `${url()}/readyz`)).body['canOpen'];
    }

    async function vaultKey(...args: string[]): Promise<string> {
      const script = path.join(packageRoot(), 'edge/appliance/vault-key.sh');
      const env = { PATH: process.env['PATH'], HOLDFAST_INSTALL_ROOT: at('box') };
      return (await promisify(execFile)('sh', [script, ...args], { env })).stdout;
    }
  });

  describe('somebody', () => {
    const centre = () => fetchOf(cluster.centreUrl);
    let eva: Enrolled;

    it('is hired with a token of their own scope, enrols by a link, and is listed with both', async () => {
      const how = ['--name', 'Eva', '--role', 'advanced-helpdesk', '--sites', 'madrid'];
      const given = ['--scope', 'keys', '--days', '30', '--out', 'eva.token'];
      await does('staff', 'add', 'eva', ...how, ...given);
      await Promise.all(
        [
          { id: 'eva', says: /already/, more: [] },
          { id: 'ivo', says: /"everything"/, more: ['--scope', 'everything'] },
          { id: 'ivo', says: /731/, more: ['--days', '731'] },
        ].map(async ({ id, says, more }) => {
          expect(await refused('staff', 'add', id, ...how, ...more)).toMatch(says);
        }),
      );
      const token = await tokenIn('eva.token');
      const search = async () => codeOf(await post(centre(), SEARCH, { keyId: 'abcdef01' }, asBearer(token)));
      const reports = async () =>
        codeOf(await centre()('/v1/reports/enterprise-compliance', { headers: asBearer(token) }));
      expect([await search(), await reports()]).toEqual(['ok', 'forbidden']);
      const { token: link } = await does('staff', 'link', 'eva');
      eva = await enrolBy(centre(), String(link), 'eva');
      expect(await listed('eva')).toMatchObject({
        ...{ role: 'advanced-helpdesk', sites: ['madrid'], password: true, recoveryCodes: 10 },
        ...{ mustChange: false, revoked: false, linkEndsAt: null },
        tokens: [{ tokenId: 'eva', scope: ['keys'] }],
      });
    });

    it('gets and loses more tokens, one by one', async () => {
      const more = ['--label', 'nightly', '--scope', 'reports', '--out', 'nightly.token'];
      expect(await does('staff', 'token', 'add', 'eva', ...more)).toMatchObject({ id: 'eva-1' });
      const token = await tokenIn('nightly.token');
      const reports = async () =>
        codeOf(await centre()('/v1/reports/recovery-audit', { headers: asBearer(token) }));
      // The role decides as well: helpdesk reads no audit.
      expect(await reports()).toBe('forbidden');
      expect(await does('staff', 'token', 'revoke', 'eva-1')).toEqual({ tokenId: 'eva-1', revoked: true });
      expect(await reports()).toBe('token-invalid');
      // With --replace the first token gives way to another.
      const before = await tokenIn('eva.token');
      const how = ['--name', 'Eva', '--role', 'advanced-helpdesk', '--sites', 'madrid', '--replace'];
      await does('staff', 'add', 'eva', ...how, '--out', 'eva-2.token');
      const search = async (by: string) =>
        codeOf(await post(centre(), SEARCH, { keyId: 'abcdef01' }, asBearer(by)));
      expect([await search(before), await search(await tokenIn('eva-2.token'))]).toEqual([
        'token-invalid',
        'ok',
      ]);
    });

    it('has to change a password, is reset, and is revoked', async () => {
      const signedIn = await signIn(centre(), eva, 1);
      const search = async () =>
        codeOf(await post(centre(), SEARCH, { keyId: 'abcdef01' }, bySession(signedIn)));
      expect(await search()).toBe('ok');
      expect(await does('staff', 'require-change', 'eva')).toEqual({ staffId: 'eva' });
      expect(await listed('eva')).toMatchObject({ mustChange: true });
      await does('staff', 'reset', 'eva');
      expect(await search()).toBe('session-over');
      const { staffId, password } = eva;
      const [recoveryCode = ''] = eva.recoveryCodes;
      expect(await codeOf(await trySignIn(centre(), { staffId, password, recoveryCode }))).toBe(
        'sign-in-failed',
      );
      await does('staff', 'revoke', 'eva');
      expect(await listed('eva')).toMatchObject({ revoked: true, password: false });
      const token = await tokenIn('eva-2.token');
      expect(await codeOf(await post(centre(), SEARCH, { keyId: 'abcdef01' }, asBearer(token)))).toBe(
        'token-invalid',
      );
      expect(await refused('staff', 'revoke', 'nobody')).toMatch(/"nobody"/);
    });

    it('makes passkeys for the domain that is said, or none', async () => {
      expect(await does('staff', 'passkeys', 'none')).toEqual({ rpId: null });
      expect(await codeOf(await post(centre(), '/v1/session/passkey/options', {}))).toBe('passkeys-off');
      expect(await does('staff', 'passkeys', 'localhost')).toEqual({ rpId: 'localhost' });
      expect((await post(centre(), '/v1/session/passkey/options', {})).status).toBe(200);
    });

    it('denies what another asks for, and looks at break-glass', async () => {
      const { helpdesk, advancedHelpdesk } = cluster.secrets.tokens;
      const node = cluster.edgeUrl('edge-madrid');
      const pc = await Pc.enrolled(node, cluster.secrets.tokens.sites['madrid'] ?? '');
      const keyId = '7b7b7b7b-0000-4000-8000-000000000001';
      expect((await send(node, await pc.escrow(node, {}, keyId))).status).toBe(201);
      const by = (token: string, ...args: string[]) =>
        runHoldfast(cluster, ['--json', ...args], { node, token });
      const how = ['-r', 'other', '-v', 'badge', '-u', 'CORP\\maria', '--note', 'Ticket 4711'];
      const asked = await by(helpdesk, 'key', 'request', '7b7b7b7b', ...how);
      const { requestId } = z.object({ requestId: z.string() }).parse(JSON.parse(asked.stdout));
      expect((await by(helpdesk, 'key', 'deny', requestId)).code).toBe(1);
      const denied = await by(advancedHelpdesk, 'key', 'deny', requestId, '--note', 'nobody called');
      expect([denied.code, JSON.parse(denied.stdout)]).toMatchObject([0, { state: 'denied' }]);
      expect((await by(helpdesk, 'key', 'collect', requestId)).code).toBe(1);
      expect((await by(advancedHelpdesk, 'key', 'requests')).stdout).toContain('"requests": []');
      const shown = await by(helpdesk, 'break-glass', 'show');
      expect(JSON.parse(shown.stdout)).toEqual({ open: null, asked: [] });
      expect(await bugsInLogs(cluster)).toEqual([]);
    });

    async function listed(id: string): Promise<unknown> {
      const answer = z.object({ accounts: z.array(z.looseObject({ staffId: z.string() })) });
      const { accounts } = answer.parse(await does('staff', 'list'));
      return accounts.find(({ staffId }) => staffId === id);
    }
  });
});

/** What systemd does before it starts the unit: each file that it or a drop-in names, under its name. */
async function loadCredentials(root: string, into: string): Promise<void> {
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true, mode: 0o700 });
  const units = path.join(root, 'etc/systemd/system');
  const dropIns = await readdir(path.join(units, 'holdfast-edge.service.d')).catch(() => []);
  const files = ['holdfast-edge.service', ...dropIns.map((name) => `holdfast-edge.service.d/${name}`)];
  for (const file of files) {
    const text = await readFile(path.join(units, file), 'utf8');
    for (const [, name = '', from = ''] of text.matchAll(/^LoadCredential=([^:\s]+):(\S+)$/gm))
      await copyFile(path.join(root, from), path.join(into, name));
  }
}
