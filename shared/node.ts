/**
 * A Holdfast node, edge or centre: the parts of the application core, put together over an engine and a platform.
 * `openNode` is what both programs call; what differs between them is the host, the engine and the identity.
 */
import { Subject, type Subscription } from 'rxjs';
import { Alarms } from './alarms.ts';
import { Configuration } from './configuration.ts';
import { watchConflicts } from './conflicts.ts';
import { Confirmation } from './confirmation.ts';
import { Foreground } from './foreground.ts';
import { EdgeService } from './edges/service.ts';
import { EscrowService } from './devices/escrow.ts';
import { ProofChecker } from './devices/proof.ts';
import { StatusService } from './devices/status.ts';
import { TokenChecker } from './devices/token.ts';
import { ExemptionService } from './exemptions/service.ts';
import { ExportService } from './export/service.ts';
import { watchAudit } from './helpdesk/alerts.ts';
import { BreakGlass } from './helpdesk/break-glass.ts';
import { LivedTime } from './helpdesk/lived.ts';
import { HelpdeskService } from './helpdesk/service.ts';
import { Metrics } from './http/metrics.ts';
import { ImportService } from './import/service.ts';
import type { Engine } from './journal/engine.ts';
import { Ledger } from './journal/ledger.ts';
import type { Migrations } from './journal/migrate.ts';
import type { NodeIdentity } from './journal/parts.ts';
import { limits } from './limits.ts';
import type { Log, Platform } from './platform.ts';
import { reportPartsOf } from './reports/context.ts';
import { recordTrend } from './reports/trend.ts';
import { TableComparison } from './replication/comparison.ts';
import { OwnCondition } from './replication/condition.ts';
import { PeerClient, type PeerFetch } from './replication/client.ts';
import { driveReplication } from './replication/driver.ts';
import { Peers } from './replication/peers.ts';
import { Revocations } from './replication/revocations.ts';
import type { ReplicationState } from './replication/state.ts';
import { SyncService } from './replication/service.ts';
import { Room, type RoomStore } from './room.ts';
import { selfCheck } from './self-check.ts';
import { type AccountParts, Accounts } from './staff/accounts.ts';
import { Credentials } from './staff/credentials.ts';
import { Enrolment } from './staff/enrolment.ts';
import { OwnAccount } from './staff/own-account.ts';
import { Passkeys } from './staff/passkeys.ts';
import { Sessions } from './staff/sessions.ts';
import { SignInService } from './staff/sign-in.ts';
import { CertificateAuthority, type IdentityFile } from './trust/certificate.ts';
import { Endings } from './trust/endings.ts';
import { makeSigner } from './trust/jws.ts';
import { sealingKeyOf } from './trust/sealing.ts';
import { Resealing } from './vault/resealing.ts';
import type { VaultKey } from './vault/seal.ts';

export interface NodeOptions {
  readonly engine: Engine;
  readonly platform: Platform;
  readonly migrations: Migrations;
  readonly identity: IdentityFile;
  readonly log: Log;
  /** entries one absorbing transaction applies: few at an edge, where people and devices wait */
  readonly sliceEntries: number;
  /** nodes this one replicates with, by name */
  readonly peers: readonly { readonly name: string; readonly fetch: PeerFetch }[];
  /** the program's version, for people */
  readonly version: string;
  /** the disk that the databases are on, where it is this machine's */
  readonly room?: RoomStore;
  /** SHA-256 of a bearer token that may configure a centre which has no staff yet, or null */
  readonly bootstrapTokenHash: string | null;
  /** SHA-256 of what the root of an edge's machine shows when it asks for certificates; without one nobody may */
  readonly boxTokenHash?: string;
}

export interface Link {
  readonly name: string;
  readonly client: PeerClient;
  state: ReplicationState;
}

export interface HoldfastNode {
  readonly options: NodeOptions;
  readonly identity: NodeIdentity;
  readonly authority: CertificateAuthority;
  readonly ledger: Ledger;
  readonly configuration: Configuration;
  readonly peers: Peers;
  readonly alarms: Alarms;
  readonly foreground: Foreground;
  readonly confirmation: Confirmation;
  readonly proofs: ProofChecker;
  readonly tokens: TokenChecker;
  readonly credentials: Credentials;
  readonly sessions: Sessions;
  readonly signIn: SignInService;
  readonly accounts: Accounts;
  readonly enrolment: Enrolment;
  readonly ownAccount: OwnAccount;
  readonly escrows: EscrowService;
  readonly statuses: StatusService;
  readonly helpdesk: HelpdeskService;
  readonly breakGlass: BreakGlass;
  readonly exemptions: ExemptionService;
  readonly lived: LivedTime;
  readonly imports: ImportService;
  readonly exports: ExportService;
  readonly sync: SyncService;
  readonly metrics: Metrics;
  readonly comparison: TableComparison;
  readonly condition: OwnCondition;
  readonly links: readonly Link[];
  readonly vaultKeys: readonly VaultKey[];
  readonly resealing: Resealing;
  readonly revocations: Revocations;
  readonly room: Room;
  readonly edges: EdgeService;
  /** certificates beside the node's own */
  readonly endings: Endings;
  readonly startedAt: number;
  /** Begins replication and the chores. */
  start(): void;
  /** Ends them and waits for what is being written. */
  stop(): Promise<void>;
}

