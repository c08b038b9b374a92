/**
 * A local installation that runs: its folder, its processes and who watches them, its fleet, and `run.json`.
 *
 *   opened ─▶ started ─▶ ready ─▶ stopped          (stop is possible from everywhere)
 *
 * An edge that ends by itself is started again, with longer and longer pauses. A centre is not: that branches go on
 * without it is what there is to be seen, so it is announced, and started again by command.
 */
import type { FleetCounts } from '../fleet/fleet.ts';
import { LocalCluster } from '../local/cluster.ts';
import { DEMO_PLAN, type Plan } from '../local/plan.ts';
import { type LocalPerson, enrolPeople } from '../local/people.ts';
import { StartError } from '../local/processes.ts';
import { type NodeState, type RunFile, readRunFile, removeRunFile, writeRunFile } from '../local/run-file.ts';
import { SecretsError } from '../local/secrets.ts';
import type { Words } from '../words/words.ts';
import { ControlDoor } from './control.ts';
import { FleetAtWork } from './fleet.ts';
import { describeRun, nodesNow } from './describe.ts';
import { type FolderLock, openFolder, requirePorts } from './folder.ts';
import type { Progress } from './progress.ts';
import { StartRefusal, type StartSettings } from './settings.ts';

const RESTART_FIRST_MS = 1_000;
const RESTART_MAX_MS = 60_000;
/** An edge that ran this long was well: its next pause is the first one again. */
const WELL_MS = 60_000;
/** How long the ports of an installation that was killed a moment ago may take to be free. */
const PORTS_WAIT_MS = 5_000;
/** A centre with a long journal has its edges bring what they hold before it is ready. */
const READY_MS_MAX = 60_000;

interface Ready {
  readonly run: RunFile;
  readonly counts: FleetCounts | null;
}

export class Installation {
  readonly #words: Words;
  readonly #progress: Progress;
  readonly #lock: FolderLock;
  readonly #cluster: LocalCluster;
  readonly #fleet: FleetAtWork | null;
  readonly #states = new Map<string, NodeState>();
  readonly #stopping = new AbortController();
  #door: ControlDoor | null = null;
  #run: RunFile | null = null;
  #people: readonly LocalPerson[] = [];
  #starting: Promise<unknown> = Promise.resolve();
  #released: Promise<void> | null = null;
  /** commands to the centre, one after the other */
  #commands: Promise<unknown> = Promise.resolve();

  private constructor(
    words: Words,
    progress: Progress,
    parts: { lock: FolderLock; cluster: LocalCluster; fleet: FleetAtWork | null },
  ) {
    this.#words = words;
    this.#progress = progress;
    this.#lock = parts.lock;
    this.#cluster = parts.cluster;
    this.#fleet = parts.fleet;
  }

