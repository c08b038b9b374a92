/**
 * A branch's machine: this one's /usr, read only, and nothing else of it (no Node, no data, no settings), booted with
 * Debian's systemd in a container by systemd-nspawn. It shares this machine's network.
 */
import { chmod, copyFile, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Foreground, programAt, run, until } from './appliance.ts';
import { afterFile } from './cleanup.ts';

const BOOT_MS_MAX = 30_000;
const HALT_MS_MAX = 10_000;

const nspawn = programAt('/usr/bin/systemd-nspawn');

/** What this machine lacks for it. */
export const missingForMachine: readonly string[] = [
  ...(process.getuid?.() === 0 ? [] : ['root']),
  ...(nspawn && programAt('/usr/lib/systemd/systemd') ? [] : ['systemd-container']),
];

export class Machine {
  readonly root: string;
  #pid = '';

  private constructor(root: string) {
    this.root = root;
  }

  static async make(root: string): Promise<Machine> {
    const folders = ['etc/systemd/system', 'usr', 'var/lib/haproxy', 'var/tmp'];
    for (const name of [...folders, 'run', 'tmp', 'proc', 'sys', 'dev'])
      await mkdir(path.join(root, name), { recursive: true });
    await chmod(path.join(root, 'tmp'), 0o1777);
    for (const name of ['bin', 'sbin', 'lib', 'lib64'])
      await symlink(await readlink(`/${name}`), path.join(root, name));
    for (const name of ['passwd', 'group', 'nsswitch.conf', 'ld.so.cache', 'os-release'])
      await copyFile(path.join('/etc', name), path.join(root, 'etc', name));
    await writeFile(path.join(root, 'etc/machine-id'), '');
    await writeFile(path.join(root, 'etc/resolv.conf'), 'nameserver 127.0.0.1\n');
    return new Machine(root);
  }

  /**
   * Resolves with null, or with why systemd does not boot here: a container may not be allowed to hold another. `shown`
   * are further folders of this machine that it sees, read only.
   */
  async boot(shown: readonly string[] = []): Promise<string | null> {
    const container = new Foreground(
      nspawn ?? '',
      [
        ...['--quiet', '--register=no', '--keep-unit', '--link-journal=no', '--console=pipe'],
        ...[`--directory=${this.root}`, '--bind-ro=/usr', `--machine=holdfast-${String(process.pid)}`],
        ...shown.map((folder) => `--bind-ro=${folder}`),
        ...['--boot', '--', '--unit=multi-user.target'],
      ],
      { PATH: process.env['PATH'] ?? '', SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
    );
    afterFile(async () => {
      await this.run('systemctl', 'poweroff').catch(() => container.child.kill('SIGTERM'));
      const late = setTimeout(() => container.child.kill('SIGKILL'), HALT_MS_MAX);
      await container.ended;
      clearTimeout(late);
    });
    const own = String(container.child.pid ?? 0);
    try {
      await until('systemd has booted', BOOT_MS_MAX, async () => {
        if (container.child.exitCode !== null) throw new Error('the container ended');
        const children = await readFile(`/proc/${own}/task/${own}/children`, 'utf8');
        this.#pid = children.trim().split(' ').at(-1) ?? '';
        return (await this.run('systemctl', 'is-active', 'multi-user.target')) === 'active';
      });
      return null;
    } catch (error) {
      return `${container.output.trim()} ${String(error)}`.trim().slice(0, 300);
    }
  }

  /** Runs a program inside; resolves with what it printed. */
  async run(...command: string[]): Promise<string> {
    if (!/^\d+$/.test(this.#pid)) throw new Error('the machine has not booted');
    const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--cgroup'];
    return (await run('nsenter', ['--target', this.#pid, ...namespaces, ...command])).stdout.trim();
  }

  /** A property of a unit, as systemd has it now. */
  async unit(name: string, property: string): Promise<string> {
    return this.run('systemctl', 'show', '--value', '--property', property, name);
  }
}
