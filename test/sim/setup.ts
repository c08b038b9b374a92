/** The organisation of a simulated world: its keys, regions, sites, machines and devices, before anything happens. */
import { type Certificate, issueCertificate, publicJwk } from '../../shared/trust/certificate.ts';
import type { PrivateJwk } from '../../shared/trust/jws.ts';
import { generateVault, type VaultKey } from '../../shared/vault/seal.ts';
import type { StaffMember } from '../../shared/staff/member.ts';
import { nodePlatform } from '../../central/platform.ts';
import { Disk, type DiskImage, type DiskKind } from './disk.ts';
import { Device } from './devices.ts';
import { EPOCH, Machine, type Program } from './machine.ts';
import { configure } from './people.ts';
import { Random } from './random.ts';
import { RoguePeer } from './rogue.ts';
import { seedEntropy } from './shims/entropy.ts';
import { publicOf } from './shims/jose.ts';
import type { World } from './world.ts';

/** How large a world is, and of what kind. */
export interface Shape {
  readonly edges: number;
  readonly devices: number;
  /** helpdesk users */
  readonly staff: number;
  readonly centre: DiskKind;
  /** processes of the centre: more than one only at a database server */
  readonly centres: number;
  /** disks begin empty, so that migrations run */
  readonly migrates: boolean;
  /** edges call each other as well */
  readonly meshed: boolean;
  readonly attackers: number;
  /** edges of one region call another one as well, which lies to them */
  readonly rogue: boolean;
}

export const SITES = ['site-0', 'site-1'] as const;
const REGIONS = ['north', 'south'] as const;
const ROGUE = { name: 'rogue', role: 'edge', regionId: 'north', siteId: 'site-0' } as const;

export interface Organisation {
  readonly privateKey: PrivateJwk;
  readonly vaults: readonly {
    readonly id: string;
    readonly regionId: string | null;
    readonly publicKey: string;
  }[];
  readonly attackers: readonly Attacker[];
  readonly devices: readonly Device[];
  readonly staff: readonly StaffMember[];
}

/** A machine that is certified, and does not run this program. */
export interface Attacker {
  readonly name: string;
  readonly certificateJws: string;
  readonly certificate: Certificate;
  readonly privateKey: PrivateJwk;
}

/** Disks as they are after migration, of which new ones are copied. */
export type Images = Readonly<Record<'edge' | 'centre', DiskImage>>;

