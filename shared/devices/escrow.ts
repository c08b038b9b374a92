/**
 * Escrow: a recovery password is checked, sealed to its region's and the organisation's vault before it touches a
 * statement (I8), journalled, and answered with a signed receipt. Nothing ever takes a key's place (I2).
 */
import { base64url } from 'jose';
import type { Configuration } from '../configuration.ts';
import { type Guid, commitmentOf, parseRecoveryPassword } from '../domain/recovery-key.ts';
import { Problem } from '../http/problem.ts';
import type { SqlValue } from '../journal/engine.ts';
import { DailyQuota } from '../daily-quota.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { NodeIdentity } from '../journal/parts.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import type { Peers } from '../replication/peers.ts';
import type { Origin } from '../trust/certificate.ts';
import { Sealer, type VaultPublicKey } from '../vault/seal.ts';
import { Redacted } from '../vault/redacted.ts';
import type { Durability, EscrowAnswer, EscrowRequest, Receipt } from './messages.ts';
import { type DeviceToken, machineFingerprint } from './token.ts';

interface Place {
  readonly origin: Origin;
  readonly seq: number;
  readonly hash: string;
}

export interface EscrowParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly identity: NodeIdentity;
  readonly configuration: Configuration;
  readonly peers: Peers;
}

export class EscrowService {
  readonly #parts: EscrowParts;
  readonly #sealer: Sealer;
  /** of new key IDs, by device, and by site: many devices of one token are no way around a device's own quota */
  readonly #deviceQuota: DailyQuota;
  readonly #siteQuota: DailyQuota;
  /** escrows being written, so that the same key sent twice at once becomes one entry */
  readonly #underWay = new Map<string, Promise<{ place: Place; conflict: boolean; created: boolean }>>();
  /** by key ID: how many of these are being written, and whether it were ever several at once */
  readonly #together = new Map<Guid, { writing: number; several: boolean }>();

  constructor(parts: EscrowParts) {
    this.#parts = parts;
    this.#sealer = new Sealer(parts.platform);
    this.#deviceQuota = new DailyQuota(parts.platform, limits.deviceKeyIdsPerDayMax);
    this.#siteQuota = new DailyQuota(parts.platform, limits.siteKeyIdsPerDayMax);
  }

