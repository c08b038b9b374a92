/**
 * Where the table is played: one real installation (centre on Node, edges in workerd) with people, tokens and keys
 * of every kind that a row needs, and a look into each node's own database files from outside.
 */
import { readdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { nodePlatform } from '../../central/platform.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import type { Plan } from '../../central/local/plan.ts';
import { generateToken } from '../../central/local/secrets.ts';
import type { ConfigBody, ConfigKind } from '../../shared/journal/bodies.ts';
import { limits } from '../../shared/limits.ts';
import { CertificateAuthority } from '../../shared/trust/certificate.ts';
import type { Organisation } from '../support/organisation.ts';
import { apiToken } from '../support/tokens.ts';
import { type Message, jsonOf, send } from './http.ts';
import { Pc } from './pc.ts';

/** A helpdesk edge, and an escrow-only edge of another region. */
const PLAN: Plan = {
  disclosuresPerHour: 10_000,
  regions: [
    { id: 'centro', name: 'Centro' },
    { id: 'norte', name: 'Norte' },
  ],
  edges: [
    { name: 'edge-madrid', siteId: 'madrid', siteName: 'Madrid', regionId: 'centro', helpdesk: true },
    { name: 'edge-lugo', siteId: 'lugo', siteName: 'Lugo', regionId: 'norte', helpdesk: false },
  ],
};

export const PLACES = ['edge', 'centre', 'escrow-only edge'] as const;
export type Place = (typeof PLACES)[number];

/** How many rows there are of what: `recovery:KIND` of journal entries, `recovery_marks` and so on of tables. */
export type Counts = Readonly<Record<string, number>>;

export class Stage {
  readonly cluster: LocalCluster;
  readonly organisation: Organisation;
  /** people and site tokens that the plan does not have */
  readonly tokens = {
    revokedStaff: generateToken('hfs'),
    lugoStaff: generateToken('hfs'),
    officer: generateToken('hfs'),
    colleague: generateToken('hfs'),
    expiredSite: generateToken('hft'),
    revokedSite: generateToken('hft'),
  };
  readonly #databases = new Map<Place, DatabaseSync[]>();
  readonly #pcs = new Map<Place, Pc>();

  private constructor(cluster: LocalCluster) {
    this.cluster = cluster;
    const { organisationKey } = cluster.secrets;
    const { d: _d, ...pinned } = organisationKey;
    this.organisation = { privateKey: organisationKey, authority: new CertificateAuthority(pinned) };
  }

  static async open(centrePort: number): Promise<Stage> {
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-hostile-'));
    const stage = new Stage(await LocalCluster.prepare(folder, PLAN, centrePort));
    try {
      await stage.cluster.startAll();
      await stage.#configure();
      for (const place of PLACES) await stage.#warm(place);
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  async close(): Promise<void> {
    for (const database of [...this.#databases.values()].flat()) database.close();
    await this.cluster.stopAll();
    rmSync(this.cluster.folder, { recursive: true, force: true });
  }

  base(place: Place): string {
    if (place === 'centre') return this.cluster.centreUrl;
    return this.cluster.edgeUrl(place === 'edge' ? 'edge-madrid' : 'edge-lugo');
  }

  siteToken(place: Place): string {
    return this.cluster.secrets.tokens.sites[place === 'escrow-only edge' ? 'lugo' : 'madrid'] ?? '';
  }

  async nodeId(place: Place): Promise<string> {
    const { secrets } = this.cluster;
    const name = place === 'edge' ? 'edge-madrid' : 'edge-lugo';
    const identity = place === 'centre' ? secrets.centre : secrets.edges[name];
    const certificate = await this.organisation.authority.check(identity?.certificate ?? '');
    if (!certificate) throw new Error(`there is no ${place}`);
    return certificate.nodeId;
  }

  /** A PC that is enrolled at this node, and another one before its new keys of a day are used up. */
  async pc(place: Place): Promise<Pc> {
    let pc = this.#pcs.get(place);
    if (!pc || pc.counter > limits.deviceKeyIdsPerDayMax / 2) {
      pc = await Pc.enrolled(this.base(place), this.siteToken(place));
      this.#pcs.set(place, pc);
    }
    return pc;
  }

  /** A request by somebody with this token. */
  staff(token: string, method: string, at: string, body?: object): Message {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    return { method, path: at, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
  }

  async put<K extends ConfigKind>(kind: K, id: string, body: ConfigBody<K>): Promise<void> {
    const at = `/v1/admin/config/${kind}/${id}`;
    const message = this.staff(this.cluster.secrets.tokens.administrator, 'PUT', at, { revision: 0, body });
    const answer = await send(this.cluster.centreUrl, message);
    if (answer.status !== 200) throw new Error(`${at} was answered with ${String(answer.status)}`);
  }

  async #configure(): Promise<void> {
    const staff = async (id: string, token: string, change: Partial<ConfigBody<'staff'>>) => {
      await this.put('api-token', id, apiToken(id, token));
      await this.put('staff', id, {
        ...{ name: id, role: 'advanced-helpdesk', sites: null, revoked: false },
        ...change,
      });
    };
    await staff('helpdesk-gone', this.tokens.revokedStaff, { revoked: true });
    await staff('helpdesk-lugo', this.tokens.lugoStaff, { sites: ['lugo'] });
    await staff('officer', this.tokens.officer, { role: 'break-glass-officer' });
    await staff('colleague', this.tokens.colleague, {});
    const site = (id: string, token: string, change: Partial<ConfigBody<'site-token'>>) =>
      this.put('site-token', id, {
        ...{ siteId: 'madrid', expiresAt: Date.now() + 3_600_000, revoked: false },
        tokenHash: nodePlatform.sha256('holdfast site token v1\n', token),
        ...change,
      });
    await site('madrid-revoked', this.tokens.revokedSite, { revoked: true });
    await site('madrid-expired', this.tokens.expiredSite, { expiresAt: Date.now() - 1_000 });
    const known = z.object({ items: z.array(z.object({ id: z.string() })) });
    const list = this.staff(this.cluster.secrets.tokens.administrator, 'GET', '/v1/admin/config/site-token');
    for (const place of PLACES) {
      await until(`the ${place} knows what was configured`, async () => {
        const parsed = known.safeParse(jsonOf(await send(this.base(place), list)));
        return parsed.success && parsed.data.items.some(({ id }) => id === 'madrid-expired');
      });
    }
  }

  /** A PC, and a first entry in both logs, so that later counts have no genesis in them. */
  async #warm(place: Place): Promise<void> {
    const base = this.base(place);
    const pc = await this.pc(place);
    const answer = await send(base, await pc.status(base));
    if (answer.status !== 200) throw new Error(`a first report was answered with ${String(answer.status)}`);
  }

  /**
   * What this node has stored of the logs of `nodes`, counted in its files. Other nodes' logs come and go by
   * replication meanwhile; contacts with peers, the day's count for the trend, the writer's guard, the zeros that go
   * over what was forgotten, and the order of all nodes' computers are no record of a request.
   */
  counts(place: Place, nodes: readonly string[]): Counts {
    const counts: Record<string, number> = {};
    const wanted = JSON.stringify(nodes);
    for (const database of this.#open(place)) {
      const all = (sql: string, ...args: string[]) => database.prepare(sql).all(...args);
      const tables = all("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) =>
        String(name),
      );
      for (const table of tables) {
        if (/^sqlite_|^_cf_|_guard$|^local_(?:peers|trend)$|^(?:shred|fleet)$|migrations/.test(table))
          continue;
        const ours = 'substr(origin, 1, 10) IN (SELECT value FROM json_each(?))';
        const logged = all(`SELECT 1 FROM pragma_table_info('${table}') WHERE name = 'origin'`).length > 0;
        const rows = logged
          ? all(`SELECT count(*) AS rows FROM "${table}" WHERE ${ours}`, wanted)
          : all(`SELECT count(*) AS rows FROM "${table}"`);
        counts[table] = Number(rows[0]?.['rows']);
        if (!table.endsWith('_journal')) continue;
        const store = table.replace('_journal', '');
        const kinds = `SELECT kind, count(*) AS rows FROM "${table}" WHERE ${ours} GROUP BY kind`;
        for (const row of all(kinds, wanted)) counts[`${store}:${String(row['kind'])}`] = Number(row['rows']);
      }
    }
    return counts;
  }

  #open(place: Place): DatabaseSync[] {
    let databases = this.#databases.get(place);
    if (!databases) {
      databases = this.files(place).map((file) => new DatabaseSync(file, { readOnly: true }));
      this.#databases.set(place, databases);
    }
    return databases;
  }

  /** The node's database files. */
  files(place: Place): string[] {
    const { cluster } = this;
    const folder =
      place === 'centre'
        ? cluster.centreData
        : cluster.edgeData(place === 'edge' ? 'edge-madrid' : 'edge-lugo');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:db|sqlite)$/.test(name) && !name.includes('metadata'))
      .map((name) => path.join(folder, name));
  }
}

export async function until(what: string, holds: () => Promise<boolean>, msMax = 20_000): Promise<void> {
  const deadline = Date.now() + msMax;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What was added between two counts. */
export function added(before: Counts, after: Counts): Record<string, number> {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changes = [...names].map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)] as const);
  return Object.fromEntries(changes.filter(([, rows]) => rows !== 0));
}