export async function found(
  world: World,
  shape: Shape,
  images: Images | null,
  program: Program,
): Promise<Organisation> {
  seedEntropy(world.seed);
  const random = new Random(world.seed, 'organisation');
  const privateKey = keyPair(random);
  const vaultKeys: VaultKey[] = [];
  const vaults: Organisation['vaults'][number][] = [];
  for (const regionId of [...REGIONS, null]) {
    const id = `${regionId ?? 'all'}-1`;
    const { publicKey, key } = await generateVault(id);
    vaultKeys.push(key);
    vaults.push({ id, regionId, publicKey: publicKey.publicKey });
  }
  const certify = async (subject: Pick<Certificate, 'name' | 'role' | 'regionId' | 'siteId' | 'scope'>) => {
    const own = keyPair(random);
    const certificate: Omit<Certificate, 'iat' | 'exp'> = {
      ...{ ...subject, nodeId: nameOf(random, 10), key: publicJwk.parse(own) },
    };
    const jws = await issueCertificate({ now: () => EPOCH }, privateKey, certificate, 36_500);
    return { own, jws, certificate: { ...certificate, iat: 0, exp: 0 } };
  };
  const add = async (
    subject: Parameters<typeof certify>[0],
    kind: DiskKind,
    keys: readonly VaultKey[],
    peers: readonly string[],
    disk?: Disk,
  ): Promise<Machine> => {
    const { own, jws, certificate } = await certify(subject);
    const clock = { read: (): number => EPOCH };
    const image = shape.migrates || !images ? null : images[subject.role];
    const machine = new Machine({
      ...{ name: subject.name, certificate, peers, program },
      identity: {
        organisation: publicJwk.parse(privateKey),
        ...{ certificate: jws, privateKey: own, vaultKeys: [...keys] },
      },
      disk: disk ?? new Disk(kind, image, () => clock.read()),
    });
    clock.read = () => machine.clock.read(world.scheduler.now);
    world.machines.push(machine);
    return machine;
  };
  let shared: Disk | undefined;
  for (let index = 0; index < shape.centres; index += 1) {
    const centre = await add(
      {
        ...{ name: `centre-${String(index)}`, role: 'centre', regionId: null, siteId: null },
        scope: { recovery: 'all', compliance: 'all' },
      },
      ...([shape.centre, vaultKeys, [], shared] as const),
    );
    shared = centre.disk;
  }
  for (let index = 0; index < shape.edges; index += 1) {
    const regionId = REGIONS[index % 2] ?? 'north';
    // Every third edge only takes in keys and can open none.
    const helps = index % 3 !== 2;
    const reach = helps ? 'region' : 'own';
    const others = shape.meshed && index > 0 ? [`edge-${String(index - 1)}`] : [];
    if (shape.rogue && regionId === ROGUE.regionId) others.push(ROGUE.name);
    const keys = helps ? vaultKeys.filter(({ vaultId }) => vaultId.startsWith(regionId)) : [];
    await add(
      {
        ...{ name: `edge-${String(index)}`, role: 'edge', regionId, siteId: `site-${String(index % 2)}` },
        scope: { recovery: reach, compliance: reach },
      },
      'durable-object',
      keys,
      [`centre-${String(index % shape.centres)}`, ...others],
    );
  }
  const attackers: Attacker[] = [];
  for (let index = 0; index < shape.attackers; index += 1) {
    const name = `stolen-${String(index)}`;
    const subject = { name, role: 'edge', regionId: 'north', siteId: 'site-0' } as const;
    const { own, jws, certificate } = await certify({
      ...subject,
      scope: { recovery: 'region', compliance: 'own' },
    });
    attackers.push({ name, certificateJws: jws, certificate, privateKey: own });
    world.oracle.dishonest.add(certificate.nodeId);
  }
  const edges = world.machines.filter(({ isCentre }) => !isCentre);
  const centres = world.machines.filter(({ isCentre }) => isCentre);
  const devices = Array.from({ length: shape.devices }, (_, index) => {
    const own = edges[index % edges.length];
    if (!own) throw new Error('a world has an edge');
    const { regionId, siteId } = own.certificate;
    const near = edges.filter((edge) => edge !== own && edge.certificate.regionId === regionId);
    return new Device(world, `pc-${String(index)}`, `token of ${String(siteId)}`, [
      own,
      ...near.slice(0, 1),
      ...centres,
    ]);
  });
  if (shape.rogue) {
    const scope = { recovery: 'region', compliance: 'region' } as const;
    const machine = await add({ ...ROGUE, scope }, 'durable-object', [], ['centre-0']);
    machine.rogue = new RoguePeer(world, machine);
    world.oracle.dishonest.add(machine.certificate.nodeId);
  }
  return { privateKey, vaults, attackers, devices, staff: staffOf(shape.staff) };
}

/** Every other one has to name whom the key is for. */
function staffOf(count: number): StaffMember[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ staffId: `staff-${String(index)}`, name: `Staff ${String(index)}`, sites: null },
    role: index % 2 === 0 ? 'advanced-helpdesk' : 'helpdesk',
    presence: { by: 'token', tokenId: `t-${String(index)}`, scope: ['keys'] },
  }));
}

/** What administrators configure before the first PC is there. */
export async function configureAll(world: World, { vaults }: Organisation): Promise<void> {
  const centre = world.machine('centre-0');
  for (const regionId of REGIONS) await configure(world, centre, 'region', regionId, { name: regionId });
  for (const [index, siteId] of SITES.entries()) {
    const regionId = REGIONS[index] ?? 'north';
    await configure(world, centre, 'site', siteId, { name: siteId, regionId });
    await configure(world, centre, 'site-token', `token-${siteId}`, {
      ...{ siteId, revoked: false, expiresAt: EPOCH + 100 * 365 * 86_400_000 },
      tokenHash: nodePlatform.sha256('holdfast site token v1\n', `token of ${siteId}`),
    });
  }
  for (const { id, regionId, publicKey } of vaults)
    await configure(world, centre, 'vault', id, {
      ...{ scope: regionId === null ? 'organisation' : 'region', regionId, publicKey, retired: false },
    });
}

function keyPair(random: Random): PrivateJwk {
  const d = Buffer.from(random.bytes(32)).toString('base64url');
  return { kty: 'EC', crv: 'P-256', ...publicOf(d), d };
}

export function nameOf(random: Random, length: number): string {
  return Array.from({ length }, () => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(random.below(32))).join('');
}
