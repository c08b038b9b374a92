/** People at an installation: they give out keys, read reports and pages, sign in, and have snapshots made. */
import type { Dice } from '../../central/fleet/random.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import type { LocalPerson } from '../../central/local/people.ts';
import { codeOf } from '../../central/local/people.ts';
import { disclose } from '../support/asking.ts';
import { bySession, fetchOf, signedInBy, trySignIn } from '../support/people.ts';
import type { Churn } from './churn.ts';

const READ: readonly [string, ...string[]] = [
  '/v1/reports/enterprise-compliance',
  '/v1/reports/computer-compliance?limit=100',
  '/v1/reports/computer-compliance?format=csv',
  '/v1/reports/recovery-audit?limit=100',
  '/v1/reports/recovery-audit?format=csv',
  '/v1/reports/keys-at-risk?limit=100',
  '/computers',
  '/reports/compliance',
  '/reports/audit',
  '/nodes',
  '/openapi.json',
  '/readyz',
];
const PEOPLE_WHO_SIGN_IN = ['helpdesk-1', 'helpdesk-2', 'auditor-1', 'administrator-1'];
const ANSWER_MS_MAX = 15_000;

export interface PeopleCounts {
  readonly disclosed: number;
  /** asked at a node that did not hold the key yet, or may not open it */
  readonly notThere: number;
  readonly read: number;
  readonly signedIn: number;
}

export class People {
  readonly #cluster: LocalCluster;
  readonly #churn: Churn;
  readonly #people: readonly LocalPerson[];
  readonly #dice: Dice;
  /** nodes that are stopped at the moment, by name */
  readonly #away: ReadonlySet<string>;
  readonly #counts = { disclosed: 0, notThere: 0, read: 0, signedIn: 0 };
  /** answers that nobody may get */
  readonly faults: string[] = [];

  constructor(
    cluster: LocalCluster,
    churn: Churn,
    people: readonly LocalPerson[],
    dice: Dice,
    away: ReadonlySet<string>,
  ) {
    this.#cluster = cluster;
    this.#churn = churn;
    this.#people = people;
    this.#dice = dice;
    this.#away = away;
  }

  get counts(): PeopleCounts {
    return this.#counts;
  }

  /** Somebody is locked out: a key is given out at the PC's own edge, or at the centre, and has to be the true one. */
  async giveOut(): Promise<void> {
    const key = this.#churn.choose(this.#dice);
    if (!key) return;
    const edge = this.#cluster.plan.edges.find(({ siteId }) => siteId === key.siteId);
    const name = edge?.helpdesk === true && this.#dice.chance(0.7) ? edge.name : 'centre';
    await this.#at(name, async (url) => {
      const { status, body } = await disclose(this.#cluster, url, key.keyId);
      if (status === 404) this.#counts.notThere += 1;
      else if (status !== 201) return `disclosure: ${String(status)} ${JSON.stringify(body)}`;
      else if (body['recoveryPassword'] !== key.password) return 'a wrong password';
      else this.#counts.disclosed += 1;
      return null;
    });
  }

  async read(): Promise<void> {
    const path = this.#dice.pick(READ);
    const headers = {
      Authorization: `Bearer ${this.#cluster.secrets.tokens.administrator}`,
      ...(path.startsWith('/v1/') ? {} : { Accept: 'text/html, */*' }),
    };
    await this.#at(this.#anyNode(), async (url) => {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX);
      const response = await fetch(`${url}${path}`, { headers, signal });
      await response.arrayBuffer();
      if (response.ok) this.#counts.read += 1;
      return response.ok || path === '/readyz' ? null : `${path}: ${String(response.status)}`;
    });
  }

  /** By password and code, one page, and out again. */
  async signIn(): Promise<void> {
    const staffId = PEOPLE_WHO_SIGN_IN[this.#dice.below(PEOPLE_WHO_SIGN_IN.length)];
    const person = this.#people.find((each) => each.staffId === staffId);
    if (!person) return;
    const { password } = person;
    await this.#at(this.#anyNode(), async (url) => {
      const node = fetchOf(url);
      const answer = await trySignIn(node, { staffId: person.staffId, password, code: codeOf(person) });
      if (answer.status !== 201) return `sign-in: ${String(answer.status)} ${await answer.text()}`;
      const session = await signedInBy(answer);
      const page = await node('/computers', { headers: { ...bySession(session), Accept: 'text/html' } });
      await page.arrayBuffer();
      const out = await node('/v1/session', { method: 'DELETE', headers: bySession(session) });
      await out.arrayBuffer();
      if (!page.ok || !out.ok) return `a session: ${String(page.status)}, ${String(out.status)}`;
      this.#counts.signedIn += 1;
      return null;
    });
  }

  /** Asks a node that is not away; what it answers wrongly is a fault, and so is no answer unless it went away meanwhile. */
  async #at(name: string, work: (url: string) => Promise<string | null>): Promise<void> {
    if (this.#away.has(name)) return;
    const url = name === 'centre' ? this.#cluster.centreUrl : this.#cluster.edgeUrl(name);
    const fault = await work(url).catch((error: unknown) => (this.#away.has(name) ? null : String(error)));
    if (fault !== null) this.faults.push(`${name}: ${fault}`);
  }

  #anyNode(): string {
    return this.#dice.pick(['centre', ...this.#cluster.edges.keys()]);
  }
}
