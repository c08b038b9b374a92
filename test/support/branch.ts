/**
 * A centre and one helpdesk edge of a branch as whole nodes in one process, under a clock of the test's own, with staff
 * who ask over HTTP. The edge keeps its database in memory that outlives it, so it can be started again. Chores do not
 * run by themselves: `live` lets time pass as the edge lives it.
 */
import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { nodePlatform } from '../../central/platform.ts';
import { migrations } from '../../migrations/index.ts';
import type { StatusAnswer, StatusRequest } from '../../shared/devices/messages.ts';
import { type DeviceToken, machineFingerprint } from '../../shared/devices/token.ts';
import { DEFAULT_RULES } from '../../shared/domain/compliance.ts';
import { type Guid, formatRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import type { StaffRole } from '../../shared/domain/vocabulary.ts';
import { type DisclosureRules, DEFAULT_DISCLOSURE_RULES } from '../../shared/helpdesk/rules.ts';
import { createApp } from '../../shared/http/app.ts';
import type { App } from '../../shared/http/context.ts';
import type { ConfigBody, ConfigKind } from '../../shared/journal/bodies.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import type { Body } from '../../shared/journal/kinds.ts';
import { limits } from '../../shared/limits.ts';
import { type HoldfastNode, openNode } from '../../shared/node.ts';
import { type Platform, randomName } from '../../shared/platform.ts';
import { type IdentityFile, issueCertificate, publicJwk } from '../../shared/trust/certificate.ts';
import { CENTRE, edgeIn, type NetworkNode } from './network.ts';
import { type Organisation, makeOrganisation, makePrivateKey } from './organisation.ts';
import { NO_END_IN_TESTS, apiToken } from './tokens.ts';
import { makeVault } from './vaults.ts';

export const SITE = 'madrid';
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

const STAFF: Readonly<Record<string, StaffRole>> = {
  ...{ luis: 'helpdesk', carla: 'helpdesk', ines: 'advanced-helpdesk', olga: 'break-glass-officer' },
  ...{ omar: 'break-glass-officer', aurora: 'auditor', admin: 'administrator' },
};

export interface Pc {
  readonly token: DeviceToken;
  readonly smbiosUuid: Guid;
  readonly volumeId: Guid;
  readonly computerName: string;
  counter: number;
}

export interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export function newPc(site = SITE): Pc {
  const smbiosUuid = randomUUID() as Guid;
  const sub = `d-${randomName(nodePlatform, 16)}`;
  return {
    token: {
      ...{ aud: 'holdfast-devices', sub, jkt: nodePlatform.sha256(sub), site, claim: 'held', iat: 1 },
      machine: machineFingerprint(nodePlatform, { smbiosUuid, serial: 'S1' }),
    },
    ...{ smbiosUuid, volumeId: randomUUID() as Guid, counter: 0 },
    computerName: `PC-${sub.slice(-4)}`,
  };
}

export class Branch {
  /** what both nodes' clocks show */
  now = Date.now();
  centre!: NetworkNode;
  edge!: HoldfastNode;
  /** whether the edge reaches the centre */
  connected = true;
  #app!: App;
  #identity!: IdentityFile;
  #engine!: LibsqlEngine;
  readonly #organisation: Organisation;

  private constructor(organisation: Organisation) {
    this.#organisation = organisation;
  }

  static async open(rules: Partial<DisclosureRules> = {}): Promise<Branch> {
    const branch = new Branch(await makeOrganisation());
    const [region, organisation] = [await makeVault('centro-1', 'centro'), await makeVault('org-1', null)];
    branch.centre = await branch.#start(CENTRE, []);
    branch.#identity = await branch.#identityOf(edgeIn('centro', SITE, 'region'), [
      { vaultId: 'centro-1', privateKey: region.key.privateKey },
    ]);
    branch.#engine = await memory();
    onTestFinished(() => {
      branch.#engine.close();
    });
    await branch.startEdge();
    const site = (id: string) => configDraft('site', id, { name: id, regionId: 'centro' });
    await branch.centre.node.ledger.append('recovery', [
      ...[configDraft('region', 'centro', { name: 'Centro' }), site(SITE), site('toledo')],
      ...[region.draft, organisation.draft],
      ...Object.entries(STAFF).flatMap(([id, role]) => staffDrafts(id, role)),
    ]);
    await branch.setRules(rules);
    return branch;
  }

  async startEdge(): Promise<void> {
    this.now += 1_000;
    const platform = this.#platform();
    const peers = [{ name: 'centre', fetch: this.#reaching }];
    this.edge = await openNode({
      ...{
        engine: this.#engine,
        migrations,
        peers,
        platform,
        identity: this.#identity,
        log: () => undefined,
      },
      ...{ sliceEntries: 50, version: 'test', bootstrapTokenHash: null },
    });
    this.#app = createApp(this.edge);
  }

  /** Configures at the centre; the edge knows it after the next contact, which is now. */
  async configure<K extends ConfigKind>(kind: K, id: string, body: ConfigBody<K>): Promise<void> {
    const revision = (this.centre.node.configuration.get(kind, id)?.revision ?? 0) + 1;
    await this.centre.node.ledger.append('recovery', [configDraft(kind, id, body, revision)]);
    await this.centre.node.configuration.settled();
    await this.sync();
  }

  setRules(rules: Partial<DisclosureRules>, siteId: string | null = null): Promise<void> {
    const body = { ...DEFAULT_DISCLOSURE_RULES, ...rules, siteId };
    return this.configure('disclosure-rules', siteId ?? 'organisation', body);
  }

  async sync(): Promise<void> {
    const [link] = this.edge.links;
    await link?.client.exchange(true, new AbortController().signal);
    await link?.client.exchange(true, new AbortController().signal);
    await this.edge.configuration.settled();
    await this.edge.peers.save();
  }

  /** Time passes at the edge, in pauses between its chores. */
  async live(ms: number): Promise<void> {
    const end = this.now + ms;
    while (this.now < end) {
      this.now = Math.min(end, this.now + limits.livedTickMsMax);
      await this.edge.lived.tick(this.edge.breakGlass.isOpen);
    }
    await this.edge.breakGlass.tick();
    await this.edge.helpdesk.tick();
  }

  async escrow(pc: Pc, keyId = randomUUID() as Guid, users = ['CORP\\ana'], volumeType: 1 | 3 = 1) {
    const recoveryPassword = formatRecoveryPassword(nodePlatform.random(16));
    const { smbiosUuid, volumeId, computerName } = pc;
    await this.edge.escrows.escrow(pc.token, keyId, {
      ...{ recoveryPassword, volumeId, volumeType, counter: (pc.counter += 1), smbiosUuid, serial: 'S1' },
      ...{ computerName, domain: 'corp.example.org', users },
    });
    return { keyId, recoveryPassword };
  }

  report(
    pc: Pc,
    keyIds: readonly Guid[],
    more: { volumeId?: Guid; volumeType?: 1 | 3; node?: HoldfastNode; counter?: number } = {},
  ): Promise<StatusAnswer> {
    const { smbiosUuid, computerName } = pc;
    const { volumeId = pc.volumeId, volumeType = 1, node = this.edge } = more;
    const { counter = (pc.counter += 1) } = more;
    const request: StatusRequest = {
      ...{ counter, reportedAt: this.now },
      machine: {
        ...{ computerName, domain: 'corp.example.org', smbiosUuid, serial: 'S1', make: 'm', model: 'm' },
        ...{ osVersion: '10.0.26100', tpmPresent: true, users: ['CORP\\ana'] },
      },
      policy: { version: 0, rules: DEFAULT_RULES, enforcement: 'enforced', error: null },
      volumes: [
        {
          ...{ volumeId, volumeType, driveLetter: 'C:', protectionStatus: 1, conversionStatus: 1 },
          ...{ encryptionMethod: 7, encryptionPercentage: 100, lockStatus: 0 },
          protectors: keyIds.map((keyId) => ({ type: 3, keyId })),
        },
      ],
    };
    return node.statuses.report(pc.token, request);
  }

  /** A request by a person; at the edge, unless it says otherwise. */
  async send(who: string, method: string, path: string, body?: object, at?: NetworkNode): Promise<Response> {
    const init = {
      method,
      headers: { Authorization: `Bearer ${tokenOf(who)}`, 'Content-Type': 'application/json' },
      ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
    };
    return at ? at.fetch(path, init) : this.#app.fetch(new Request(`http://localhost${path}`, init));
  }

  /** The same, for an answer in JSON. */
  async ask(who: string, method: string, path: string, body?: object, at?: NetworkNode): Promise<Answer> {
    const response = await this.send(who, method, path, body, at);
    const answer = (await response.json()) as Record<string, unknown>;
    const { type } = answer;
    const code = typeof type === 'string' ? type.split(':').at(-1) : undefined;
    return { status: response.status, code, headers: response.headers, body: answer };
  }

  disclose(who: string, keyId: string, change: object = {}): Promise<Answer> {
    const body = { keyId, reason: 'lost-pin', verification: 'manager', endUser: 'CORP\\ana', ...change };
    return this.ask(who, 'POST', '/v1/recovery/disclosures', body);
  }

  /** Audit records held by a node, in the order of the edge's log. */
  async audit(of: HoldfastNode = this.edge): Promise<Body<'audit'>[]> {
    const rows = await of.ledger.engine.rows(
      'recovery',
      "SELECT body FROM recovery_journal WHERE kind = 'audit' ORDER BY hlc, origin, seq",
      [],
    );
    return rows.map(([body]) => JSON.parse(String(body)) as Body<'audit'>);
  }

  /** In short: action, failure if there was one. */
  async story(of?: HoldfastNode): Promise<string[]> {
    const records = await this.audit(of);
    return records.map(({ staffId, action, failure }) =>
      [staffId, action, ...(failure === null ? [] : [failure])].join(' '),
    );
  }

  async #start(subject: typeof CENTRE, vaultKeys: IdentityFile['vaultKeys']): Promise<NetworkNode> {
    const engine = await memory();
    const node = await openNode({
      ...{ engine, migrations, peers: [], platform: this.#platform(), log: () => undefined },
      ...{ sliceEntries: 50, version: 'test', bootstrapTokenHash: null },
      identity: await this.#identityOf(subject, vaultKeys),
    });
    const app = createApp(node);
    onTestFinished(() => {
      engine.close();
    });
    return { node, fetch: async (path, init) => app.fetch(new Request(`http://localhost${path}`, init)) };
  }

  async #identityOf(subject: typeof CENTRE, vaultKeys: IdentityFile['vaultKeys']): Promise<IdentityFile> {
    const privateKey = await makePrivateKey();
    const { privateKey: root } = this.#organisation;
    const claims = { ...subject, nodeId: randomName(nodePlatform, 10), key: publicJwk.parse(privateKey) };
    const certificate = await issueCertificate(nodePlatform, root, claims, 3_650);
    return { organisation: publicJwk.parse(root), certificate, privateKey, vaultKeys };
  }

  #platform(): Platform {
    return {
      ...nodePlatform,
      now: () => this.now,
      sleep: (ms, until) => nodePlatform.sleep(ms / 1000, until),
    };
  }

  readonly #reaching: NetworkNode['fetch'] = async (path, init) => {
    if (!this.connected) throw new TypeError('the centre is away');
    return this.centre.fetch(path, init);
  };
}

function memory(): Promise<LibsqlEngine> {
  return LibsqlEngine.open({ recovery: { url: ':memory:' }, compliance: { url: ':memory:' } });
}

export function tokenOf(staffId: string): string {
  return `token-of-${staffId}-0123456789abcdef`;
}

function staffDrafts(id: string, role: StaffRole): Draft[] {
  return [
    configDraft('staff', id, { name: id, role, sites: null, revoked: false }),
    configDraft('api-token', id, apiToken(id, tokenOf(id), { expiresAt: NO_END_IN_TESTS })),
  ];
}

function configDraft<K extends ConfigKind>(kind: K, id: string, body: ConfigBody<K>, revision = 1): Draft {
  // The pair of kind and body is one member of the union, which the compiler cannot see through the type parameter.
  return { kind: 'config', body: { kind, id, revision, body } as Body<'config'> };
}
