/** A real organisation, made by hand: keys offline, a centre, a region and site, an edge, and a PC that escrows there. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type NodeProcess, startCentreProcess, startEdgeProcess } from '../../central/local/processes.ts';
import { freePorts } from '../support/cluster.ts';
import { holdfast, temporaryFolder, until } from './program.ts';

describe('an organisation made by hand', { timeout: 60_000 }, () => {
  const nodes: NodeProcess[] = [];
  afterAll(async () => {
    for (const node of nodes) await node.stop();
  });

  it('serves', async () => {
    const folder = await temporaryFolder();
    const at = (...names: string[]): string => path.join(folder, ...names);
    const run = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await holdfast(args);
      expect(err).toBe('');
      expect(code).toBe(0);
      return out;
    };

    await run('org', 'init', '--out', at('organisation.json'));
    expect((await stat(at('organisation.json'))).mode & 0o777).toBe(0o600);
    const second = await holdfast(['org', 'init', '--out', at('organisation.json')]);
    expect(second).toMatchObject({ code: 2 });
    await run('vault', 'new', 'organisation-1', '--organisation', '--out', at('vault-organisation.json'));
    await run('vault', 'new', 'norte-1', '--region', 'norte', '--out', at('vault-norte.json'));
    const key = ['--org-key', at('organisation.json')];
    const enrolled = await run(
      'centre',
      'enrol',
      'centre',
      ...key,
      '--vault',
      at('vault-organisation.json'),
      '--out',
      at('centre'),
    );
    const hash = /HOLDFAST_BOOTSTRAP_TOKEN_HASH=(\S+)/.exec(enrolled)?.[1] ?? '';
    expect((await readFile(at('centre/administrator.token'), 'utf8')).startsWith('hfa_')).toBe(true);

    const helpdeskEdge = [
      'edge',
      'enrol',
      'edge-lugo',
      '--site',
      'lugo',
      '--region',
      'norte',
      '--helpdesk',
      ...key,
    ];
    const withoutVault = await holdfast([...helpdeskEdge, '--out', at('edge')]);
    expect(withoutVault).toMatchObject({ code: 2 });
    const line = await run(
      ...helpdeskEdge,
      '--vault',
      at('vault-norte.json'),
      '--centre',
      'centre.example:443',
      '--out',
      at('edge'),
    );
    expect(line).toContain('sudo sh install.sh --identity identity.json --centre centre.example:443');

    const port = await freePorts(10_280, 2);
    const centre = await startCentreProcess({
      ...{ dataFolder: at('centre'), identityFile: at('centre/identity.json'), port },
      ...{ bootstrapTokenHash: hash, logFile: at('centre.log') },
    });
    nodes.push(centre);
    const ask = (...args: string[]): Promise<string> =>
      run('--node', centre.url, '--token', `@${at('centre/administrator.token')}`, ...args);
    await ask('vault', 'publish', at('vault-organisation.json'));
    await ask('vault', 'publish', at('vault-norte.json'));
    await ask('region', 'add', 'norte', '--name', 'Norte');
    await ask('site', 'add', 'lugo', '--name', 'Lugo', '--region', 'norte');
    await ask('site', 'token', 'lugo', '--out', at('site.token'));
    await ask(
      'staff',
      'add',
      'admin',
      '--name',
      'Admin',
      '--role',
      'administrator',
      '--out',
      at('admin.token'),
    );

    const edge = await startEdgeProcess({
      ...{ name: 'edge-lugo', dataFolder: at('edge/data'), credentialsFolder: at('edge') },
      ...{ port: port + 1, centrePort: port, logFile: at('edge.log') },
    });
    nodes.push(edge);
    await until(async () => (await holdfast(['--node', edge.url, 'status'])).code === 0, 20_000);

    const organisation = /Thumbprint\s+(\S+)|Organisation\s+(\S+)/.exec(enrolled)?.[2] ?? '';
    const siteToken = (await readFile(at('site.token'), 'utf8')).trim();
    await writeFile(at('sites.json'), JSON.stringify([{ siteId: 'lugo', siteToken, nodes: [edge.url] }]));
    const fleet = [
      'fleet',
      '--sites',
      at('sites.json'),
      '--organisation',
      organisation,
      '--devices',
      '2',
      '--healthy',
    ];
    const { code, out } = await holdfast(['--json', ...fleet]);
    expect(code).toBe(0);
    // The PCs were given nothing of the organisation but the thumbprint of its key.
    expect(JSON.parse(out)).toMatchObject({ enrolled: 2, receiptsInvalid: 0, refused: 0 });
    // The bootstrap token ended with the first administrator.
    const late = await holdfast([
      '--node',
      centre.url,
      '--token',
      `@${at('centre/administrator.token')}`,
      'centre',
      'confirm',
    ]);
    expect(late).toMatchObject({ code: 1 });
  });
});
