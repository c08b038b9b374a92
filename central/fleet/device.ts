/**
 * One simulated PC: the decision table's hands. It carries out each action on simulated drives and real requests, and
 * feeds what came of it back as the next event, until the agent pauses.
 */
import {
  type Action,
  type Agent,
  type AgentEvent,
  type AgentSettings,
  type KeyOnVolume,
  decide,
  newAgent,
  restarted,
} from '../../shared/agent/agent.ts';
import type { EscrowedKey, ReceiptChecker } from '../../shared/agent/receipt.ts';
import { wantsEncryption } from '../../shared/agent/wants.ts';
import {
  type EscrowRequest,
  type PolicyAnswer,
  type StatusRequest,
  enrolAnswer,
  escrowAnswer,
  statusAnswer,
} from '../../shared/devices/messages.ts';
import { DEFAULT_RULES } from '../../shared/domain/compliance.ts';
import type { Guid } from '../../shared/domain/recovery-key.ts';
import type { Platform } from '../../shared/platform.ts';
import { type Answer, type DeviceApi, type DeviceKey, makeDeviceKey } from './api.ts';
import {
  type Drive,
  type KeyRing,
  encrypt,
  keyIdsOf,
  newDrive,
  progressed,
  withPassword,
  withoutKey,
} from './drives.ts';
import type { MachinePlan } from './machines.ts';
import { type Derivation, Dice } from './random.ts';
import type { Tally } from './tally.ts';
import type { WireRequest } from './wire.ts';

export interface SiteSetup {
  readonly siteId: string;
  /** base URLs, in the order in which the site's devices try them */
  readonly nodes: readonly string[];
  readonly siteToken: string;
}

/** What all devices of a fleet share. */
export interface DeviceWorld {
  readonly platform: Platform;
  readonly seed: string;
  readonly derivation: Derivation;
  readonly ring: KeyRing;
  readonly api: DeviceApi;
  readonly receipts: ReceiptChecker;
  readonly tally: Tally;
}

/** An enrolment: the label that its key is derived from, and what a node answered. */
export interface Enrolment {
  readonly keyLabel: string;
  readonly deviceId: string;
  readonly token: string;
}

/** How a device's turn ended. */
export type Pause =
  | { readonly type: 'rest'; readonly ms: number }
  | { readonly type: 'back-off'; readonly ms: number }
  | { readonly type: 'stopped' };

/** Shown in a report when Windows cannot make a protector. */
const CANNOT_ENCRYPT_TEXT = 'The system partition is too small for BitLocker (0x8031001A)';

const REMOVABLE_LETTERS = ['E:', 'G:', 'H:', 'I:', 'J:', 'K:', 'L:', 'M:', 'N:'];

export class Device {
  readonly plan: MachinePlan;
  readonly site: SiteSetup;
  agent: Agent;
  enrolment: Enrolment | null = null;
  policy: PolicyAnswer | null = null;
  computerName: string;
  drives: Drive[];
  /** device keys made so far, and operating systems installed so far, and removable drives: what the next ones are derived from */
  keysMade = 0;
  image = 0;
  removablesMade = 0;
  fateDone = false;

