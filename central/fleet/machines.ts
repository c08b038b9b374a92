/**
 * Which PCs a fleet has: drawn from a seed, with the mix that a branch office has. What goes wrong is not left to
 * chance: every hundred PCs hold the same share of each trouble, in shuffled order, so that a fleet of two hundred
 * shows them all.
 */
import type { Guid } from '../../shared/domain/recovery-key.ts';
import type { Platform } from '../../shared/platform.ts';
import { type Derivation, Dice } from './random.ts';

/** What is wrong with a PC or its drives, each for a reason code or a state of the compliance reports. */
export type Flaw =
  /** 0, 15: encrypted long ago with AES-128 */
  | 'weak-cipher'
  /** 16: XTS, but with 128 bits */
  | 'xts-128'
  /** 1: Windows cannot make a protector there */
  | 'cannot-encrypt'
  /** 1: encryption was paused at 40 % and stays so */
  | 'paused'
  /** 3: encrypted with a passphrase although there is a TPM */
  | 'no-tpm-protector'
  /** 4, 5 where the policy asks for more: no TPM at all, a passphrase at start */
  | 'no-tpm'
  /** 6: the firmware hides the TPM from Windows */
  | 'tpm-hidden'
  /** 12: no system volume to be seen */
  | 'no-os-volume'
  /** 13: suspended for a firmware update and forgotten */
  | 'suspended'
  /** unknown: a data drive that is locked */
  | 'locked';

export type Enforcement = 'enforced' | 'not-enforced' | 'user-exempt' | 'temporary-user-exempt';

/** What becomes of a PC in the course of its life. */
export type Fate = 'steady' | 're-imaged' | 'renamed';

export interface DrivePlan {
  /** 1 operating system, 2 fixed, 3 removable */
  readonly volumeType: 1 | 2 | 3;
  readonly driveLetter: string;
  /** encrypted before Holdfast came */
  readonly encrypted: boolean;
}

export interface MachinePlan {
  readonly index: number;
  readonly siteIndex: number;
  readonly computerName: string;
  readonly domain: string;
  readonly smbiosUuid: Guid;
  readonly serial: string;
  readonly make: string;
  readonly model: string;
  readonly osVersion: string;
  readonly users: readonly string[];
  readonly drives: readonly DrivePlan[];
  readonly flaw: Flaw | null;
  /** by local policy; a node may exempt a device as well */
  readonly enforcement: Enforcement;
  /** enrols and encrypts, and never reports */
  readonly silent: boolean;
  readonly fate: Fate;
  /** index of the PC whose disk image this one was made from, its device key included */
  readonly cloneOf: number | null;
  /** what this PC's clock adds to the true time */
  readonly clockSkewMs: number;
}

/** Of each hundred PCs. `flaw` troubles come to 14, the rest to 12: three quarters of a fleet are in order. */
const TROUBLES_PER_HUNDRED: readonly (readonly [count: number, changes: Partial<MachinePlan>])[] = [
  [2, { flaw: 'weak-cipher' }],
  [1, { flaw: 'xts-128' }],
  [2, { flaw: 'cannot-encrypt' }],
  [1, { flaw: 'paused' }],
  [2, { flaw: 'no-tpm-protector' }],
  [2, { flaw: 'no-tpm' }],
  [1, { flaw: 'tpm-hidden' }],
  [1, { flaw: 'no-os-volume' }],
  [1, { flaw: 'suspended' }],
  [1, { flaw: 'locked' }],
  [1, { enforcement: 'user-exempt' }],
  [1, { enforcement: 'temporary-user-exempt' }],
  [1, { enforcement: 'not-enforced' }],
  [2, { silent: true }],
  [2, { fate: 're-imaged' }],
  [2, { fate: 'renamed' }],
  [1, { cloneOf: -1 }],
  // A flat battery: 2009 until the network time arrives.
  [1, { clockSkewMs: -17 * 365 * 86_400_000 }],
];

const HUNDRED = 100;

/**
 * Plans `devices` PCs, dealt out to the sites in turn. `healthy` leaves every trouble out; their names are numbered from
 * `firstNumber`.
 */
