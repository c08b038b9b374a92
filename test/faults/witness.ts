/**
 * Who remembers what an installation promised while something was wrong, and looks afterwards whether it was kept:
 * every escrow with a valid receipt, every disclosure, chains that verify, equal vectors and equal tables.
 */
import { expect } from 'vitest';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { type Auditor, openAuditor } from '../support/auditor.ts';
import { ask, bugsInLogs, disagreements, disclose, untilNone } from '../support/cluster.ts';
import { load } from '../support/load.ts';

/** After a fault has ended: the longest pause between two tries, and what is then sent over a thin line. */
const WHOLE_MS_MAX = 20_000;

export class Witness {
  readonly #cluster: LocalCluster;
  readonly #fleet: Fleet;
  /** key IDs with a valid receipt, and those given out since the last look */
  readonly #escrowed = new Set<string>();
  readonly #given = new Set<string>();
  #auditor: Auditor | null = null;

  constructor(cluster: LocalCluster, fleet: Fleet) {
    this.#cluster = cluster;
    this.#fleet = fleet;
  }

  /** Escrows at a node: how many were answered with a valid receipt, and the other answers by status (0: none came). */
  async escrow(name: string, count: number): Promise<{ kept: string[]; refused: Record<string, number> }> {
    const { statuses, keyIds } = await load(this.#fleet, 'escrow', this.#url(name), count);
    for (const keyId of keyIds) this.#escrowed.add(keyId);
    const refused = Object.fromEntries(Object.entries(statuses).filter(([status]) => status !== '201'));
    return { kept: keyIds, refused };
  }

  /** Gives a key out at a node: the status, once the password is known to be the true one. */
  async disclose(name: string, keyId: string): Promise<number> {
    const { status, body } = await disclose(this.#cluster, this.#url(name), keyId);
    if (status === 201) {
      expect(body['recoveryPassword']).toBe(this.#fleet.passwordOf(keyId));
      this.#given.add(keyId);
    } else expect(body).not.toHaveProperty('recoveryPassword');
    return status;
  }

  /** Types of the alarms that a node raises now. */
  async alarms(name: string): Promise<string[]> {
    const text = await (await fetch(`${this.#url(name)}/readyz`)).text();
    return [...text.matchAll(/"type":"([a-z-]+)"/g)].map(([, type = '']) => type);
  }

  /** Resolves once the node raises such an alarm, or once it does not any more. */
  async untilAlarm(name: string, type: string, raised: boolean, msMax = WHOLE_MS_MAX): Promise<void> {
    const wrong = raised ? `${name} does not raise ${type}` : `${name} still raises ${type}`;
    await untilNone(async () => ((await this.alarms(name)).includes(type) === raised ? [] : [wrong]), msMax);
  }

  /** The centre comes to hold whatever was promised since the beginning, in chains that verify. */
  async expectKept(msMax = WHOLE_MS_MAX): Promise<void> {
    this.#auditor ??= await openAuditor(this.#cluster, this.#cluster.centreUrl);
    const { centreUrl, secrets } = this.#cluster;
    await untilNone(async () => {
      await this.#auditor?.pull();
      const held = new Set(
        [...((await this.#auditor?.escrows()) ?? [])].map((escrow) => escrow.split(' ')[0]),
      );
      const audit = await ask(
        secrets.tokens.auditor,
        'GET',
        `${centreUrl}/v1/reports/recovery-audit?limit=10000`,
      );
      const told = JSON.stringify(audit.body);
      return [
        ...[...this.#escrowed].filter((keyId) => !held.has(keyId)).map((keyId) => `${keyId} is lost`),
        ...[...this.#given]
          .filter((keyId) => !told.includes(keyId))
          .map((keyId) => `${keyId} is not audited`),
      ];
    }, msMax);
  }

  /** All nodes come to agree in vectors and tables. */
  async expectAgreement(msMax = WHOLE_MS_MAX): Promise<void> {
    await untilNone(() => disagreements(this.#cluster), msMax);
  }

  /** All nodes agree in vectors and tables, nothing is lost, and no log tells of a bug. */
  async expectWhole(msMax = WHOLE_MS_MAX): Promise<void> {
    await this.expectAgreement(msMax);
    await this.expectKept(msMax);
    expect(await bugsInLogs(this.#cluster)).toEqual([]);
  }

  /** The centre holds each of these keys. */
  async expectKeysHeld(keys: readonly { readonly keyId: string }[]): Promise<void> {
    const held = new Set([...((await this.#auditor?.escrows()) ?? [])].map((escrow) => escrow.split(' ')[0]));
    expect(keys.map(({ keyId }) => keyId).filter((keyId) => !held.has(keyId))).toEqual([]);
    expect(keys.length).toBeGreaterThan(0);
  }

  #url(name: string): string {
    return name === 'centre' ? this.#cluster.centreUrl : this.#cluster.edgeUrl(name);
  }
}
