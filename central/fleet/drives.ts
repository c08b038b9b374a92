/**
 * Simulated drives as BitLocker would have them, and the ring of their recovery passwords. A password is derived from
 * (seed, drive, generation) whenever it is needed: a drive and the fleet's file hold generations and key IDs only,
 * and `KeyRing` is the only way to a password.
 */
import { type Guid, commitmentOf, parseRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import type { Platform } from '../../shared/platform.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import type { RealVolume } from './bitlk.ts';
import type { DrivePlan, Flaw } from './machines.ts';
import type { Derivation } from './random.ts';

/** `Win32_EncryptableVolume`'s numbers. */
const TPM = 1;
const EXTERNAL_KEY = 2;
const NUMERICAL_PASSWORD = 3;
const PASSPHRASE = 8;
const AES_128 = 3;
const AES_256 = 4;
const XTS_128 = 6;
const XTS_256 = 7;

export interface Protector {
  readonly type: number;
  readonly keyId: Guid | null;
}

/** Plain data: the fleet's file holds it as it is. */
export interface Drive {
  /** what its IDs and passwords are derived from; for ever its own, also when it moves to another PC */
  readonly label: string;
  readonly volumeId: Guid;
  readonly volumeType: 1 | 2 | 3;
  readonly driveLetter: string;
  readonly protectors: readonly Protector[];
  readonly encryptionMethod: number;
  /** the cipher it gets when it is encrypted; a real volume has one already */
  readonly cipher: number;
  readonly conversionStatus: 0 | 1 | 2 | 4;
  readonly encryptionPercentage: number;
  readonly protectionStatus: 0 | 1 | 2;
  readonly lockStatus: 0 | 1;
  /** encrypts the whole disk over several reports, where others encrypt used space only and are done at once */
  readonly slow: boolean;
}

export class KeyRing {
  readonly #derivation: Derivation;
  readonly #platform: Pick<Platform, 'sha256'>;
  readonly #real: ReadonlyMap<string, RealVolume>;
  readonly #generations = new Map<string, number>();
  readonly #keys = new Map<string, { label: string; generation: number }>();

  constructor(platform: Pick<Platform, 'sha256'>, derivation: Derivation, real: readonly RealVolume[]) {
    this.#platform = platform;
    this.#derivation = derivation;
    this.#real = new Map(real.map((volume) => [realLabel(volume), volume]));
  }

  /** The ID of a new recovery password for this drive. */
  make(label: string): Guid {
    const generation = this.#generations.get(label) ?? 0;
    this.#generations.set(label, generation + 1);
    const real = generation === 0 ? this.#real.get(label) : undefined;
    const keyId = real?.keyId ?? this.#derivation.guid('key', label, String(generation));
    this.#keys.set(keyId, { label, generation });
    return keyId;
  }

  /** A plaintext secret (I8), or null for a key that this fleet never made. */
  passwordOf(keyId: string): Redacted<string> | null {
    const key = this.#keys.get(keyId);
    if (!key) return null;
    const real = key.generation === 0 ? this.#real.get(key.label) : undefined;
    return (
      real?.recoveryPassword ?? new Redacted(this.#derivation.recoveryPassword(key.label, key.generation))
    );
  }

  commitmentOf(keyId: Guid): string {
    const parsed = parseRecoveryPassword(this.passwordOf(keyId)?.reveal() ?? '');
    if (!(parsed instanceof Redacted))
      throw new Error('a fleet was asked for the commitment of a key that it never made');
    return commitmentOf(this.#platform, keyId, parsed);
  }

  keyIds(): string[] {
    return [...this.#keys.keys()];
  }

  /** How many passwords each drive had: all that a file has to hold to find them again. */
  generations(): [label: string, generations: number][] {
    return [...this.#generations];
  }

  restore(generations: readonly (readonly [label: string, generations: number])[]): void {
    for (const [label, count] of generations)
      while ((this.#generations.get(label) ?? 0) < count) this.make(label);
  }
}

export function realLabel(volume: RealVolume): string {
  return `bitlk ${volume.keyId}`;
}

export function newDrive(
  plan: DrivePlan,
  label: string,
  flaw: Flaw | null,
  derivation: Derivation,
  ring: KeyRing,
): Drive {
  const system = plan.volumeType === 1;
  const plain: Drive = {
    label,
    volumeId: derivation.guid('volume', label),
    volumeType: plan.volumeType,
    driveLetter: plan.driveLetter,
    protectors: [],
    encryptionMethod: 0,
    cipher: plan.volumeType === 3 ? AES_256 : XTS_256,
    conversionStatus: 0,
    encryptionPercentage: 0,
    protectionStatus: 0,
    lockStatus: 0,
    slow: derivation.guid('slow', label) < '26',
  };
  if (!plan.encrypted) return plain;
  const cipher = flaw === 'weak-cipher' ? AES_128 : flaw === 'xts-128' ? XTS_128 : plain.cipher;
  const withKey = { ...withPassword(plain, ring.make(label)), cipher };
  const encrypted = encrypt({ ...withKey, slow: false }, flaw !== 'no-tpm' && flaw !== 'no-tpm-protector');
  if (system && flaw === 'paused')
    return { ...encrypted, conversionStatus: 4, encryptionPercentage: 40, protectionStatus: 0 };
  if (system && flaw === 'suspended') return { ...encrypted, protectionStatus: 0 };
  if (!system && flaw === 'locked') return { ...encrypted, protectionStatus: 2, lockStatus: 1 };
  return encrypted;
}

/** A volume that Windows made: its first recovery password is the true one, which opens the image. */
export function realDrive(
  volume: RealVolume,
  driveLetter: string,
  derivation: Derivation,
  ring: KeyRing,
): Drive {
  const plan = { volumeType: 2, driveLetter, encrypted: false } as const;
  const drive = newDrive(plan, realLabel(volume), null, derivation, ring);
  return { ...drive, volumeId: volume.volumeId, cipher: volume.encryptionMethod, slow: false };
}

export function withPassword(drive: Drive, keyId: Guid): Drive {
  return { ...drive, protectors: [...drive.protectors, { type: NUMERICAL_PASSWORD, keyId }] };
}

export function withoutKey(drive: Drive, keyId: Guid): Drive {
  return { ...drive, protectors: drive.protectors.filter((protector) => protector.keyId !== keyId) };
}

export function keyIdsOf(drive: Drive): Guid[] {
  return drive.protectors.flatMap(({ keyId }) => (keyId === null ? [] : [keyId]));
}

/** Starts encryption, with the second protector that needs nobody's attention. */
export function encrypt(drive: Drive, tpm: boolean): Drive {
  const type = drive.volumeType === 1 && tpm ? TPM : drive.volumeType === 2 ? EXTERNAL_KEY : PASSPHRASE;
  const started: Drive = {
    ...drive,
    protectors: [...drive.protectors, { type, keyId: null }],
    encryptionMethod: drive.cipher,
    conversionStatus: 2,
  };
  return drive.slow ? started : finished(started);
}

/** What a slow disk encrypts between two reports. */
const PERCENT_PER_REPORT = 35;

export function progressed(drive: Drive): Drive {
  if (drive.conversionStatus !== 2) return drive;
  const encryptionPercentage = drive.encryptionPercentage + PERCENT_PER_REPORT;
  return encryptionPercentage >= 100 ? finished(drive) : { ...drive, encryptionPercentage };
}

function finished(drive: Drive): Drive {
  return { ...drive, conversionStatus: 1, encryptionPercentage: 100, protectionStatus: 1 };
}