export function planMachines(
  platform: Pick<Platform, 'sha256'>,
  derivation: Derivation,
  seed: string,
  sites: readonly { readonly siteId: string }[],
  devices: number,
  healthy: boolean,
  firstNumber: number,
): MachinePlan[] {
  const plans: MachinePlan[] = [];
  let troubles: (Partial<MachinePlan> | undefined)[] = [];
  for (let index = 0; index < devices; index += 1) {
    const dice = new Dice(platform, seed, 'machine', String(index));
    if (index % HUNDRED === 0) troubles = healthy ? [] : dealTroubles(platform, seed, index);
    const trouble = troubles[index % HUNDRED] ?? {};
    const siteIndex = index % sites.length;
    const number = firstNumber + index;
    const made = plan(dice, derivation, { index, number, siteIndex }, sites[siteIndex]?.siteId ?? '');
    // The image came from a PC of the same site that is in order; without one this PC is no clone.
    const cloneOf =
      trouble.cloneOf === undefined
        ? null
        : (plans.find((other) => other.siteIndex === siteIndex && isPlain(other))?.index ?? null);
    plans.push(withFlaw({ ...made, ...trouble, cloneOf }));
  }
  return plans;
}

function dealTroubles(
  platform: Pick<Platform, 'sha256'>,
  seed: string,
  from: number,
): (Partial<MachinePlan> | undefined)[] {
  const dealt = TROUBLES_PER_HUNDRED.flatMap(([count, changes]) =>
    new Array<Partial<MachinePlan> | undefined>(count).fill(changes),
  );
  const rest = new Array<Partial<MachinePlan> | undefined>(HUNDRED - dealt.length).fill(undefined);
  return new Dice(platform, seed, 'troubles', String(from)).shuffled([...dealt, ...rest]);
}

function isPlain(plan: MachinePlan): boolean {
  return (
    plan.flaw === null &&
    plan.enforcement === 'enforced' &&
    !plan.silent &&
    plan.fate === 'steady' &&
    plan.cloneOf === null
  );
}

/** A flaw of drives needs the drives that can have it. */
function withFlaw(plan: MachinePlan): MachinePlan {
  switch (plan.flaw) {
    case 'no-os-volume':
      return { ...plan, drives: [{ volumeType: 2, driveLetter: 'D:', encrypted: true }] };
    case 'locked':
      return {
        ...plan,
        drives: [...plan.drives.slice(0, 1), { volumeType: 2, driveLetter: 'D:', encrypted: true }],
      };
    case 'weak-cipher':
    case 'xts-128':
    case 'paused':
    case 'no-tpm-protector':
    case 'tpm-hidden':
    case 'suspended':
      return {
        ...plan,
        drives: plan.drives.map((drive) => (drive.volumeType === 1 ? { ...drive, encrypted: true } : drive)),
      };
    case 'cannot-encrypt':
      return { ...plan, drives: plan.drives.map((drive) => ({ ...drive, encrypted: false })) };
    case 'no-tpm':
    case null:
      return plan;
  }
}

interface Model {
  readonly make: string;
  readonly model: string;
  readonly form: 'LT' | 'DT' | 'TB';
  readonly serial: (dice: Dice) => string;
}

const UPPER = 'BCDFGHJKLMNPQRSTVWXYZ';
const DIGITS = '0123456789';
const TAG = DIGITS + UPPER;
const dell = (dice: Dice) => dice.text(TAG, 7);
const hp = (dice: Dice) => `5CG${dice.text(DIGITS, 4)}${dice.text(TAG, 3)}`;
const lenovo = (dice: Dice) => `PF${dice.text(TAG, 6)}`;
const microsoft = (dice: Dice) => `0${dice.text(DIGITS, 11)}`;
const fujitsu = (dice: Dice) => `DSE${dice.text(UPPER, 1)}${dice.text(DIGITS, 6)}`;

