/** `holdfast` against a running installation, and as a script sees it: exit codes, JSON, tokens, the two languages. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RunFile } from '../../central/local/run-file.ts';
import { freePorts } from '../support/cluster.ts';
import { type Finished, holdfast, Start, temporaryFolder } from './program.ts';

describe('holdfast', { timeout: 60_000 }, () => {
  let folder: string;
  let run: RunFile;
  /** digits and end user of the first command that was printed */
  let digits: string;
  let endUser: string;

  const local = (...args: string[]): Promise<Finished> => holdfast(['--data', folder, ...args]);

  beforeAll(async () => {
    folder = await temporaryFolder();
    const port = String(await freePorts(10_250, 4));
    const start = new Start(folder, { HOLDFAST_PORT: port, HOLDFAST_FLEET: '12' });
    run = await start.ready();
    const printed = /key disclose (\w+) .* -u '?([^']+)'?$/s.exec(run.commands[0] ?? '');
    [digits = '', endUser = ''] = printed?.slice(1) ?? [];
    return async () => {
      start.signalNpm('SIGTERM');
      await start.finished();
    };
  }, 120_000);

  it('shows every node, as a table of 80 columns and as JSON', async () => {
    const shown = await local('status');
    expect(shown.code).toBe(0);
    for (const { name } of [run.centre, ...run.edges])
      expect(shown.out).toMatch(new RegExp(`^${name} +ready`, 'm'));
    for (const line of shown.out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const { nodes } = z
      .object({
        nodes: z.array(
          z.object({ answers: z.literal(true), journal: z.object({ recovery: z.number().min(1) }) }),
        ),
      })
      .parse(JSON.parse((await local('--json', 'status')).out));
    expect(nodes).toHaveLength(4);
  });

  it('finds a key and gives it out', async () => {
    const found = await local('key', 'find', digits);
    expect(found.code).toBe(0);
    expect(found.out).toContain(endUser);
    const given = await local(
      '--json',
      'key',
      'disclose',
      digits,
      '-r',
      'lost-pin',
      '-v',
      'call-back',
      '-u',
      endUser,
    );
    expect(given.code).toBe(0);
    const answer = z.object({ recoveryPassword: z.string(), keyId: z.string() }).parse(JSON.parse(given.out));
    expect(answer.recoveryPassword).toMatch(/^\d{6}(-\d{6}){7}$/);
    expect(answer.keyId.startsWith(digits)).toBe(true);
  });

  it.concurrent.each<[string, number, RegExp, string[]]>([
    [
      'a key that nobody has',
      1,
      /No key whose ID begins like this/,
      ['key', 'disclose', '00000000', '-r', 'other', '-v', 'other'],
    ],
    ['too few digits', 2, /at least 8/, ['key', 'find', '123']],
    ['a reason that is none', 2, /lost-pin/, ['key', 'disclose', '00000000', '-r', 'bored', '-v', 'other']],
    ['a reason left out', 2, /--reason/, ['key', 'disclose', '00000000', '-v', 'other']],
    ['a command that is none', 2, /unknown command/, ['keys']],
    ['a node that is no address', 2, /is not the address of a node/, ['--node', 'nowhere', 'status']],
    ['plain HTTP beyond this machine', 2, /in the clear/, ['--node', 'http://holdfast.example', 'status']],
    [
      'a node that does not answer',
      3,
      /No answer from/,
      ['--node', 'http://127.0.0.1:1', '--token', 'x', 'centre', 'confirm'],
    ],
    [
      'an edge that is to configure',
      1,
      /may not do that/,
      ['--node', 'edge-madrid', 'region', 'add', 'sur', '--name', 'Sur'],
    ],
    [
      'something configured already',
      1,
      /configured already/,
      ['region', 'add', 'centro', '--name', 'Centro'],
    ],
    [
      'a token of nobody',
      1,
      /token is not valid/,
      ['--token', 'hfs_nobody-nobody-nobody', 'key', 'find', '00000000'],
    ],
    ['a folder without an installation', 2, /No installation is running/, ['--data', '/nowhere', 'status']],
  ])('refuses %s', async (_what, code, text, args) => {
    const told = await local(...args);
    expect(told.err).toMatch(text);
    expect(told.err).not.toMatch(/^\s+at /m);
    expect(told.code).toBe(code);
  });

  it('says why as a problem document, where JSON was asked for', async () => {
    const told = await local('--json', '--node', 'edge-madrid', 'region', 'add', 'sur', '--name', 'Sur');
    expect(told).toMatchObject({ code: 1, out: '' });
    expect(JSON.parse(told.err)).toMatchObject({ type: 'urn:holdfast:problem:forbidden', status: 403 });
  });

  it('asks a user who is not known on that computer for somebody who may go on', async () => {
    const args = ['key', 'disclose', digits, '-r', 'lost-pin', '-v', 'manager'];
    const refused = await local(...args, '-u', 'NOWHERE\\nobody');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toContain('an advanced helpdesk user may');
    expect((await local(...args, '--as', 'advancedHelpdesk')).code).toBe(0);
  });

  it('takes a token from a file, standard input or the environment, and sends none of run.json elsewhere', async () => {
    const edge = run.edges[0]?.url ?? '';
    const file = path.join(folder, 'a.token');
    await writeFile(file, `${run.tokens.helpdesk}\n`, { mode: 0o600 });
    const find = ['key', 'find', digits];
    const away = ['--data', '/nowhere', '--node', edge];
    expect((await holdfast([...away, '--token', `@${file}`, ...find])).code).toBe(0);
    expect((await holdfast([...away, '--token', '-', ...find], {}, run.tokens.helpdesk)).code).toBe(0);
    expect((await holdfast([...away, ...find], { HOLDFAST_TOKEN: run.tokens.helpdesk })).code).toBe(0);
    const none = await holdfast([...away, ...find]);
    expect(none).toMatchObject({ code: 2 });
    expect(none.err).toContain('A token is needed');
    // The same node by an address that run.json does not name.
    const stranger = await local('--node', edge.replace('127.0.0.1', 'localhost'), ...find);
    expect(stranger).toMatchObject({ code: 2 });
  });

  it('configures a person whose token then works', async () => {
    const file = path.join(folder, 'carmen.token');
    const added = await local(
      'staff',
      'add',
      'carmen',
      '--name',
      'Carmen',
      '--role',
      'helpdesk',
      '--out',
      file,
    );
    expect(added).toMatchObject({ code: 0, err: '' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await local('--node', 'centre', '--token', `@${file}`, 'key', 'find', digits)).code).toBe(0);
    expect(added.out).not.toContain((await readFile(file, 'utf8')).trim());
  });

  it('shows the one-time code of a person of the installation, who can sign in with it', async () => {
    const [person] = run.people;
    if (!person) throw new Error('nobody was enrolled');
    const { code, out } = await local('staff', 'code', person.staffId);
    expect([code, out]).toEqual([0, expect.stringMatching(/^\d{6}\n$/)]);
    const signedIn = await fetch(`${run.centre.url}/v1/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ staffId: person.staffId, password: person.password, code: out.trim() }),
    });
    expect(signedIn.status).toBe(201);
    expect(await local('staff', 'code', 'nobody')).toMatchObject({ code: 2 });
  });

  it('shows each report, with how fresh it is, and its CSV', async () => {
    for (const name of ['enterprise', 'trend', 'computers', 'audit']) {
      const shown = await local('report', name);
      expect(shown).toMatchObject({ code: 0, err: '' });
      expect(shown.out).toContain('By edge-madrid, now.');
      const csv = await local('report', name, '--csv');
      expect(csv.code).toBe(0);
      expect(csv.out.split('\r\n').length).toBeGreaterThan(1);
    }
  });

  it('runs a fleet against the installation', async () => {
    const counts = z
      .object({ enrolled: z.number(), escrowed: z.number().min(1), receiptsInvalid: z.literal(0) })
      .parse(JSON.parse((await local('--json', 'fleet', '--devices', '3', '--healthy')).out));
    expect(counts.enrolled).toBe(3);
  });

  it('speaks Spanish where the locale is', async () => {
    const spanish = { LANG: 'es_ES.UTF-8' };
    expect((await holdfast(['--data', folder, 'status'], spanish)).out).toContain('NODO');
    expect((await holdfast(['--help'], spanish)).out).toContain('Órdenes:');
    expect((await holdfast(['--data', folder, 'key', 'find', '00000000'], spanish)).out).toContain(
      'no se guarda',
    );
    // The node's own words follow.
    const refused = await holdfast(
      ['--data', folder, 'region', 'add', 'sur', '--name', 'Sur', '--node', 'edge-lugo'],
      spanish,
    );
    expect(refused.err).toContain('Este rol no puede hacer eso.');
  });
});
