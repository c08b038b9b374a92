/** The one executable of a branch: it starts on its own, says what is wrong in a sentence, and reaches its peer alone. */
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { LocalCluster } from '../../central/local/cluster.ts';
import { workerdPath } from '../../central/local/processes.ts';
import {
  type ApplianceFlags,
  Foreground,
  buildAppliance,
  programAt,
  readText,
  run,
  scratchFolder,
  sources,
  startAppliance,
  until,
  wake,
} from '../support/appliance.ts';
import { afterFile } from '../support/cleanup.ts';
import { digestsOf, freePorts, openFleet } from '../support/cluster.ts';
import { load } from '../support/load.ts';

/** An edge sets its alarm this far ahead; without any caller it wakes that late at most, after a restart. */
const WAKES_MS_MAX = 15_000;

const PLAN = {
  regions: [{ id: 'centro', name: 'Centro' }],
  edges: [
    { name: 'edge-madrid', siteId: 'madrid', siteName: 'Madrid', regionId: 'centro', helpdesk: true },
    { name: 'edge-toledo', siteId: 'toledo', siteName: 'Toledo', regionId: 'centro', helpdesk: true },
  ],
} as const;

describe('the executable', { timeout: 90_000 }, () => {
  let folder: string;
  let executable: string;
  let printed: string;
  let cluster: LocalCluster;
  let port: number;

  beforeAll(async () => {
    folder = await scratchFolder();
    printed = await buildAppliance(folder);
    executable = path.join(folder, 'holdfast-edge');
    port = await freePorts(10_310, 4);
    cluster = await LocalCluster.prepare(path.join(folder, 'cluster'), PLAN, port);
    afterFile(() => cluster.stopAll());
    await cluster.startCentre();
    await cluster.configure();
  }, 60_000);

  const credentials = () => path.join(cluster.folder, 'edges/edge-madrid/credentials');
  const flags = (): Required<ApplianceFlags> => ({
    ...{ data: path.join(folder, 'data'), credentials: credentials() },
    ...{ port: port + 1, centrePort: port },
  });

  it('is printed with its size and checksum', async () => {
    const { stdout } = await run('sha256sum', [executable]);
    expect(printed).toContain(stdout.split(' ')[0]);
    expect(printed).toMatch(/\d+ MB {2}\S*holdfast-edge\n/);
    expect(printed).toContain('install.sh');
  });

  it('replicates after a restart that nobody calls, with what was written while the centre was away', async () => {
    await mkdir(flags().data, { mode: 0o700 });
    const first = startAppliance(executable, flags());
    expect(await wake(port + 1)).toBe('');
    const url = `http://127.0.0.1:${port + 1}`;
    await cluster.ready(url);
    const fleet = await openFleet(cluster, { devices: 1, seed: 'appliance', sites: ['madrid'] });
    await fleet.enrolAll();
    await cluster.centre?.stop('SIGKILL');
    const { statuses } = await load(fleet, 'escrow', url, 3);
    expect(statuses).toEqual({ 201: 3 });
    const held = await digestsOf(cluster, url);
    await first.stop('SIGKILL');

    await cluster.startCentre();
    const again = startAppliance(executable, flags());
    await until('the centre holds every log of the edge', WAKES_MS_MAX + 15_000, async () => {
      const there = await digestsOf(cluster, cluster.centreUrl);
      return [...held].every(([log, { seq }]) => (there.get(log)?.seq ?? 0) >= seq);
    });
    expect(await again.stop()).toBe(0);
  });

  it('says in its own words which flag or folder is wrong', async () => {
    const { data: _data, ...noData } = flags();
    const cases: [string, ApplianceFlags, RegExp][] = [
      ['no data folder', noData, /Directory named "data" not found/],
      ['a folder that is not there', { ...flags(), data: '/nonexistent' }, /not found: \/nonexistent/],
      ['a port in use', { ...flags(), port }, /Address already in use/],
    ];
    for (const [what, given, said] of cases) {
      const started = startAppliance(executable, given);
      expect([what, await started.ended]).toEqual([what, 1]);
      expect(started.output).toMatch(said);
    }
  });

  it('says through /readyz and its log, in a sentence, what is wrong with the identity', async () => {
    const good: unknown = JSON.parse(await readText(path.join(credentials(), 'identity.json')));
    const toledo = cluster.secrets.edges['edge-toledo'];
    if (typeof good !== 'object' || !good || !toledo) throw new Error('the plan has two edges');
    const { x, y } = toledo.privateKey;
    const cases: [string | null, string][] = [
      [null, 'The credentials folder holds no identity.json.'],
      [
        '{',
        'The credential identity.json (or HOLDFAST_IDENTITY) is not an identity made by \\"holdfast edge enrol\\".',
      ],
      [
        JSON.stringify({ ...good, organisation: { kty: 'EC', crv: 'P-256', x, y } }),
        'The certificate in identity.json is not signed by the organisation named there.',
      ],
      [
        JSON.stringify({ ...good, privateKey: toledo.privateKey }),
        'The private key in identity.json does not belong to its certificate.',
      ],
    ];
    for (const [index, [identity, sentence]] of cases.entries()) {
      const wrong = path.join(folder, `wrong-${index}`);
      await mkdir(path.join(wrong, 'data'), { recursive: true });
      if (identity !== null) await writeFile(path.join(wrong, 'identity.json'), identity);
      const given = { ...flags(), data: path.join(wrong, 'data'), credentials: wrong, port: port + 2 };
      const started = startAppliance(executable, given);
      expect(await wake(port + 2)).toBe(`The edge cannot work yet: ${sentence}`);
      const ready = await fetch(`http://127.0.0.1:${port + 2}/readyz`);
      expect(ready.status).toBe(503);
      expect(await ready.json()).toMatchObject({ title: JSON.parse(`"${sentence}"`) });
      await started.stop();
      expect(started.output).toContain(sentence);
    }
  });

  const setpriv = programAt('/usr/bin/setpriv');
  const unprivileged = process.getuid?.() === 0 && setpriv !== null;
  it('says what it may not read or write', async ({ skip }) => {
    skip(!unprivileged, 'only root with setpriv can become somebody who may not');
    const nobody = 65_534;
    const home = path.join(folder, 'nobody');
    for (const name of ['data', 'locked', 'credentials'])
      await mkdir(path.join(home, name), { recursive: true });
    await chmod(folder, 0o755);
    await chmod(path.join(home, 'locked'), 0o700);
    await chown(path.join(home, 'data'), nobody, nobody);
    await writeFile(path.join(home, 'credentials/identity.json'), '{}', { mode: 0o600 });
    const start = (data: string) =>
      new Foreground(setpriv ?? '', [
        ...['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', executable],
        ...[`--directory-path=data=${path.join(home, data)}`],
        ...[`--directory-path=credentials=${path.join(home, 'credentials')}`],
        ...[`--socket-addr=http=127.0.0.1:${port + 2}`, `--external-addr=centre=127.0.0.1:${port}`],
      ]);
    const locked = start('locked');
    expect(await locked.ended).toBe(1);
    expect(locked.output).toMatch(/Permission denied; path = \S*locked/);
    const blind = start('data');
    expect(await wake(port + 2)).toBe(
      'The edge cannot work yet: identity.json in the credentials folder cannot be read.',
    );
    await blind.stop();
  });

  it('reaches its centre and nothing else, whatever the program inside tries', async () => {
    let connections = 0;
    const elsewhere: Server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => elsewhere.listen(port + 3, '127.0.0.1', resolve));
    afterFile(() => elsewhere.close());
    // The appliance's own configuration around another program, which tries the ways out that workerd has.
    const configuration = await readText(path.join(sources, 'edge.capnp'));
    const probe = configuration.replace('embed "../../dist/edge/worker.js"', 'embed "probe.js"');
    expect(probe).not.toBe(configuration);
    await writeFile(path.join(folder, 'probe.capnp'), probe);
    await writeFile(path.join(folder, 'probe.js'), probeWorker(port + 3));
    const workerd = new Foreground(workerdPath(), [
      ...['serve', path.join(folder, 'probe.capnp')],
      ...[
        `--directory-path=data=${path.join(folder, 'data')}`,
        `--directory-path=credentials=${credentials()}`,
      ],
      ...[`--socket-addr=http=127.0.0.1:${port + 2}`, `--external-addr=centre=127.0.0.1:${port}`],
    ]);
    const tried = await until('the probe answers', 10_000, async () =>
      (await fetch(`http://127.0.0.1:${port + 2}/`)).json(),
    );
    await workerd.stop();
    const refused = expect.stringMatching(/^refused/);
    expect(tried).toMatchObject({
      centre: 200,
      ...{ fetch: refused, name: refused, socket: refused, connect: refused },
    });
    expect(connections).toBe(0);
  });
});

function probeWorker(port: number): string {
  return `
import { DurableObject } from 'cloudflare:workers';
import { connect } from 'cloudflare:sockets';
export class EdgeNode extends DurableObject {}
const status = (work) => work().then((response) => response.status, (error) => 'refused: ' + error.message);
export default {
  async fetch(request, env) {
    return Response.json({
      centre: await status(() => env.CENTRE.fetch('http://localhost/healthz')),
      fetch: await status(() => fetch('http://127.0.0.1:${port}/')),
      name: await status(() => fetch('https://example.org/')),
      socket: String(await status(() => fetch('http://127.0.0.1:${port}/', { headers: { Upgrade: 'websocket' } }))),
      connect: await (async () => {
        const socket = connect({ hostname: '127.0.0.1', port: ${port} });
        await socket.opened;
        return { status: 'opened' };
      })().then(() => 'opened', (error) => 'refused: ' + error.message),
    });
  },
};
`;
}
