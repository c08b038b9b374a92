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
      configuration.#readAgain();
    });
    ledger.onFollowed((store, origins) => {
      const centres = [...origins].some(
        (origin) => ledger.origins(store).get(origin)?.certificate.role === 'centre',
      );
      if (store === 'recovery' && centres) configuration.#readAgain();
    });
    return configuration;
  }

  #readAgain(): void {
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
    this.#readAgain();
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

  /** The vaults a secret of this site is sealed to: its region's and the organisation's; null while either is unknown. */
  vaultsOf(siteId: string): { vaultId: string; publicKey: string }[] | null {
    const regionId = this.get('site', siteId)?.body.regionId;
    const living = this.all('vault').filter(({ body }) => !body.retired);
    const newest = (found: Configured<'vault'>[]) =>
      found.sort((a, b) => b.id.localeCompare(a.id, 'en', { numeric: true }))[0];
    const region = newest(living.filter(({ body }) => body.scope === 'region' && body.regionId === regionId));
    const organisation = newest(living.filter(({ body }) => body.scope === 'organisation'));
    if (!region || !organisation) return null;
    return [region, organisation].map(({ id, body }) => ({ vaultId: id, publicKey: body.publicKey }));
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
