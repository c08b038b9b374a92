/**
 * What happens to the nodes of a soak. Two edges are stopped or killed and started again in turn; the centre is only
 * held up (SIGSTOP, as a machine that hangs), and one edge is left alone: their processes live as long as the run, so
 * that their memory can be read over all of it.
 */
import type { Dice } from '../../central/fleet/random.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { nodePlatform } from '../../central/platform.ts';

/** Edges that are restarted; the others of the plan never are. */
const RESTARTED = ['edge-toledo', 'edge-lugo'] as const;
const AWAY_MS_MAX = 20_000;
const HELD_UP_MS = 20_000;
/** A centre with a long journal has its edges bring what they hold before it is ready. */
const READY_MS_MAX = 60_000;

export class Restarts {
  readonly #cluster: LocalCluster;
  readonly #dice: Dice;
  readonly #away: Set<string>;
  #turn = 0;
  readonly done: string[] = [];

  constructor(cluster: LocalCluster, dice: Dice, away: Set<string>) {
    this.#cluster = cluster;
    this.#dice = dice;
    this.#away = away;
  }

  async restartEdge(): Promise<void> {
    const name = RESTARTED[this.#turn % RESTARTED.length] ?? RESTARTED[0];
    const signal = this.#turn % 4 < 2 ? 'SIGTERM' : 'SIGKILL';
    this.#turn += 1;
    this.#away.add(name);
    await this.#cluster.edges.get(name)?.stop(signal);
    await nodePlatform.sleep(1_000 + this.#dice.below(AWAY_MS_MAX));
    await this.#cluster.startEdge(name);
    await this.#cluster.ready(this.#cluster.edgeUrl(name));
    this.#away.delete(name);
    this.done.push(`${name} ${signal}`);
  }

  /** The centre answers nothing for a while; edges go on. */
  async holdUpCentre(): Promise<void> {
    const { centre } = this.#cluster;
    if (!centre) return;
    this.#away.add('centre');
    centre.signal('SIGSTOP');
    try {
      await nodePlatform.sleep(HELD_UP_MS);
    } finally {
      centre.signal('SIGCONT');
    }
    this.done.push('centre SIGSTOP');
    // What was waiting is answered first.
    await nodePlatform.sleep(2_000);
    this.#away.delete('centre');
  }

  /** The end of every process at once, and all of them again. */
  async killAll(): Promise<void> {
    const { centre, edges, plan } = this.#cluster;
    await Promise.all([centre, ...edges.values()].map(async (node) => node?.stop('SIGKILL')));
    await this.#cluster.startCentre();
    await Promise.all(plan.edges.map(({ name }) => this.#cluster.startEdge(name)));
    await this.#cluster.ready(this.#cluster.centreUrl, READY_MS_MAX);
    this.done.push('all SIGKILL');
  }
}
