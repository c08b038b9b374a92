/**
 * A whole local installation in one data folder: a centre, its edges, and everything configured. `npm start`, the
 * end-to-end tests and the benches all run this, so what they show is the real programs.
 *
 *     secrets.json                 organisation key, vault keys, identities, tokens (0600)
 *     centre/                      identity.json, recovery.db, compliance.db
 *     edges/NAME/credentials/      identity.json
 *     edges/NAME/data/             the edge's database
 *     logs/
 */
import path from 'node:path';
import type { StaffRole, TokenScope } from '../../shared/domain/vocabulary.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { DEFAULT_DISCLOSURE_RULES } from '../../shared/helpdesk/rules.ts';
import type { ConfigBody, ConfigKind } from '../../shared/journal/bodies.ts';
import { nodePlatform } from '../platform.ts';
import { ORGANISATION_VAULT, type Plan, regionVault } from './plan.ts';
import { type NodeProcess, type Surroundings, startCentreProcess, startEdgeProcess } from './processes.ts';
import { loadOrMakeSecrets, type Secrets, writePrivate } from './secrets.ts';

const TOKEN_DAYS = 365;

export class LocalCluster {
  readonly folder: string;
  readonly plan: Plan;
  readonly secrets: Secrets;
  readonly centrePort: number;
  /** settings of the centre beside those of its folder, at every start */
  centreEnv: Readonly<Record<string, string>> = {};
  /** where other versions of the programs lie that are started from now on, by the node's name */
  readonly programs = new Map<string, string>();
  /** what the programs that are started from now on live in, by the node's name */
  readonly surroundings = new Map<string, Surroundings>();
  centre: NodeProcess | null = null;
  readonly edges = new Map<string, NodeProcess>();

  private constructor(folder: string, plan: Plan, secrets: Secrets, centrePort: number) {
    this.folder = folder;
    this.plan = plan;
    this.secrets = secrets;
    this.centrePort = centrePort;
  }

  /** Makes the folder, its secrets and identities where they are not there yet; starts nothing. */
  static async prepare(folder: string, plan: Plan, centrePort: number): Promise<LocalCluster> {
    const whole = path.resolve(folder);
    const secrets = await loadOrMakeSecrets(whole, plan);
    await writePrivate(path.join(whole, 'centre/identity.json'), secrets.centre);
    for (const [name, identity] of Object.entries(secrets.edges)) {
      await writePrivate(path.join(whole, 'edges', name, 'credentials/identity.json'), identity);
    }
    return new LocalCluster(whole, plan, secrets, centrePort);
  }

  get centreUrl(): string {
    return `http://127.0.0.1:${String(this.centrePort)}`;
  }

  edgePort(name: string): number {
    return this.centrePort + 1 + this.plan.edges.findIndex((edge) => edge.name === name);
  }

  edgeUrl(name: string): string {
    return `http://127.0.0.1:${String(this.edgePort(name))}`;
  }

  edgeData(name: string): string {
    return path.join(this.folder, 'edges', name, 'data');
  }

  get centreData(): string {
    return path.join(this.folder, 'centre');
  }

  async startCentre(env: Readonly<Record<string, string>> = {}): Promise<NodeProcess> {
    this.centre = await startCentreProcess({
      dataFolder: this.centreData,
      identityFile: path.join(this.folder, 'centre/identity.json'),
      port: this.centrePort,
      bootstrapTokenHash: staffTokenHash(nodePlatform, this.secrets.tokens.administrator),
      logFile: path.join(this.folder, 'logs/centre.log'),
      env: { ...this.centreEnv, ...env },
      ...this.#program('centre'),
    });
    return this.centre;
  }

  /** `centrePort`: of another central process than this installation's first. */
  async startEdge(name: string, centrePort = this.centrePort): Promise<NodeProcess> {
    const started = await startEdgeProcess({
      name,
      dataFolder: this.edgeData(name),
      credentialsFolder: path.join(this.folder, 'edges', name, 'credentials'),
      port: this.edgePort(name),
      centrePort,
      logFile: path.join(this.folder, `logs/${name}.log`),
      ...this.#program(name),
    });
    this.edges.set(name, started);
    return started;
  }

