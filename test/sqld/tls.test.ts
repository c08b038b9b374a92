/**
 * Database servers as a provider such as Turso has them: behind TLS, under a name, with a token and without an admin
 * address. The server is sqld, whose protocol is the provider's; the provider's own service was not tried.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { startCentreProcess } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { afterFile } from '../support/cleanup.ts';
import { freePorts } from '../support/cluster.ts';
import type { SavedCentre } from '../support/saved-centre.ts';
import { makeSnapshot, makeWholeSnapshot } from '../support/snapshot.ts';
import { type Sqld, noSqld, sqldToken } from '../support/sqld.ts';
import { startServed } from '../support/sqld-saved-centre.ts';
import type { Servers } from '../support/sqld-settings.ts';
import { configure, fetchOf } from '../support/people.ts';
import { Authority } from '../support/tls.ts';

const PORTS_FROM = 12_320;
const TOKEN = 'hfs_of-the-installation';

/** Ends TLS in front of a server and hands the bytes on; gives the port. */
async function terminate(server: Sqld, folder: string): Promise<number> {
  const [cert, key] = await Promise.all(
    ['crt', 'key'].map((kind) => readFile(path.join(folder, `localhost.${kind}`))),
  );
  const front = createServer({ ...(cert && key ? { cert, key } : {}) }, (socket) => {
    const back = connect(Number(new URL(server.url).port), '127.0.0.1');
    for (const each of [socket, back])
      each.on('error', () => {
        socket.destroy();
        back.destroy();
      });
    socket.pipe(back).pipe(socket);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  afterFile(() => {
    front.close();
  });
  return (front.address() as AddressInfo).port;
}

describe.skipIf(noSqld)(`database servers behind TLS ${noSqld ?? ''}`, { timeout: 60_000 }, () => {
  let servers: Servers;
  let centre: SavedCentre;
  let env: Record<string, string> = {};
  let trust: Record<string, string> = {};

  beforeAll(async () => {
    ({ servers, centre } = await startServed(PORTS_FROM));
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-tls-'));
    afterFile(() => rm(folder, { recursive: true, force: true }));
    const authority = await Authority.make(folder, 'authority');
    await authority.issue('localhost', 'localhost');
    const [recovery, compliance] = await Promise.all([
      terminate(servers.recovery, folder),
      terminate(servers.compliance, folder),
    ]);
    const identityFile = path.join(centre.folder, 'identity.json');
    await writeFile(identityFile, JSON.stringify(centre.identity));
    env = {
      ...{ HOLDFAST_DATA: centre.folder, HOLDFAST_IDENTITY_FILE: identityFile },
      ...{ HOLDFAST_SNAPSHOT_PLAIN: 'yes', HOLDFAST_SNAPSHOT_KEEP_LAST: '9' },
      HOLDFAST_RECOVERY_URL: `libsql://localhost:${String(recovery)}`,
      HOLDFAST_COMPLIANCE_URL: `https://localhost:${String(compliance)}`,
      ...{ HOLDFAST_RECOVERY_TOKEN: sqldToken(), HOLDFAST_COMPLIANCE_TOKEN: sqldToken() },
    };
    // Node's own connections, and those of the library that keeps replicas.
    trust = { NODE_EXTRA_CA_CERTS: authority.certificateFile, SSL_CERT_FILE: authority.certificateFile };
  }, 60_000);

  const start = async (changes: Record<string, string>) =>
    startCentreProcess({
      ...{ dataFolder: centre.folder, identityFile: env['HOLDFAST_IDENTITY_FILE'] ?? '' },
      ...{
        port: await freePorts(PORTS_FROM + 8, 1),
        bootstrapTokenHash: staffTokenHash(nodePlatform, TOKEN),
      },
      ...{ logFile: path.join(centre.folder, 'centre.log'), env: { ...env, ...changes } },
    });

  it('are those of a centre by libsql:// and https:// with tokens, and of its snapshots', async () => {
    const running = await start(trust);
    await configure(fetchOf(running.url), TOKEN, 'region', 'north', { name: 'North' });
    expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
    const set = await makeWholeSnapshot({ ...env, ...trust });
    expect(set.verification.structure).toBe('verified');
    await running.stop();
    // It is there, as one sees without TLS.
    const engine = await LibsqlEngine.open({
      recovery: servers.recovery.target,
      compliance: servers.compliance.target,
    });
    const [held] = await engine.rows(
      'recovery',
      `SELECT count(*) FROM recovery_journal WHERE kind = 'config'`,
      [],
    );
    engine.close();
    expect(held).toEqual([1]);
  });

  it('are refused with the setting that names them, when their certificate is nobody’s that is trusted, or a token is not', async () => {
    await expect(start({})).rejects.toThrow(/HOLDFAST_RECOVERY_URL \(localhost/);
    const { NODE_EXTRA_CA_CERTS = '' } = trust;
    expect(await makeSnapshot({ ...env, NODE_EXTRA_CA_CERTS })).toMatchObject({
      ...{ type: 'failed', message: expect.stringMatching(/certificate .* SSL_CERT_FILE names/) },
    });
    await expect(start({ ...trust, HOLDFAST_COMPLIANCE_TOKEN: 'a.b.c' })).rejects.toThrow(
      /HOLDFAST_COMPLIANCE_TOKEN is not accepted/,
    );
  });
});
