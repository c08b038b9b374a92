/** Simulated PCs: they enrol, escrow before they encrypt, report, and do what they are told. */
import { ReceiptChecker } from '../../shared/agent/receipt.ts';
import { receiptPayload, type StatusAnswer } from '../../shared/devices/messages.ts';
import { type Guid, commitmentOf, formatRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import { nodePlatform } from '../../central/platform.ts';
import { peekJws } from '../../shared/trust/jws.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { ask, codeOf } from './asking.ts';
import { publicOf } from './shims/jose.ts';
import type { Machine } from './machine.ts';
import type { KnownKey } from './oracle.ts';
import { Random } from './random.ts';
import { type Attributes, type Volume, attributesOf, reportOf, userOf } from './status-of.ts';
import type { World } from './world.ts';

const RETRIES_MAX = 6;

export class Device {
  readonly name: string;
  readonly volumes: Volume[];
  deviceId: string | null = null;
  isRetired = false;
  readonly #world: World;
  readonly #random: Random;
  readonly #siteToken: string;
  #nodes: readonly Machine[];
  readonly #receipts: ReceiptChecker;
  readonly #attributes: Attributes;
  #jkt = 0;
  #token = '';
  #counter = 0;
  #changes = 0;
  /** which node of its list answered last */
  #answered = 0;
  /** one thing at a time */
  #work: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(world: World, name: string, siteToken: string, nodes: readonly Machine[]) {
    this.#world = world;
    this.#siteToken = siteToken;
    this.#nodes = nodes;
    this.name = name;
    const random = new Random(world.seed, name);
    this.#random = random;
    const [node] = nodes;
    if (!node) throw new Error('a device knows a node');
    this.#receipts = new ReceiptChecker({ jwk: node.identity.organisation });
    this.volumes = Array.from({ length: random.between(1, 2) }, () => ({
      volumeId: random.guid() as Guid,
      key: null,
    }));
    this.#attributes = attributesOf(name, random.guid() as Guid);
  }

  /** `act` after what this device is doing now; failures end only that act. */
  begin(act: (device: this) => Promise<void>): void {
    this.#waiting += 1;
    this.#work = this.#work.then(async () => {
      try {
        if (!this.isRetired) await act(this);
      } catch (error) {
        this.#refused(error);
      }
      this.#waiting -= 1;
    });
  }

  /** Whether it has nothing to do. */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  /** Whether this machine is the first of its list. */
  knows(machine: Machine): boolean {
    return this.#nodes[0] === machine;
  }

  /** How many databases are behind the nodes of its list that are left. */
  get reach(): number {
    return new Set(this.#nodes.filter(({ isGone }) => !isGone).map(({ disk }) => disk)).size;
  }

  /** Another machine answers where `before` did. */
  meets(before: Machine, now: Machine): void {
    this.#nodes = [now, ...this.#nodes.filter((node) => node !== now && node !== before), before];
  }

  async enrol(): Promise<void> {
    this.#jkt += 1;
    const key = publicOf(`${this.name} ${String(this.#jkt)}`);
    const jwk = { kty: 'EC', crv: 'P-256', ...key } as const;
    const request = { siteToken: this.#siteToken, attributes: this.#attributes };
    const answer = await this.#tryNodes('enrol', (node) =>
      ask(
        ...[this.#world, this.name, node, 'enrol' as const],
        async (at, life) => {
          at.confirmation.require();
          return life.program.enrol({ ...at, platform: at.options.platform }, { jwk, jkt: key.x }, request);
        },
        ({ deviceId }, life) => {
          this.#world.restored.decided(life, 'an enrolment');
          this.#world.oracle.promise({
            ...{ machine: life.machine.name, what: 'record', label: `the enrolment of ${deviceId}` },
            ...{ sql: 'SELECT 1 FROM devices WHERE device_id = ?', args: [deviceId] },
          });
        },
      ),
    );
    this.deviceId = answer.deviceId;
    this.#token = answer.token;
  }

  /** Makes a new password for a volume, and protects the drive with it once there is a valid receipt. */
  async encrypt(volume: Volume, first = 0): Promise<void> {
    if (this.deviceId === null) await this.enrol();
    const key = this.#makeKey(this.#random.guid());
    await this.escrow(volume, key, first);
    volume.key = key;
  }

  /** Another PC's key ID with a password of its own: two things under one name. */
  async collide(volume: Volume, keyId: string): Promise<void> {
    // Its own it has once: what it reports of its drives' protectors are IDs.
    if (this.volumes.some(({ key }) => key?.keyId === keyId)) return;
    if (this.deviceId === null) await this.enrol();
    await this.escrow(volume, this.#makeKey(keyId), 0);
  }

  #makeKey(keyId: string): KnownKey {
    const secret = this.#random.bytes(16);
    const commitment = commitmentOf(nodePlatform, keyId as Guid, new Redacted(secret));
    const known = {
      keyId,
      deviceId: this.deviceId ?? '',
      password: formatRecoveryPassword(secret),
      commitment,
      user: userOf(this.name),
    };
    this.#world.oracle.keys.push(known);
    return known;
  }

  async escrow(volume: Volume, key: KnownKey, first: number): Promise<void> {
    this.#counter += 1;
    const { computerName, domain, smbiosUuid, serial } = this.#attributes;
    const request = {
      ...{ recoveryPassword: key.password, volumeId: volume.volumeId, volumeType: 1 as const },
      ...{ counter: this.#counter, computerName, domain, smbiosUuid, serial, users: [userOf(this.name)] },
    };
    const { receipt } = await this.#tryNodes(
      'escrow',
      (node) =>
        ask(
          ...[this.#world, this.name, node, 'escrow' as const],
          async (at, life) => {
            const { device } = await at.tokens.check(this.#token);
            if (at.configuration.isRevoked(device.sub)) throw new life.program.Problem('device-revoked');
            return at.escrows.escrow(device, key.keyId as Guid, request);
          },
          (answer, life) => {
            this.#promised(key, answer.receipt, answer.durability, life.machine);
          },
        ),
      first,
    );
    const own = { keyId: key.keyId, commitment: key.commitment, deviceId: this.deviceId ?? '' };
    const verdict = await this.#receipts.check(receipt, own);
    if (verdict !== 'valid')
      this.#world.oracle.violated('I1', `${this.name} got a receipt that is ${verdict}`);
  }

  /** I1: an answer is a promise, also when it is lost on its way. */
  #promised(key: KnownKey, receipt: string, durability: string, machine: Machine): void {
    const { oracle } = this.#world;
    oracle.promise({
      ...{ machine: machine.name, what: 'escrow', label: `key ${key.keyId} of ${this.name}` },
      sql: 'SELECT 1 FROM escrows WHERE key_id = ? AND commitment = ? AND device_id = ?',
      args: [key.keyId, key.commitment, this.deviceId ?? ''],
    });
    const payload = receiptPayload.parse(peekJws(receipt)?.payload);
    if (durability !== 'edge' && !oracle.wasAtCentre(payload.hash))
      oracle.violated('I1', `${machine.name} says that a centre holds ${key.keyId} durably, which none does`);
  }

  async report(): Promise<void> {
    if (this.deviceId === null) await this.enrol();
    this.#counter += 1;
    const facts = reportOf(this.#attributes, this.#counter, this.#changes, this.volumes);
    const answer = await this.#tryNodes('report', (node) =>
      ask(this.#world, this.name, node, 'report', async (at, life) => {
        const { device } = await at.tokens.check(this.#token);
        if (at.configuration.isRevoked(device.sub)) throw new life.program.Problem('device-revoked');
        return at.statuses.report(device, facts);
      }),
    );
    const askedBy = this.#answered;
    for (const instruction of answer.instructions) await this.#carryOut(instruction, askedBy);
  }

  /** Something about this PC changes, so that its next report is news. */
  change(): void {
    this.#changes += 1;
  }

  /** As the agent: a missing key goes to the node that asked, a single copy first of all to the one after it. */
  async #carryOut(
    { type, keyId, volumeId, ...more }: StatusAnswer['instructions'][number],
    askedBy: number,
  ): Promise<void> {
    const volume = this.volumes.find((each) => each.volumeId === volumeId);
    if (type === 'rotate' && !this.#world.oracle.asked.has(keyId))
      this.#world.oracle.violated('I13', `${this.name} is to rotate ${keyId}, which nobody asked for`);
    // A key that is no longer on the drive is nobody's concern (I13).
    if (volume?.key?.keyId !== keyId) return;
    this.#world.did(type === 'rotate' ? 'rotation' : 'escrow again');
    if (type === 'rotate') await this.encrypt(volume);
    else
      await this.escrow(volume, volume.key, askedBy + ('why' in more && more.why === 'single-copy' ? 1 : 0));
  }

  /** The nodes of its list in turn, beginning at `first`, with pauses. */
  async #tryNodes<T>(operation: string, attempt: (node: Machine) => Promise<T>, first = 0): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      const node = this.#nodes[(first + tries) % this.#nodes.length];
      try {
        if (!node) throw new Error('a device knows a node');
        const answer = await attempt(node);
        this.#answered = this.#nodes.indexOf(node);
        return answer;
      } catch (error) {
        const code = codeOf(error);
        if (code === 'device-revoked') this.isRetired = true;
        if (this.isRetired || tries >= RETRIES_MAX) throw error;
        this.#world.trace('retry', this.name, operation, code ?? (error instanceof Error ? error.name : ''));
        await this.#world.scheduler.sleep(this.#random.between(500, 6_000));
      }
    }
  }

  #refused(error: unknown): void {
    const code = codeOf(error);
    const name = error instanceof Error ? error.name : '';
    this.#world.trace('gave up', this.name, code ?? name);
    if (code === null && name !== 'NoAnswer' && name !== 'ConnectionLost')
      this.#world.oracle.unexpected(`${this.name} failed`, error);
  }
}
