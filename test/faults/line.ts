/**
 * A thin line between an edge and its centre, made of what the kernel has: the edge lives in a network namespace, at the
 * end of a pair of virtual Ethernet devices that let 256 kbit/s through (tbf), lose packets at random (where they arrive,
 * a BPF program that asks for a random number sends them into a hole), and can be unplugged. Only the delay is made here,
 * by a relay at the centre's end: kernels without netem have none.
 *
 *     the branch ──unix socket── edge │ 10.251.N.2 ══ thin, lossy ══ 10.251.N.1 │ relay, 150 ms each way ── centre
 *       namespace of this machine     │           the edge's namespace          │    namespace of this machine
 */
import { execFileSync } from 'node:child_process';
import net from 'node:net';
import { afterFile } from '../support/cleanup.ts';

/** What waits before the line: half a second's worth. */
const QUEUE = ['burst', '4k', 'latency', '500ms'];
const MTU = 1_500;
/** To a classic BPF program, the place at which a random number is loaded, and the answer that a packet is matched. */
const RANDOM = 2 ** 32 - 4_096 + 56;
const MATCH = 2 ** 32 - 1;

export interface Shape {
  readonly kbits: number;
  readonly lossPercent: number;
}

export class ThinLine {
  readonly #namespace: string;
  readonly #device: string;
  readonly #net: string;

  private constructor(number: number) {
    this.#namespace = `holdfast-${String(number)}`;
    this.#device = `hf${String(number)}`;
    this.#net = `10.251.${String(number % 250)}`;
  }

  /** An open line that is as wide as this machine allows. */
  static open(): ThinLine {
    const line = new ThinLine(process.pid % 100_000);
    const [here, there] = line.#ends();
    run('ip', 'netns', 'add', line.#namespace);
    run(
      'ip',
      'link',
      'add',
      here.device,
      'type',
      'veth',
      'peer',
      'name',
      there.device,
      'netns',
      line.#namespace,
    );
    for (const { address, device, within } of [here, there]) {
      run(...within, 'ip', 'address', 'add', `${address}/30`, 'dev', device);
      // Packets as they are on a line, not as large as memory can move them.
      run(...within, 'ip', 'link', 'set', device, 'gso_max_segs', '1', 'mtu', String(MTU), 'up');
    }
    return line;
  }

  /** What a program at the edge's end is started with; unlike `ip netns exec` it leaves mounted disks where they are. */
  get within(): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.#namespace}`];
  }

  /** The address of the centre's end. */
  get address(): string {
    return `${this.#net}.1`;
  }

  /** Makes it thin in both directions. */
  shape({ kbits, lossPercent }: Shape): void {
    // Load a random number; matched, when it is below the share.
    const below = Math.round((lossPercent / 100) * 2 ** 32);
    const program = `4,32 0 0 ${String(RANDOM)},53 1 0 ${String(below)},6 0 0 ${String(MATCH)},6 0 0 0`;
    for (const { device, within } of this.#ends()) {
      const tc = (...args: string[]) => run(...within, 'tc', ...args);
      const hole = `${this.#device}h`;
      run(...within, 'ip', 'link', 'add', hole, 'up', 'type', 'veth', 'peer', 'name', `${hole}e`);
      run(...within, 'ip', 'link', 'set', `${hole}e`, 'up');
      tc('qdisc', 'add', 'dev', device, 'root', 'tbf', 'rate', `${String(kbits)}kbit`, ...QUEUE);
      tc('qdisc', 'add', 'dev', device, 'ingress');
      const lose = ['action', 'mirred', 'egress', 'redirect', 'dev', hole];
      tc('filter', 'add', 'dev', device, 'ingress', 'bpf', 'bytecode', program, ...lose);
    }
  }

  /** Packets lost at random so far, in both directions. */
  lost(): number {
    return this.#ends()
      .map(({ device, within }) => run(...within, 'tc', '-s', 'filter', 'show', 'dev', device, 'ingress'))
      .reduce((sum, text) => sum + Number(/Sent \d+ bytes (\d+) pkt/.exec(text)?.[1] ?? 0), 0);
  }

  cut(): void {
    run('ip', 'link', 'set', this.#device, 'down');
  }

  mend(): void {
    run('ip', 'link', 'set', this.#device, 'up');
  }

  /** When nothing lives in the namespace any more. */
  close(): void {
    run('ip', 'netns', 'delete', this.#namespace);
    // Its own end went with the namespace, the hole at this end did not.
    run('sh', '-c', 'ip link delete "$0" || true', `${this.#device}h`);
  }

  #ends() {
    const { within } = this;
    return [
      { device: this.#device, address: `${this.#net}.1`, within: [] },
      { device: `${this.#device}e`, address: `${this.#net}.2`, within },
    ] as const;
  }
}

/** Takes connections at one place and passes everything on to another, each direction after a delay. */
export async function relay(from: net.ListenOptions, to: net.NetConnectOpts, delayMs = 0): Promise<void> {
  const open = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ ...to, allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      const later = (work: () => void) => void setTimeout(work, delayMs);
      one.on('data', (chunk) => {
        later(() => {
          if (other.writable) other.write(chunk);
        });
      });
      one.on('end', () => {
        later(() => other.end());
      });
      one.on('error', () => {
        later(() => other.destroy());
      });
      one.on('close', () => {
        open.delete(one);
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(from, resolve);
  });
  afterFile(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
}

/** Null, or why this machine lets nobody have such a line. */
export function whyNoLine(): string | null {
  try {
    const line = ThinLine.open();
    try {
      line.shape({ kbits: 256, lossPercent: 1 });
      return null;
    } finally {
      line.close();
    }
  } catch {
    return 'network namespaces, virtual devices or traffic control (tbf, bpf, mirred) may not be used here';
  }
}

function run(command = '', ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