  readonly #world: DeviceWorld;
  readonly #dice: Dice;
  /** disclosures that its user was told of */
  readonly #noticed = new Set<string>();
  #key: { readonly label: string; readonly key: DeviceKey } | null = null;
  #pause: Pause;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(world: DeviceWorld, plan: MachinePlan, site: SiteSetup, settings: AgentSettings) {
    this.#world = world;
    this.plan = plan;
    this.site = site;
    this.agent = newAgent(settings);
    this.computerName = plan.computerName;
    this.drives = this.#installedDrives(true);
    this.#dice = new Dice(world.platform, world.seed, 'life', String(plan.index));
    this.#pause = { type: 'rest', ms: settings.reportEveryMs };
  }

  /** One event and all that follows from it, after what is under way. Never rejects for what a node or a line does. */
  handle(event: AgentEvent, signal?: AbortSignal): Promise<Pause> {
    return this.#inTurn(() => this.#follow(event, signal));
  }

  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const next = this.#turn.then(work, work);
    this.#turn = next;
    return next;
  }

  /** Drives that this PC's policy wants encrypted and that are not yet. */
  wanted(): Drive[] {
    const { policy } = this;
    if (!policy) return [];
    return this.drives.filter((drive) =>
      wantsEncryption({ rules: policy.rules, enforcement: this.#enforcement() }, drive),
    );
  }

  /** Tells the agent of every such drive; null when there is none. */
  async encryptWanted(signal?: AbortSignal): Promise<Pause | null> {
    let pause: Pause | null = null;
    for (const { volumeId } of this.wanted())
      pause = await this.handle({ type: 'volume-found', volumeId }, signal);
    return pause;
  }

  keys(): KeyOnVolume[] {
    return this.drives.flatMap((drive) =>
      keyIdsOf(drive).map((keyId) => ({ volumeId: drive.volumeId, keyId })),
    );
  }

  /** Encryptions that wait for a receipt: no receipt, no encryption. */
  encryptionsWaiting(): number {
    return [...this.agent.queue, ...this.agent.aside].filter(
      (job) => job.type === 'escrow' && job.then.type === 'encrypt',
    ).length;
  }

  /** Windows installed anew: the same machine with new drives, that knows nothing of its earlier enrolment. */
  reimage(): Promise<void> {
    return this.#inTurn(() => {
      this.image += 1;
      this.enrolment = null;
      this.policy = null;
      this.agent = newAgent(this.agent.settings);
      this.drives = this.#installedDrives(false);
      this.#world.tally.reimaged += 1;
    });
  }

  rename(computerName: string): Promise<void> {
    return this.#inTurn(() => {
      this.computerName = computerName;
      this.#world.tally.renamed += 1;
    });
  }

  /** What was planned for this PC's life happens once. */
  async meetFate(): Promise<void> {
    if (this.fateDone || this.plan.fate === 'steady') return;
    this.fateDone = true;
    if (this.plan.fate === 're-imaged') await this.reimage();
    else await this.rename(`${this.plan.computerName}-N`);
  }

  /** This PC was made from another's disk image, its key and token included. */
  becomeCloneOf(original: Device): Promise<void> {
    return this.#inTurn(() => {
      this.enrolment = original.enrolment;
      this.policy = original.policy;
      this.agent = {
        ...newAgent(this.agent.settings),
        enrolled: original.agent.enrolled,
        counter: original.agent.counter,
      };
      this.#world.tally.cloned += 1;
    });
  }

  /** Puts a removable drive in, under the first free letter. */
  plugIn(drive: Drive): Promise<void> {
    return this.#inTurn(() => {
      const free = REMOVABLE_LETTERS.find(
        (each) => !this.drives.some(({ driveLetter }) => driveLetter === each),
      );
      if (free !== undefined) this.drives = [...this.drives, { ...drive, driveLetter: free }];
    });
  }

  /** Pulls out the first removable drive; null when there is none. */
  unplug(): Promise<Drive | null> {
    return this.#inTurn(() => {
      const drive = this.drives.find(({ volumeType }) => volumeType === 3) ?? null;
      this.drives = this.drives.filter((each) => each !== drive);
      return drive;
    });
  }

  async #follow(event: AgentEvent, signal: AbortSignal | undefined): Promise<Pause> {
    let next: AgentEvent | null = event;
    while (next !== null) {
      const { agent, actions } = decide(this.agent, next);
      this.agent = agent;
      next = null;
      try {
        for (const action of actions) next = await this.#carryOut(action, signal);
      } catch (error) {
        if (!signal?.aborted) throw error;
        this.agent = restarted(this.agent);
        this.#pause = { type: 'stopped' };
      }
    }
    return this.#pause;
  }

  async #carryOut(action: Action, signal: AbortSignal | undefined): Promise<AgentEvent | null> {
    const { tally } = this.#world;
    switch (action.type) {
      case 'enrol':
        return this.#enrol(action.node, signal);
      case 'escrow':
        return this.#escrow(action, signal);
      case 'report':
        return this.#report(action, signal);
      case 'make-protector':
        return this.#makeProtector(action.volumeId, action.replaces);
      case 'start-encryption':
        this.#change(action.volumeId, (drive) => encrypt(drive, this.plan.flaw !== 'no-tpm'));
        tally.encryptionStarted += 1;
        return null;
      case 'remove-protector':
        this.#change(action.volumeId, (drive) => withoutKey(drive, action.keyId));
        tally.rotated += 1;
        return null;
      case 'forget-identity':
        this.enrolment = null;
        this.keysMade += 1;
        return null;
      case 'rest':
        this.#pause = action;
        return null;
      case 'back-off':
        tally.exhausted += 1;
        this.#pause = { type: 'back-off', ms: this.#dice.next() * action.msMax };
        return null;
    }
  }

  async #enrol(node: number, signal: AbortSignal | undefined): Promise<AgentEvent> {
    const keyLabel = `machine ${this.plan.index} image ${this.image} key ${this.keysMade}`;
    const body = { siteToken: this.site.siteToken, attributes: this.#attributes() };
    const answer = await this.#call(node, 'POST', '/v1/devices', body, keyLabel, null, signal);
    if (answer.failure !== null) return { type: 'failed', why: answer.failure };
    const enrolled = enrolAnswer.safeParse(answer.body);
    if (!enrolled.success) return this.#notANode();
    const { deviceId, token, policy } = enrolled.data;
    const { tally } = this.#world;
    if (this.keysMade > 0 || this.image > 0) tally.enrolledAgain += 1;
    else tally.enrolled += 1;
    this.enrolment = { keyLabel, deviceId, token };
    this.policy = policy;
    return { type: 'enrolled', reportEveryMs: policy.reportEveryMs };
  }

  async #escrow(
    { node, counter, volumeId, keyId }: Extract<Action, { type: 'escrow' }>,
    signal: AbortSignal | undefined,
  ): Promise<AgentEvent> {
    const drive = this.drives.find((each) => each.volumeId === volumeId && keyIdsOf(each).includes(keyId));
    if (!drive) return { type: 'unprepared', why: 'gone' };
    const { keyLabel, token, deviceId } = this.#enrolled();
    const body = this.#escrowBody(drive, keyId, counter);
    const answer = await this.#call(node, 'PUT', `/v1/recovery/keys/${keyId}`, body, keyLabel, token, signal);
    if (answer.failure !== null) return { type: 'failed', why: answer.failure };
    const { ring, receipts, tally } = this.#world;
    const parsed = escrowAnswer.safeParse(answer.body);
    const own: EscrowedKey = { keyId, commitment: ring.commitmentOf(keyId), deviceId };
    const receipt = parsed.success ? await receipts.check(parsed.data.receipt, own) : 'malformed';
    if (receipt === 'valid') tally.escrowed += 1;
    else tally.receiptsInvalid += 1;
    return { type: 'escrowed', receipt };
  }

  async #report(
    { node, counter }: Extract<Action, { type: 'report' }>,
    signal: AbortSignal | undefined,
  ): Promise<AgentEvent> {
    const { keyLabel, token } = this.#enrolled();
    this.drives = this.drives.map(progressed);
    const body = this.#statusBody(counter);
    const answer = await this.#call(node, 'POST', '/v1/compliance/status', body, keyLabel, token, signal);
    if (answer.failure !== null) return { type: 'failed', why: answer.failure };
    const reported = statusAnswer.safeParse(answer.body);
    if (!reported.success) return this.#notANode();
    const { instructions, notices, policy, nextReportMs } = reported.data;
    const { tally } = this.#world;
    tally.reported += 1;
    for (const { type } of instructions) tally[type === 'rotate' ? 'toldToRotate' : 'toldToEscrowAgain'] += 1;
    for (const { reference } of notices) {
      if (this.#noticed.has(reference)) continue;
      this.#noticed.add(reference);
      tally.toldOfDisclosure += 1;
    }
    this.policy = policy;
    return { type: 'reported', instructions, keys: this.keys(), nextReportMs };
  }

  #makeProtector(volumeId: Guid, replaces: Guid | null): AgentEvent {
    const drive = this.drives.find((each) => each.volumeId === volumeId);
    if (!drive || (replaces !== null && !keyIdsOf(drive).includes(replaces)))
      return { type: 'unprepared', why: 'gone' };
    if (this.plan.flaw === 'cannot-encrypt') return { type: 'unprepared', why: 'failed' };
    const keyId = this.#world.ring.make(drive.label);
    this.#change(volumeId, (each) => withPassword(each, keyId));
    return { type: 'prepared', keyId };
  }

  /** Reports to a node, which answers with its nonce, whether it asks for one or not. */
  async learnNonce(node: string): Promise<void> {
    const { keyLabel, token } = this.#enrolled();
    const key = await this.#keyOf(keyLabel);
    // Only a message that fits its schema comes as far as the proof.
    const body = this.#statusBody(this.#nextCounter());
    await this.#world.api.call({ node, method: 'POST', path: '/v1/compliance/status', body, key, token });
  }

  /** An escrow of a further key, signed and not sent, for load that must not wait for signatures. */
  async signEscrow(node: string): Promise<{ request: WireRequest; own: EscrowedKey }> {
    const { api, ring, derivation } = this.#world;
    const { keyLabel, token, deviceId } = this.#enrolled();
    const label = `machine ${this.plan.index} spare drives`;
    const keyId = ring.make(label);
    const body = this.#escrowBody(
      { volumeId: derivation.guid('volume', label), volumeType: 2 },
      keyId,
      this.#nextCounter(),
    );
    const key = await this.#keyOf(keyLabel);
    const request = await api.sign({
      node,
      method: 'PUT',
      path: `/v1/recovery/keys/${keyId}`,
      body,
      key,
      token,
    });
    return { request, own: { keyId, commitment: ring.commitmentOf(keyId), deviceId } };
  }

  /** A status report, signed and not sent; `user` changes its facts. */
  async signReport(node: string, user: string | null): Promise<WireRequest> {
    const { keyLabel, token } = this.#enrolled();
    const body = this.#statusBody(
      this.#nextCounter(),
      user === null ? this.plan.users : [...this.plan.users, user],
    );
    return this.#world.api.sign({
      node,
      method: 'POST',
      path: '/v1/compliance/status',
      body,
      key: await this.#keyOf(keyLabel),
      token,
    });
  }

  #nextCounter(): number {
    this.agent = { ...this.agent, counter: this.agent.counter + 1 };
    return this.agent.counter;
  }

  async #call(
    node: number,
    method: 'POST' | 'PUT',
    path: string,
    body: object,
    keyLabel: string,
    token: string | null,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const url = this.site.nodes[node];
    if (url === undefined) throw new Error('an agent chose a node that is not on its list');
    const answer = await this.#world.api.call(
      { node: url, method, path, body, key: await this.#keyOf(keyLabel), token },
      signal,
    );
    if (answer.failure !== null) this.#world.tally[answer.failure] += 1;
    return answer;
  }

  #notANode(): AgentEvent {
    this.#world.tally.unreachable += 1;
    return { type: 'failed', why: 'unreachable' };
  }

  async #keyOf(label: string): Promise<DeviceKey> {
    if (this.#key?.label === label) return this.#key.key;
    const key = await makeDeviceKey(this.#world.derivation.deviceKey(label));
    this.#key = { label, key };
    return key;
  }

  #enrolled(): Enrolment {
    if (!this.enrolment) throw new Error('a device that is not enrolled has nothing to send');
    return this.enrolment;
  }

  #change(volumeId: Guid, change: (drive: Drive) => Drive): void {
    this.drives = this.drives.map((drive) => (drive.volumeId === volumeId ? change(drive) : drive));
  }

  #installedDrives(first: boolean): Drive[] {
    const { derivation, ring } = this.#world;
    return this.plan.drives.map((drive, number) => {
      const label = `machine ${this.plan.index} image ${this.image} drive ${number}`;
      // What was encrypted before Holdfast came is so only until Windows is installed anew.
      return newDrive(
        { ...drive, encrypted: drive.encrypted && first },
        label,
        this.plan.flaw,
        derivation,
        ring,
      );
    });
  }

  #enforcement(): PolicyAnswer['enforcement'] {
    return this.plan.enforcement === 'enforced'
      ? (this.policy?.enforcement ?? 'enforced')
      : this.plan.enforcement;
  }

  #attributes() {
    const { domain, smbiosUuid, serial, make, model, osVersion } = this.plan;
    return { computerName: this.computerName, domain, smbiosUuid, serial, make, model, osVersion };
  }

  #escrowBody(
    { volumeId, volumeType }: { readonly volumeId: Guid; readonly volumeType: 1 | 2 | 3 },
    keyId: Guid,
    counter: number,
  ): EscrowRequest {
    const { smbiosUuid, serial, domain, users } = this.plan;
    const recoveryPassword = this.#world.ring.passwordOf(keyId)?.reveal() ?? '';
    const { computerName } = this;
    return {
      recoveryPassword,
      volumeId,
      volumeType,
      counter,
      smbiosUuid,
      serial,
      computerName,
      domain,
      users: [...users],
    };
  }

  #statusBody(counter: number, users = this.plan.users): StatusRequest {
    const { flaw, clockSkewMs } = this.plan;
    const tpmPresent = flaw === 'no-os-volume' ? null : flaw !== 'tpm-hidden' && flaw !== 'no-tpm';
    return {
      counter,
      reportedAt: Math.max(0, Math.floor(this.#world.platform.now() + clockSkewMs)),
      machine: { ...this.#attributes(), tpmPresent, users: [...users] },
      policy: {
        version: this.policy?.version ?? 0,
        rules: this.policy?.rules ?? DEFAULT_RULES,
        enforcement: this.#enforcement(),
        error: flaw === 'cannot-encrypt' ? CANNOT_ENCRYPT_TEXT : null,
      },
      volumes: this.drives.map(({ label: _label, cipher: _cipher, slow: _slow, protectors, ...facts }) => ({
        ...facts,
        protectors: protectors.map(({ type, keyId }) => ({ type, keyId })),
      })),
    };
  }
}