  /** Locks and checks everything before anything is started. Throws StartRefusal or FleetFileError: one sentence. */
  static async open(
    settings: StartSettings,
    words: Words,
    progress: Progress,
    plan: Plan = DEMO_PLAN,
  ): Promise<Installation> {
    const { dataFolder, port } = settings;
    const lock = await openFolder(dataFolder, words);
    try {
      const killed = (await readRunFile(dataFolder)) !== null;
      await requirePorts(port, plan.edges.length + 1, killed ? PORTS_WAIT_MS : 0, words);
      const cluster = await LocalCluster.prepare(dataFolder, plan, port);
      await removeRunFile(dataFolder);
      const fleet = await FleetAtWork.open(cluster, settings, words);
      return new Installation(words, progress, { lock, cluster, fleet });
    } catch (error) {
      lock.release();
      if (error instanceof SecretsError) throw new StartRefusal(words.start.secretsBroken(dataFolder));
      throw error;
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Starts the processes and settles the fleet in. Resolves with what can then be printed, or null when it was stopped. */
  start(): Promise<Ready | null> {
    const starting = this.#start();
    this.#starting = starting.catch(() => undefined);
    return starting;
  }

  async #start(): Promise<Ready | null> {
    await this.#startProcesses();
    if (this.#isStopping()) return null;
    this.#door = await ControlDoor.open({
      stopCentre: () => this.#inTurn(() => this.#stopCentre()),
      startCentre: () => this.#inTurn(() => this.#startCentre()),
    });
    const counts = (await this.#fleet?.settleIn(this.#progress, this.#words)) ?? null;
    if (this.#isStopping()) return null;
    this.#run = await describeRun(this.#cluster, this.#fleet, this.#door, this.#states, this.#people);
    await this.#writeRun();
    this.#fleet?.run((why) => {
      this.#progress.say(this.#words.start.fleetEnded(why));
    });
    return { run: this.#run, counts };
  }

  /** In order: the fleet, the edges, the centre. Resolves when nothing runs any more. */
  stop(): Promise<void> {
    this.#stopping.abort();
    this.#released ??= this.#stopInOrder();
    return this.#released;
  }

  /** For whoever does not want to wait for `stop`. What was acknowledged is on disk either way (I1). */
  kill(): void {
    for (const node of [...this.#cluster.edges.values(), this.#cluster.centre]) void node?.stop('SIGKILL');
  }

  async #stopInOrder(): Promise<void> {
    await this.#fleet?.stop();
    await this.#starting;
    await this.#commands;
    await Promise.all([...this.#cluster.edges.values()].map((edge) => edge.stop()));
    await this.#cluster.centre?.stop();
    await this.#door?.close();
    await removeRunFile(this.#cluster.folder);
    this.#lock.release();
  }

  async #startProcesses(): Promise<void> {
    const { plan } = this.#cluster;
    const steps: (readonly [string, string, () => Promise<unknown>])[] = [
      [this.#words.start.startingCentre, this.#words.start.centreStarted, () => this.#openCentre()],
      [
        this.#words.start.startingEdges(plan.edges.length),
        this.#words.start.edgesStarted(plan.edges.length),
        () => Promise.all(plan.edges.map(({ name }) => this.#openEdge(name))),
      ],
      [this.#words.start.configuring, this.#words.start.configured, () => this.#configure()],
    ];
    for (const [text, told, work] of steps) {
      if (this.#isStopping()) return;
      const step = this.#progress.step(text);
      try {
        await work();
        step.done(told);
      } catch (error) {
        step.failed(this.#isStopping() ? this.#words.start.interrupted : text);
        if (this.#isStopping()) return;
        throw error instanceof StartError ? this.#whyNotStarted(error) : error;
      }
    }
  }

  #whyNotStarted(error: StartError): StartRefusal {
    const { folder } = this.#cluster;
    return new StartRefusal(this.#words.start.nodeDidNotStart(error.message, folder));
  }

  async #configure(): Promise<void> {
    const { plan, centreUrl } = this.#cluster;
    const { signal } = this.#stopping;
    await this.#cluster.ready(centreUrl, READY_MS_MAX, signal);
    if (this.#isStopping()) return;
    await this.#cluster.configure();
    this.#people = await enrolPeople(this.#cluster);
    await Promise.all(
      plan.edges.map(({ name }) => this.#cluster.ready(this.#cluster.edgeUrl(name), READY_MS_MAX, signal)),
    );
  }

  async #openCentre(): Promise<void> {
    const centre = await this.#cluster.startCentre();
    this.#states.set('centre', 'running');
    void centre.ended.then(() => {
      if (this.#isStopping() || this.#states.get('centre') !== 'running') return;
      this.#states.set('centre', 'ended');
      this.#progress.say(this.#words.start.centreEnded(centre.howItEnded, centre.logFile));
      void this.#writeRun();
    });
  }

  async #openEdge(name: string, pauseMs = RESTART_FIRST_MS): Promise<void> {
    const edge = await this.#cluster.startEdge(name);
    this.#states.set(name, 'running');
    const startedAt = performance.now();
    void edge.ended.then(() => {
      if (this.#isStopping()) return;
      const wasWell = performance.now() - startedAt >= WELL_MS;
      void this.#reopenEdge(name, edge.howItEnded, wasWell ? RESTART_FIRST_MS : pauseMs);
    });
  }

  async #reopenEdge(name: string, how: string, pauseMs: number): Promise<void> {
    this.#states.set(name, 'restarting');
    this.#progress.say(this.#words.start.edgeEnded(name, how, Math.round(pauseMs / 1000)));
    await this.#writeRun();
    await pause(pauseMs, this.#stopping.signal);
    if (this.#isStopping()) return;
    const next = Math.min(2 * pauseMs, RESTART_MAX_MS);
    try {
      await this.#openEdge(name, next);
      if (this.#isStopping()) await this.#cluster.edges.get(name)?.stop();
      else this.#progress.say(this.#words.start.edgeRunsAgain(name));
      await this.#writeRun();
    } catch (error) {
      if (!this.#isStopping())
        await this.#reopenEdge(name, error instanceof Error ? error.message : 'unknown', next);
    }
  }

  async #stopCentre(): Promise<object> {
    const was = this.#states.get('centre');
    this.#states.set('centre', 'stopped');
    await this.#cluster.centre?.stop();
    await this.#writeRun();
    if (was === 'running') this.#progress.say(this.#words.start.centreStopped);
    return { changed: was === 'running' };
  }

  async #startCentre(): Promise<object> {
    if (this.#states.get('centre') === 'running') return { changed: false };
    await this.#openCentre();
    await this.#writeRun();
    this.#progress.say(this.#words.start.centreStartedAgain);
    return { changed: true };
  }

  #inTurn<T extends object>(work: () => Promise<T>): Promise<T> {
    const next = this.#commands.then(() => {
      if (this.#isStopping()) throw new StartRefusal(this.#words.start.interrupted);
      return work();
    });
    this.#commands = next.catch(() => undefined);
    return next;
  }

  /** Nothing before it is ready: whoever finds the file finds an installation that works. */
  async #writeRun(): Promise<void> {
    if (!this.#run || this.#isStopping()) return;
    this.#run = nodesNow(this.#run, this.#cluster, this.#states);
    await writeRunFile(this.#run);
  }
}

function pause(ms: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    until.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