const MODELS: readonly [Model, ...Model[]] = [
  { make: 'Dell Inc.', model: 'Latitude 5440', form: 'LT', serial: dell },
  { make: 'Dell Inc.', model: 'Latitude 7450', form: 'LT', serial: dell },
  { make: 'Dell Inc.', model: 'OptiPlex 7010', form: 'DT', serial: dell },
  { make: 'HP', model: 'HP EliteBook 840 14 inch G10 Notebook PC', form: 'LT', serial: hp },
  { make: 'HP', model: 'HP ProDesk 400 G9 Small Form Factor Desktop PC', form: 'DT', serial: hp },
  // Lenovo puts the machine type where others put the name.
  { make: 'LENOVO', model: '21HD0068SP', form: 'LT', serial: lenovo },
  { make: 'LENOVO', model: '12E4000ASP', form: 'DT', serial: lenovo },
  { make: 'Microsoft Corporation', model: 'Surface Pro 9', form: 'TB', serial: microsoft },
  { make: 'Microsoft Corporation', model: 'Surface Laptop 5', form: 'LT', serial: microsoft },
  { make: 'FUJITSU CLIENT COMPUTING LIMITED', model: 'LIFEBOOK U7413', form: 'LT', serial: fujitsu },
];

const OS_VERSIONS: readonly [string, ...string[]] = [
  'Windows 11 Enterprise 24H2 (10.0.26100.4061)',
  'Windows 11 Enterprise 23H2 (10.0.22631.5335)',
  'Windows 11 Pro 24H2 (10.0.26100.3775)',
  'Windows 10 Enterprise 22H2 (10.0.19045.5854)',
  'Windows 10 Enterprise LTSC 2021 (10.0.19044.5854)',
];

const GIVEN_NAMES: readonly [string, ...string[]] = [
  'ana',
  'carmen',
  'david',
  'elena',
  'iker',
  'javier',
  'lucia',
  'marta',
  'nuria',
  'pablo',
  'sofia',
  'victor',
];
const FAMILY_NAMES: readonly [string, ...string[]] = [
  'alonso',
  'blanco',
  'castro',
  'fuentes',
  'garcia',
  'herrera',
  'iglesias',
  'molina',
  'ortega',
  'prieto',
  'ruiz',
  'vega',
];
const NETBIOS_DOMAIN = 'ALCAZAR';
const DNS_DOMAIN = 'alcazar.example';

function plan(
  dice: Dice,
  derivation: Derivation,
  { index, number, siteIndex }: { index: number; number: number; siteIndex: number },
  siteId: string,
): MachinePlan {
  const { make, model, form, serial } = dice.pick(MODELS);
  const place =
    siteId
      .replace(/[^a-z]/g, '')
      .slice(0, 3)
      .toUpperCase() || 'PC';
  const before = dice.chance(0.15);
  const drives: DrivePlan[] = [{ volumeType: 1, driveLetter: 'C:', encrypted: before }];
  if (dice.chance(form === 'DT' ? 0.5 : 0.2))
    drives.push({ volumeType: 2, driveLetter: 'D:', encrypted: before });
  if (dice.chance(0.12)) drives.push({ volumeType: 3, driveLetter: 'E:', encrypted: dice.chance(0.5) });
  const users = Array.from({ length: dice.chance(0.2) ? 2 : 1 }, () => {
    const [given, family] = [dice.pick(GIVEN_NAMES), dice.pick(FAMILY_NAMES)];
    return dice.chance(0.6)
      ? `${NETBIOS_DOMAIN}\\${given.charAt(0)}${family}`
      : `${given}.${family}@${DNS_DOMAIN}`;
  });
  return {
    index,
    siteIndex,
    computerName: `${place}-${form}-${String(number).padStart(4, '0')}`,
    domain: dice.chance(0.8) ? DNS_DOMAIN : NETBIOS_DOMAIN,
    smbiosUuid: derivation.guid('smbios', String(index)),
    serial: serial(dice),
    make,
    model,
    osVersion: dice.pick(OS_VERSIONS),
    users: [...new Set(users)],
    drives,
    flaw: null,
    enforcement: 'enforced',
    silent: false,
    fate: 'steady',
    cloneOf: null,
    clockSkewMs: 0,
  };
}