  #program(name: string): { root?: string; surroundings?: Surroundings } {
    const [root, surroundings] = [this.programs.get(name), this.surroundings.get(name)];
    return { ...(root === undefined ? {} : { root }), ...(surroundings ? { surroundings } : {}) };
  }

  /**
   * Everything; resolves when every edge knows its vaults. The edges come before the configuration, because a centre
   * that was here before takes none until its edges have brought what they hold.
   */
  async startAll(): Promise<void> {
    await this.startCentre();
    await Promise.all(this.plan.edges.map(({ name }) => this.startEdge(name)));
    await this.ready(this.centreUrl);
    await this.configure();
    await Promise.all(this.plan.edges.map(({ name }) => this.ready(this.edgeUrl(name))));
  }

  /** Resolves when the node says that it is ready, or when `until` is aborted. */
  async ready(url: string, msMax = 30_000, until?: AbortSignal): Promise<void> {
    const deadline = Date.now() + msMax;
    while (Date.now() < deadline && until?.aborted !== true) {
      const response = await fetch(`${url}/readyz`).catch(() => null);
      if (response) await response.arrayBuffer();
      if (response?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (until?.aborted === true) return;
    throw new Error(`${url} was not ready within ${String(msMax)} ms`);
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.edges.values()].map((edge) => edge.stop()));
    await this.centre?.stop();
  }

  /** Configures what is missing at the centre; the first administrator comes last, because that ends the bootstrap token. */
  async configure(): Promise<void> {
    const { tokens, vaults } = this.secrets;
    const publicKey = (id: string): string => vaults.find(({ vaultId }) => vaultId === id)?.publicKey ?? '';
    const vault = (id: string, regionId: string | null) =>
      this.#put('vault', id, {
        scope: regionId === null ? 'organisation' : 'region',
        regionId,
        publicKey: publicKey(id),
        retired: false,
      });
    await vault(ORGANISATION_VAULT, null);
    for (const { id, name } of this.plan.regions) {
      await this.#put('region', id, { name });
      await vault(regionVault(id), id);
    }
    for (const { siteId, siteName, regionId } of this.plan.edges) {
      await this.#put('site', siteId, { name: siteName, regionId });
      const tokenHash = nodePlatform.sha256('holdfast site token v1\n', tokens.sites[siteId] ?? '');
      await this.#put('site-token', `${siteId}-1`, {
        siteId,
        tokenHash,
        expiresAt: Date.now() + TOKEN_DAYS * 86_400_000,
        revoked: false,
      });
    }
    const { disclosuresPerHour } = this.plan;
    if (disclosuresPerHour !== undefined)
      await this.#put('disclosure-rules', 'organisation', {
        ...{ ...DEFAULT_DISCLOSURE_RULES, siteId: null },
        ...{ personPerHour: disclosuresPerHour, nodePerHour: disclosuresPerHour },
      });
    await this.#put('sign-in', 'sign-in', { rpId: 'localhost' });
    await this.#hire('helpdesk-1', 'Helpdesk', 'helpdesk', tokens.helpdesk, ['keys', 'reports']);
    await this.#hire('helpdesk-2', 'Advanced helpdesk', 'advanced-helpdesk', tokens.advancedHelpdesk, [
      'keys',
      'reports',
    ]);
    await this.#hire('reports-1', 'Reports', 'reports', tokens.reports, ['reports']);
    await this.#hire('auditor-1', 'Auditor', 'auditor', tokens.auditor, ['reports']);
    const { administrator } = tokens;
    await this.#hire('administrator-1', 'Administrator', 'administrator', administrator, [
      'administration',
      'reports',
    ]);
  }

  /** A person with a token for scripts, which comes first: the first administrator ends what the installation's may do. */
  async #hire(
    staffId: string,
    name: string,
    role: StaffRole,
    token: string,
    scope: TokenScope[],
  ): Promise<void> {
    const expiresAt = Date.now() + TOKEN_DAYS * 86_400_000;
    const tokenHash = staffTokenHash(nodePlatform, token);
    const label = 'run.json';
    await this.#put('api-token', staffId, { staffId, label, tokenHash, scope, expiresAt, revoked: false });
    await this.#put('staff', staffId, { name, role, sites: null, revoked: false });
  }

  async #put<K extends ConfigKind>(kind: K, id: string, body: ConfigBody<K>): Promise<void> {
    const headers = {
      Authorization: `Bearer ${this.secrets.tokens.administrator}`,
      'Content-Type': 'application/json',
    };
    const response = await fetch(`${this.centreUrl}/v1/admin/config/${kind}/${id}`, {
      method: 'PUT',
      headers,
      body: JSON.stringify({ revision: 0, body }),
    });
    const text = await response.text();
    // 409: configured before, and an administrator may have changed it since.
    if (!response.ok && response.status !== 409)
      throw new Error(`the centre refused ${kind} ${id}: ${text.slice(0, 300)}`);
  }
}
