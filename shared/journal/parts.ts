/** What a store's journal is given, and what its pieces share. */
import type { Alarms } from '../alarms.ts';
import type { Foreground } from '../foreground.ts';
import type { Log, Platform } from '../platform.ts';
import type { Certificate, CertificateAuthority, Origin } from '../trust/certificate.ts';
import type { Signer } from '../trust/jws.ts';
import type { Trusted } from './cut-off.ts';
import type { Engine } from './engine.ts';
import type { Entry, Store } from './entry.ts';
import type { HybridClock } from './hlc.ts';

export interface NodeIdentity {
  readonly certificateJws: string;
  readonly certificate: Certificate;
  readonly signer: Signer;
}

export interface JournalParts {
  readonly engine: Engine;
  readonly platform: Platform;
  readonly authority: CertificateAuthority;
  readonly identity: NodeIdentity;
  /** this start's origin (I6) */
  readonly self: Origin;
  readonly clock: HybridClock;
  readonly alarms: Alarms;
  readonly log: Log;
  /** entries one absorbing transaction applies while people and devices are there */
  readonly sliceEntries: number;
  /** who else is there; without it, nobody is ever waited for */
  readonly foreground?: Foreground;
  readonly onCommit: (store: Store, entries: readonly Entry[], by: 'append' | 'absorb') => void;
  /** another process over the same database moved these logs */
  readonly onFollowed: (store: Store, origins: ReadonlySet<Origin>) => void;
  /** more of these logs may be shown to peers */
  readonly onServable: (store: Store, origins: ReadonlySet<Origin>) => void;
  /** opens a new incarnation: the database server lost the end of this one's log */
  readonly reincarnate: () => void;
  /** whether there is room on the disk for others' logs, and whether some could be made for a write that found none */
  readonly takesLogs: (store: Store) => boolean;
  readonly makeRoom: () => Promise<boolean>;
  /** where the log of a revoked edge is trusted to; null for every other */
  readonly trusted: (store: Store, origin: Origin) => Trusted | null;
}