  /** Throws a Problem; otherwise the key is durable here, whatever else is known of it. */
  async escrow(
    device: DeviceToken,
    keyId: Guid,
    request: EscrowRequest,
  ): Promise<EscrowAnswer & { created: boolean }> {
    const { platform } = this.#parts;
    checkMachine(platform, device, request);
    const parsed = parseRecoveryPassword(request.recoveryPassword);
    if (!(parsed instanceof Redacted)) throw new Problem('recovery-password-invalid', { ...parsed });
    const commitment = commitmentOf(platform, keyId, parsed);
    const id = `${keyId} ${commitment} ${device.sub}`;
    let work = this.#underWay.get(id);
    if (!work) {
      const together = this.#together.get(keyId) ?? { writing: 0, several: false };
      this.#together.set(keyId, together);
      together.writing += 1;
      together.several ||= together.writing > 1;
      work = this.#store(device, keyId, commitment, parsed, request, together).finally(() => {
        this.#underWay.delete(id);
        together.writing -= 1;
        if (together.writing === 0) this.#together.delete(keyId);
      });
      this.#underWay.set(id, work);
    }
    const { place, conflict, created } = await work;
    const durability = durabilityOf(this.#parts, place);
    return {
      receipt: await this.#receipt(keyId, commitment, device.sub, place, durability),
      durability,
      conflict,
      created,
    };
  }

  async #store(
    device: DeviceToken,
    keyId: Guid,
    commitment: string,
    key: Redacted<Uint8Array<ArrayBuffer>>,
    request: EscrowRequest,
    together: { readonly several: boolean },
  ): Promise<{ place: Place; conflict: boolean; created: boolean }> {
    const { configuration, peers } = this.#parts;
    const held = await this.#held(keyId);
    const copies = held.filter(([of, by]) => of === commitment && by === device.sub);
    const atCentre = copies.find(([, , origin, seq]) =>
      peers.heldAtCentre('recovery', String(origin) as Origin, Number(seq)),
    );
    const same =
      atCentre ?? copies.find(([, , origin]) => peers.isSure('recovery', String(origin) as Origin));
    if (same) {
      const [, , origin, seq, hash] = same;
      return {
        place: { origin: String(origin) as Origin, seq: Number(seq), hash: String(hash) },
        conflict: conflictIn(held, commitment, device.sub),
        created: false,
      };
    }
    const vaults = configuration.vaultsOf(device.site);
    if (!vaults) throw new Problem('vaults-unknown', {}, { 'Retry-After': '30' });
    this.#takeQuota(device);
    try {
      const entry = await this.#append(device, keyId, commitment, key, request, vaults);
      // Others wrote under the same ID at the same moment: what became of them stands in the tables by now.
      const now = together.several ? await this.#held(keyId) : held;
      return { place: entry, conflict: conflictIn(now, commitment, device.sub), created: true };
    } catch (error) {
      // Whoever comes back until there is room, or a disk that works, has not used up a day by that.
      this.#deviceQuota.giveBack(device.sub);
      this.#siteQuota.giveBack(device.site);
      throw error;
    }
  }

  async #append(
    device: DeviceToken,
    keyId: Guid,
    commitment: string,
    key: Redacted<Uint8Array<ArrayBuffer>>,
    request: EscrowRequest,
    vaults: readonly VaultPublicKey[],
  ): Promise<Place> {
    const record = { keyId, deviceId: device.sub, volumeId: request.volumeId };
    const sealed = await this.#sealer.seal(vaults, { kind: 'recovery-password', ...record }, key);
    const keyPackage =
      request.keyPackage === undefined
        ? null
        : await this.#sealer.seal(
            vaults,
            { kind: 'key-package', ...record },
            new Redacted(fromBase64(request.keyPackage)),
          );
    const { volumeId, volumeType, counter, computerName, domain, users } = request;
    const [entry] = await this.#parts.ledger.append('recovery', [
      {
        kind: 'escrow',
        body: {
          ...{ keyId, commitment, deviceId: device.sub, siteId: device.site, volumeId, volumeType, counter },
          ...{ computerName, domain, users, claim: device.claim, sealed, package: keyPackage },
        },
      },
    ]);
    if (!entry) throw new Error('an append resolved without its entry');
    return entry;
  }

  #takeQuota({ sub, site }: DeviceToken): void {
    const later = { 'Retry-After': '3600' };
    if (!this.#deviceQuota.take(sub))
      throw new Problem('key-quota', { limit: limits.deviceKeyIdsPerDayMax }, later);
    if (this.#siteQuota.take(site)) return;
    this.#deviceQuota.giveBack(sub);
    throw new Problem('site-quota', { limit: limits.siteKeyIdsPerDayMax }, later);
  }

  /** Every copy under this key ID: commitment, device, and where its entry stands; the first to arrive first. */
  async #held(keyId: Guid): Promise<SqlValue[][]> {
    const { engine } = this.#parts.ledger;
    // Most keys are new, and that none is held can be asked in half the time.
    const any = 'SELECT 1 FROM escrows WHERE key_id = ?1 UNION ALL SELECT 1 FROM imports WHERE key_id = ?1';
    if ((await engine.rows('recovery', any, [keyId])).length === 0) return [];
    return engine.rows(
      'recovery',
      'SELECT e.commitment, e.device_id, e.origin, e.seq, j.hash, j.arrival FROM escrows e ' +
        'JOIN recovery_journal j ON j.origin = e.origin AND j.seq = e.seq WHERE e.key_id = ?1 ' +
        // No device stands behind an imported key: with the same password it is this one.
        'UNION ALL SELECT commitment, NULL, NULL, NULL, NULL, NULL FROM imports WHERE key_id = ?1 ORDER BY 6',
      [keyId],
    );
  }

  #receipt(
    keyId: string,
    commitment: string,
    deviceId: string,
    place: Place,
    durability: Durability,
  ): Promise<string> {
    const { identity, platform } = this.#parts;
    const receipt: Receipt = {
      ...{ keyId, commitment, deviceId, durability },
      ...{ origin: place.origin, seq: place.seq, hash: place.hash },
      iat: Math.floor(platform.now() / 1000),
    };
    return identity.signer.sign('holdfast-receipt', receipt, { cert: identity.certificateJws });
  }
}

/** Whether another password, or another device, stands under the same key ID (I2). */
function conflictIn(held: readonly SqlValue[][], commitment: string, deviceId: string): boolean {
  return held.some(([of, by]) => of !== commitment || (by !== null && by !== deviceId));
}

/** I1: what has been reached, never more. */
export function durabilityOf({ peers }: Pick<EscrowParts, 'peers'>, place: Place): Durability {
  return peers.heldAtCentre('recovery', place.origin, place.seq) ? 'centre' : 'edge';
}

/** One key with two fingerprints is a clone: nothing of it is taken in under the other machine's name. */
export function checkMachine(
  platform: Pick<Platform, 'sha256'>,
  device: DeviceToken,
  machine: { smbiosUuid: string; serial: string },
): void {
  if (machineFingerprint(platform, machine) !== device.machine) throw new Problem('device-cloned');
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(base64url.decode(text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')));
}
