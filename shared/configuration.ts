/**
 * What a centre configured, as this node knows it: regions, sites, vaults, staff, site tokens, policies, exemptions,
 * and which devices were revoked. Read from the current view and held in memory, because every request asks for it;
 * read again whenever an entry of these kinds is committed.
 */
import { z } from 'zod';
import type { Log } from './platform.ts';
import { type ConfigBody, type ConfigKind, configBodies } from './journal/bodies.ts';
import type { Ledger } from './journal/ledger.ts';

export interface Configured<K extends ConfigKind> {
  readonly id: string;
  readonly revision: number;
  readonly body: ConfigBody<K>;
}

export class Configuration {
  readonly #ledger: Ledger;
  readonly #log: Log;
  #items = new Map<ConfigKind, Map<string, Configured<ConfigKind>>>();
  #revoked = new Set<string>();
  #reading: Promise<void> = Promise.resolve();
  #changing: Promise<void> = Promise.resolve();
  /** whether a change was committed that was not read yet */
  #isBehind = false;

  private constructor(ledger: Ledger, log: Log) {
    this.#ledger = ledger;
    this.#log = log;
  }

  static async open(ledger: Ledger, log: Log): Promise<Configuration> {
    const configuration = new Configuration(ledger, log);
    await configuration.#read();
    ledger.onCommit((store, entries) => {
      if (
        store !== 'recovery' ||
        !entries.some(({ kind }) => kind === 'config' || kind === 'device-revocation')
      )
        return;
      configuration.again();
    });
    ledger.onFollowed((store, origins) => {
      const centres = [...origins].some(
        (origin) => ledger.origins(store).get(origin)?.certificate.role === 'centre',
      );
      if (store === 'recovery' && centres) configuration.again();
    });
    return configuration;
  }

  /** Reads again; `settled` tells when. */
  again(): void {
    this.#isBehind = true;
    this.#reading = this.#reading
      .then(() => this.#read())
      .catch((error: unknown) => {
        this.#log('warn', 'configuration could not be read again, and will be', {
          error: error instanceof Error ? error.name : 'unknown',
        });
      });
  }

  /** Reads again what could not be read when it changed: a revocation must not wait for the next change. */
  async catchUp(): Promise<void> {
    await this.#reading;
    if (!this.#isBehind) return;
    this.again();
    await this.#reading;
  }

  /** Runs one change at a time, so that of two people who read the same revision only one is told that it holds. */
  inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(change);
    this.#changing = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  /** Resolves when what was committed before is visible here. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  all<K extends ConfigKind>(kind: K): Configured<K>[] {
    // Each map was filled by the schema of its kind.
    return [...(this.#items.get(kind)?.values() ?? [])] as Configured<K>[];
  }

  get<K extends ConfigKind>(kind: K, id: string): Configured<K> | undefined {
    return this.#items.get(kind)?.get(id);
  }

  isRevoked(deviceId: string): boolean {
    return this.#revoked.has(deviceId);
  }

  revokedDevices(): ReadonlySet<string> {
    return this.#revoked;
  }

  siteName(siteId: string): string {
    return this.get('site', siteId)?.body.name ?? siteId;
  }

  /**
   * The vaults a secret of this site is sealed to: its region's and the organisation's; null while either is unknown.
   * While a vault takes over from another, that one as well, unless others may have its key: whoever was not given the
   * new key yet goes on opening what comes in.
   */
  vaultsOf(siteId: string): { vaultId: string; publicKey: string }[] | null {
    const living = this.#livingVaultsOf(siteId);
    if (living.some(([newest]) => newest === undefined)) return null;
    return living
      .flatMap(([newest, before]) => [newest, before?.body.compromised === true ? undefined : before])
      .flatMap((vault) => (vault ? [publicHalf(vault)] : []));
  }

  /** The vaults in which every secret of this site is to have a copy in the end. */
  newestVaultsOf(siteId: string): { vaultId: string; publicKey: string }[] {
    return this.#livingVaultsOf(siteId).flatMap(([newest]) => (newest ? [publicHalf(newest)] : []));
  }

  /** The newest vaults of all regions and of the organisation. */
  newestVaults(): string[] {
    const regions = new Set(this.all('vault').map(({ body }) => body.regionId));
    return [...regions].flatMap((regionId) => this.livingVaults(regionId)[0]?.id ?? []).sort();
  }

  /** Vaults of a region, or of the organisation, that are not retired, the newest first: of `-9` and `-10` the latter. */
  livingVaults(regionId: string | null): Configured<'vault'>[] {
    return this.all('vault')
      .filter(({ body }) => !body.retired && body.regionId === regionId)
      .sort((a, b) => b.id.localeCompare(a.id, 'en', { numeric: true }));
  }

  #livingVaultsOf(siteId: string): Configured<'vault'>[][] {
    const regionId = this.get('site', siteId)?.body.regionId;
    return [regionId === undefined ? [] : this.livingVaults(regionId), this.livingVaults(null)];
  }

  policyOf(siteId: string): Configured<'policy'> | undefined {
    const policies = this.all('policy');
    return (
      policies.find(({ body }) => body.siteId === siteId) ?? policies.find(({ body }) => body.siteId === null)
    );
  }

  async #read(): Promise<void> {
    this.#isBehind = false;
    try {
      await this.#readAll();
    } catch (error) {
      this.#isBehind = true;
      throw error;
    }
  }

  async #readAll(): Promise<void> {
    const rows = await this.#ledger.engine.rows(
      'recovery',
      'SELECT kind, id, revision, body FROM config_current',
      [],
    );
    const revoked = await this.#ledger.engine.rows(
      'recovery',
      'SELECT DISTINCT device_id FROM device_revocations',
      [],
    );
    const items = new Map<ConfigKind, Map<string, Configured<ConfigKind>>>();
    for (const [kindText, id, revision, bodyText] of rows) {
      const kind = z.enum(Object.keys(configBodies) as [ConfigKind, ...ConfigKind[]]).safeParse(kindText);
      if (!kind.success) continue;
      const body = configBodies[kind.data].safeParse(JSON.parse(String(bodyText)));
      if (!body.success) {
        this.#log('error', 'a configured item does not fit its schema', { kind: kind.data, id: String(id) });
        continue;
      }
      let ofKind = items.get(kind.data);
      if (!ofKind) items.set(kind.data, (ofKind = new Map<string, Configured<ConfigKind>>()));
      ofKind.set(String(id), { id: String(id), revision: Number(revision), body: body.data });
    }
    this.#items = items;
    this.#revoked = new Set(revoked.map(([deviceId]) => String(deviceId)));
  }
}

function publicHalf({ id, body }: Configured<'vault'>): { vaultId: string; publicKey: string } {
  return { vaultId: id, publicKey: body.publicKey };
}