/** The identity does not fit: one sentence for whoever starts the node. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
}

export async function openNode(options: NodeOptions): Promise<HoldfastNode> {
  const { engine, platform, migrations, log } = options;
  const authority = new CertificateAuthority(options.identity.organisation);
  const identity = await readIdentity(options.identity, authority);
  const { certificate } = identity;
  const alarms = new Alarms(platform, log);
  const { sliceEntries } = options;
  const foreground = new Foreground(platform);
  const room = await Room.open(options.room ?? null, platform, alarms);
  const ledger = await Ledger.open({
    room,
    engine,
    platform,
    migrations,
    authority,
    identity,
    alarms,
    log,
    sliceEntries,
    foreground,
  });
  const revocations = await Revocations.open(ledger, certificate, alarms, log);
  const isRevoked = (nodeId: string) => revocations.isRevoked(nodeId);
  const configuration = await Configuration.open(ledger, log);
  const peers = await Peers.open(ledger, platform, certificate, options.version);
  const confirmation = await Confirmation.open(certificate, ledger, platform, peers, log, isRevoked);
  const metrics = new Metrics();
  ledger.onCommit((store, entries, by) => {
    metrics.add('holdfast_entries_total', { store, by }, entries.length);
  });
  const parts = {
    ...{ ledger, platform, identity, authority, configuration, peers, alarms, foreground, revocations },
    program: options.version,
  };
  watchConflicts(ledger, alarms, log);
  const people = await openPeople({ ...parts, log, privateKey: options.identity.privateKey });
  const { vaultKeys } = options.identity;
  const lived = await LivedTime.open(parts);
  const breakGlass = await BreakGlass.open({ ...parts, vaultKeys }, lived);
  const helpdesk = new HelpdeskService({ ...parts, vaultKeys }, lived, breakGlass);
  const auditAlerts = await watchAudit(parts);
  const comparison = new TableComparison(parts);
  const condition = new OwnCondition({ ...parts, room, comparison });
  peers.speakOf(condition);
  const links = options.peers.map(({ name, fetch }): Link => ({
    name,
    client: new PeerClient({ ...parts, condition }, fetch),
    state: { name: 'resting' },
  }));
  const statuses = new StatusService(parts);
  const resealing = new Resealing({ ...parts, vaultKeys, role: certificate.role });
  const edges = new EdgeService({ ...parts, accounts: people.accounts });
  revocations.onCutOff(async () => {
    configuration.again();
    await configuration.settled();
    resealing.again();
  });
  const endings = new Endings(platform, alarms);
  const running: Subscription[] = [];
  const stopping = new AbortController();

  const start = (): void => {
    for (const link of links) {
      const writes = new Subject<void>();
      running.push(
        driveReplication({ peer: link.client, name: link.name, writes, platform, alarms, log }).subscribe(
          (state) => {
            link.state = state;
          },
        ),
      );
      const off = ledger.onServable(() => {
        writes.next();
      });
      running[running.length - 1]?.add(off);
    }
    void chores();
    void resealing.run(stopping.signal, (error) => {
      tell('seal keys again', error);
    });
    if (ledger.isShared) void follow();
  };

  /** What other processes write to the same databases is known here within `followEveryMs`. */
  async function follow(): Promise<void> {
    let sharedAt = platform.now();
    let pauseMs: number = limits.followEveryMs;
    for (;;) {
      await platform.sleep(pauseMs, stopping.signal);
      if (stopping.signal.aborted) return;
      // What keeps it from working is an alarm already.
      const isBack = await ledger.follow().then(
        () => true,
        () => false,
      );
      pauseMs = isBack ? limits.followEveryMs : limits.followLostMs;
      if (!isBack) continue;
      await configuration.catchUp();
      if (platform.now() - sharedAt < limits.shareContactsEveryMs) continue;
      sharedAt = platform.now();
      await chore('share contacts', () => peers.share());
    }
  }

  async function chores(): Promise<void> {
    let rolledUpAt = platform.now();
    let checkedAt = platform.now();
    let exposedAt = platform.now();
    let countedAt = 0;
    const check = async () => {
      endings.check();
      await selfCheck({ ledger, platform, alarms, certificate, vaultKeys });
    };
    await chore('check itself', check);
    await chore('look at itself', () => condition.look());
    const pause = async (): Promise<boolean> => {
      await platform.sleep(limits.cycleEveryMs);
      return !stopping.signal.aborted;
    };
    while (await pause()) {
      await chore('save contacts', () => peers.save());
      await revocations.catchUp();
      await room.look();
      await chore('look at itself', () => condition.look());
      await chore('count time', () => lived.tick(breakGlass.isOpen));
      await chore('end what is over', async () => {
        await breakGlass.tick();
        await helpdesk.tick();
        auditAlerts.tick();
      });
      await configuration.catchUp();
      people.signIn.calm();
      await chore('forget', () => people.credentials.catchUp());
      if (certificate.role === 'centre') await chore('align credentials', () => people.accounts.align());
      if (platform.now() - exposedAt >= limits.exposureEveryMs) {
        exposedAt = platform.now();
        if (certificate.role === 'centre') await chore('order rotations', () => edges.exposeAgain());
      }
      // A peer that is away must not keep the other chores from being done.
      for (const { client, state } of links)
        if (state.name !== 'waiting')
          await chore('compare tables', () => comparison.step(client, stopping.signal));
      if (platform.now() - checkedAt >= limits.selfCheckEveryMs && (await chore('check itself', check)))
        checkedAt = platform.now();
      if (
        platform.now() - countedAt >= limits.trendEveryMs &&
        (await chore('count for the trend', () => recordTrend(reportPartsOf(node))))
      )
        countedAt = platform.now();
      if (platform.now() - rolledUpAt < limits.seenRollupMs) continue;
      if (await chore('roll up', () => statuses.rollUp())) rolledUpAt = platform.now();
    }
  }

  async function chore(name: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      tell(name, error);
      return false;
    }
  }

  function tell(chore: string, error: unknown): void {
    log('warn', 'a chore failed and will be tried again', {
      chore,
      error: error instanceof Error ? error.name : 'unknown',
    });
  }

  const stop = async (): Promise<void> => {
    stopping.abort();
    for (const subscription of running) subscription.unsubscribe();
    await ledger.idle();
    await peers.save();
  };

  const node: HoldfastNode = {
    ...{
      options,
      identity,
      authority,
      ledger,
      configuration,
      peers,
      alarms,
      metrics,
      links,
      vaultKeys,
      resealing,
      revocations,
      room,
      edges,
      statuses,
      comparison,
      condition,
      foreground,
      endings,
    },
    confirmation,
    proofs: new ProofChecker(platform),
    tokens: new TokenChecker({ authority, isRevoked, ledger, platform }),
    escrows: new EscrowService(parts),
    ...{ helpdesk, breakGlass, lived },
    exemptions: new ExemptionService(parts),
    imports: new ImportService(parts),
    exports: new ExportService({ ...parts, vaultKeys }),
    ...people,
    sync: new SyncService(parts),
    startedAt: platform.now(),
    start,
    stop,
  };
  return node;
}

