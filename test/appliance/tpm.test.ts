/**
 * An identity sealed to a machine's TPM, by the command of docs/OPERATIONS.md, against an emulated TPM 2.0 (swtpm): it opens
 * where it was sealed, also after a restart, and nowhere else. Not run here: a TPM of hardware, its PCRs, and the unit's
 * `LoadCredentialEncrypted=`, by which systemd itself does what `systemd-creds decrypt` does here.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { afterFile } from '../support/cleanup.ts';
import { freePorts } from '../support/cluster.ts';
import { eventually } from '../support/network.ts';
import { read, words } from '../docs/markdown.ts';

/** As debian names what is needed beside systemd. */
const PACKAGES = 'swtpm, libtss2-esys-3.0.2-0, libtss2-rc0 and libtss2-tcti-swtpm0';

it('opens where it was sealed, and nowhere else', { timeout: 60_000 }, async (context) => {
  if (spawnSync('swtpm', ['--version']).status !== 0) context.skip(`no emulated TPM here (${PACKAGES})`);
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-tpm-'));
  const tpms = new Set<ChildProcess>();
  afterFile(async () => {
    for (const tpm of tpms) tpm.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  const port = await freePorts(28_400, 2);
  /** It serves one caller at a time: this one is gone before the next comes. */
  const isListening = (): Promise<boolean> =>
    new Promise((resolve) => {
      let hasAnswered = false;
      const socket = connect(port, '127.0.0.1', () => {
        hasAnswered = true;
        socket.destroy();
      });
      socket.once('error', () => undefined); // It is closed next.
      socket.once('close', () => {
        resolve(hasAnswered);
      });
    });
  /** The machine's one TPM, with what it keeps in `state`. */
  async function insert(state: string): Promise<ChildProcess> {
    await mkdir(path.join(folder, state), { recursive: true });
    const at = (number: number): string => `type=tcp,port=${String(number)}`;
    const tpm = spawn('swtpm', [
      ...['socket', '--tpm2', '--tpmstate', `dir=${path.join(folder, state)}`],
      ...['--server', at(port), '--ctrl', at(port + 1), '--flags', 'not-need-init,startup-clear'],
    ]);
    tpms.add(tpm);
    await eventually(isListening, 10_000);
    return tpm;
  }
  async function takeOut(tpm: ChildProcess): Promise<void> {
    const ended = once(tpm, 'exit');
    tpm.kill('SIGTERM');
    await ended;
    tpms.delete(tpm);
  }
  const env = {
    ...process.env,
    SYSTEMD_TPM2_DEVICE: `swtpm:host=127.0.0.1,port=${String(port)}`,
    SYSTEMD_CREDENTIAL_SECRET: path.join(folder, 'host.secret'),
  };
  const sealed = path.join(folder, 'identity.cred');
  const open = (more: NodeJS.ProcessEnv = {}, name = 'identity.json') => {
    const { status, stdout } = spawnSync('systemd-creds', ['decrypt', `--name=${name}`, sealed], {
      env: { ...env, ...more },
      encoding: 'utf8',
      timeout: 10_000,
    });
    return status === 0 ? stdout : null;
  };

  const identity = `{"privateKey":{"d":"${'secret'.repeat(7)}x"}}\n`;
  await writeFile(path.join(folder, 'identity.json'), identity, { mode: 0o600 });
  const [command = '', ...args] = words(
    /^ {4}# (systemd-creds encrypt .*)$/m.exec(await read('docs/OPERATIONS.md'))?.[1] ?? '',
  ).map((word) => word.replace('/etc/holdfast', folder));
  let own = await insert('own');
  expect(spawnSync(command, args, { env, timeout: 10_000 })).toMatchObject({ status: 0 });

  expect(open()).toBe(identity);
  expect(await readFile(sealed, 'latin1')).not.toContain('secret');
  // Under another name it would be another credential.
  expect(open({}, 'box.token')).toBeNull();
  // The TPM without this machine's disk. (Each try that fails leaves a session open, which a restart clears.)
  await takeOut(own);
  own = await insert('own');
  expect(open({ SYSTEMD_CREDENTIAL_SECRET: path.join(folder, 'other.secret') })).toBeNull();
  await takeOut(own);
  // The disk without a TPM, and in another machine.
  expect(open()).toBeNull();
  const others = await insert('other');
  expect(open()).toBeNull();
  await takeOut(others);
  // A restart.
  await insert('own');
  expect(open()).toBe(identity);
});