/** What has to do with the people who work here. */
async function openPeople(
  parts: Omit<AccountParts, 'credentials' | 'sealing'> & {
    readonly alarms: Alarms;
    readonly log: Log;
    readonly privateKey: IdentityFile['privateKey'];
  },
): Promise<
  Pick<HoldfastNode, 'credentials' | 'sessions' | 'signIn' | 'accounts' | 'enrolment' | 'ownAccount'>
> {
  const { ledger, platform, configuration, log, privateKey } = parts;
  const credentials = await Credentials.open(ledger, log);
  const sealing = await sealingKeyOf(privateKey);
  const sessions = new Sessions(platform);
  const passkeys = new Passkeys({ platform, configuration, credentials });
  const signIn = new SignInService({ ...parts, credentials, sealing, sessions, passkeys });
  const accounts = new Accounts({ ...parts, credentials, sealing });
  const forPerson = { ...parts, credentials, accounts, passkeys, signIn };
  const [enrolment, ownAccount] = [new Enrolment(forPerson), new OwnAccount(forPerson)];
  return { credentials, sessions, signIn, accounts, enrolment, ownAccount };
}

async function readIdentity(file: IdentityFile, authority: CertificateAuthority): Promise<NodeIdentity> {
  const certificate = await authority.check(file.certificate);
  if (!certificate)
    throw new IdentityError(
      'The certificate in identity.json is not signed by the organisation named there.',
    );
  const { x, y } = file.privateKey;
  if (certificate.key.x !== x || certificate.key.y !== y) {
    throw new IdentityError('The private key in identity.json does not belong to its certificate.');
  }
  return { certificateJws: file.certificate, certificate, signer: await makeSigner(file.privateKey) };
}
