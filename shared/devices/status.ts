/**
 * Status reports. A change is journalled at once; an unchanged report is a durable note of this node, rolled up
 * hourly. The answer carries what the device should do: rotate what was disclosed, escrow again what nodes lost (I13).
 */
import canonicalize from 'canonicalize';
import type { Guid } from '../domain/recovery-key.ts';
import type { Statement } from '../journal/engine.ts';
import { STORES } from '../journal/entry.ts';
import { hlcToMs } from '../journal/hlc.ts';
import { limits } from '../limits.ts';
import type { Origin } from '../trust/certificate.ts';
import { type EscrowParts, checkMachine } from './escrow.ts';
import type { Durability, Instruction, Notice, StatusAnswer, StatusRequest } from './messages.ts';
import { policyFor } from './policy.ts';
import type { DeviceToken } from './token.ts';

const REMOVABLE = 3;

/** Whether an escrow `e` is of the device ?2, of the same machine before it was set up anew, or of a volume in ?3. */
const COUNTS =
  '(e.device_id = ?2 OR e.volume_id IN (SELECT value FROM json_each(?3)) OR e.device_id IN (' +
  'SELECT o.device_id FROM devices d JOIN devices o ON o.smbios_uuid = d.smbios_uuid AND o.serial = d.serial ' +
  'WHERE d.device_id = ?2))';

interface VolumeKeys {
  readonly volumeId: Guid;
  readonly keyIds: Guid[];
}

export class StatusService {
  readonly #parts: EscrowParts;

  constructor(parts: EscrowParts) {
    this.#parts = parts;
  }

  async report(device: DeviceToken, request: StatusRequest): Promise<StatusAnswer> {
    const { platform, configuration } = this.#parts;
    checkMachine(platform, device, request.machine);
    const { counter, reportedAt: _when, ...facts } = request;
    const factsHash = platform.sha256(canonicalize(facts) ?? '');
    const volumeKeys = request.volumes.map(({ volumeId, protectors }) => ({
      volumeId,
      keyIds: [
        ...new Set(protectors.flatMap(({ type, keyId }) => (type === 3 && keyId !== null ? [keyId] : []))),
      ],
    }));
    const [stored] = await Promise.all([
      this.#store(device, request, factsHash),
      this.#storeProtectors(device, counter, volumeKeys),
    ]);
    const policy = policyFor(configuration, platform, device.site, device.sub);
    return {
      stored,
      durability: this.#durability(),
      instructions: await this.#instructions(device.sub, request.volumes, volumeKeys),
      notices: await this.#notices(device.sub),
      policy,
      nextReportMs: policy.reportEveryMs,
    };
  }

  /** I1: what has been reached when this is answered. */
  #durability(): Durability {
    const { ledger, identity } = this.#parts;
    if (identity.certificate.role !== 'centre') return 'edge';
    return STORES.some((store) => ledger.durability(store).isUnknown) ? 'edge' : 'centre';
  }

  async #store(
    device: DeviceToken,
    request: StatusRequest,
    factsHash: string,
  ): Promise<StatusAnswer['stored']> {
    const { ledger, peers, platform } = this.#parts;
    const [last] = await ledger.engine.rows(
      'compliance',
      'SELECT counter, facts_hash, origin FROM computers WHERE device_id = ?',
      [device.sub],
    );
    if (last && Number(last[0]) >= request.counter) return 'stale';
    if (last?.[1] === factsHash && peers.isSure('compliance', String(last[2]) as Origin)) {
      await ledger.note('compliance', [noteSeen(device.sub, request.counter, platform.now())]);
      return 'unchanged';
    }
    await ledger.append('compliance', [
      { kind: 'status', body: { deviceId: device.sub, siteId: device.site, ...request, factsHash } },
    ]);
    return 'changed';
  }

  async #storeProtectors(
    device: DeviceToken,
    counter: number,
    volumes: readonly VolumeKeys[],
  ): Promise<void> {
    const { ledger, peers } = this.#parts;
    const rows = await ledger.engine.rows(
      'recovery',
      'SELECT volume_id, counter, key_ids_json, origin FROM protectors_current WHERE device_id = ?',
      [device.sub],
    );
    const known = new Map(
      rows.map(([volumeId, at, keyIds, origin]) => [
        String(volumeId),
        {
          at: Number(at),
          keyIds: String(keyIds),
          isSure: peers.isSure('recovery', String(origin) as Origin),
        },
      ]),
    );
    const changed = volumes.filter(({ volumeId, keyIds }) => {
      const last = known.get(volumeId);
      if (last === undefined) return true;
      const isSame = last.isSure && last.keyIds === JSON.stringify([...keyIds].sort());
      return last.at < counter && !isSame;
    });
    if (changed.length === 0) return;
    await ledger.append('recovery', [
      { kind: 'protectors', body: { deviceId: device.sub, counter, volumes: changed } },
    ]);
  }

  /**
   * Only what this machine escrowed counts as a copy, under this device ID or one it had before it was set up anew: a
   * stranger's escrow under the same key ID must neither keep a key from being escrowed nor have it rotated. A removable
   * volume is the same volume in every PC.
   */
  async #instructions(
    deviceId: string,
    reported: StatusRequest['volumes'],
    volumes: readonly VolumeKeys[],
  ): Promise<Instruction[]> {
    const { ledger, peers, platform } = this.#parts;
    const wanted = volumes.flatMap(({ volumeId, keyIds }) => keyIds.map((keyId) => ({ volumeId, keyId })));
    if (wanted.length === 0) return [];
    const keyIds = JSON.stringify(wanted.map(({ keyId }) => keyId));
    const removable = JSON.stringify(
      reported.filter(({ volumeType }) => volumeType === REMOVABLE).map(({ volumeId }) => volumeId),
    );
    const [rows, disclosed] = await Promise.all([
      ledger.engine.rows(
        'recovery',
        'SELECT e.key_id, e.origin, e.seq, e.hlc FROM json_each(?1) w JOIN escrows e ON e.key_id = w.value ' +
          `WHERE ${COUNTS}`,
        [keyIds, deviceId, removable],
      ),
      // What was given out before it was imported is to be rotated as well, and need not be escrowed here first.
      ledger.engine.rows(
        'recovery',
        'SELECT a.key_id FROM json_each(?1) w JOIN audit a ON a.key_id = w.value ' +
          `WHERE a.action = 'disclosure' AND a.status = 'Successful' AND ${COUNTS.replaceAll('e.', 'a.')} ` +
          'UNION SELECT i.key_id FROM json_each(?1) w JOIN imports i ON i.key_id = w.value WHERE i.disclosed = 1 ' +
          // So is what a stolen edge could open.
          'UNION SELECT x.key_id FROM json_each(?1) w JOIN rotations x ON x.key_id = w.value',
        [keyIds, deviceId, removable],
      ),
    ]);
    const toRotate = new Set(disclosed.map(([keyId]) => keyId));
    const instructions: Instruction[] = [];
    for (const { volumeId, keyId } of wanted) {
      const copies = rows.filter(([of]) => of === keyId);
      // What was escrowed a moment ago is on its way: asking again at once would only make a second copy.
      const elsewhere = copies.some(
        ([, origin, seq, hlc]) =>
          isFresh(platform.now() - hlcToMs(Number(hlc))) ||
          peers.heldElsewhere('recovery', String(origin) as Origin, Number(seq)),
      );
      if (toRotate.has(keyId)) instructions.push({ type: 'rotate', keyId, volumeId });
      else if (copies.length === 0)
        instructions.push({ type: 'escrow-again', keyId, volumeId, why: 'missing' });
      else if (!elsewhere) instructions.push({ type: 'escrow-again', keyId, volumeId, why: 'single-copy' });
    }
    return instructions;
  }

  /** What was given out of this device's keys, for its user to know. No clock says what is news: the agent does. */
  async #notices(deviceId: string): Promise<Notice[]> {
    const rows = await this.#parts.ledger.engine.rows(
      'recovery',
      'SELECT origin, seq, key_id, at, node_name FROM audit WHERE device_id = ?1 ' +
        "AND action = 'disclosure' AND status = 'Successful' ORDER BY hlc DESC LIMIT ?2",
      [deviceId, limits.noticesMax],
    );
    return rows.map(([origin, seq, keyId, at, nodeName]) => ({
      type: 'key-given-out',
      reference: `${String(origin)}#${String(seq)}`,
      ...{ keyId: String(keyId), at: Number(at), nodeName: String(nodeName) },
    }));
  }

  /** Journals when unchanged devices were last seen: one entry per `seenRollupDevicesMax` devices. Returns how many devices. */
  async rollUp(): Promise<number> {
    const { ledger } = this.#parts;
    let total = 0;
    // Those that were rolled up lie before the others in the table, and are not read again for each entry.
    let last = '';
    for (;;) {
      const rows = await ledger.engine.rows(
        'compliance',
        'SELECT device_id, counter, seen_at FROM local_seen WHERE rolled_up = 0 AND device_id > ? ORDER BY device_id LIMIT ?',
        [last, limits.seenRollupDevicesMax],
      );
      if (rows.length === 0) return total;
      const devices = rows.map(([deviceId, counter, seenAt]) => ({
        deviceId: String(deviceId),
        counter: Number(counter),
        seenAt: Number(seenAt),
      }));
      const mark: Statement = {
        sql:
          'UPDATE local_seen SET rolled_up = 1 FROM json_each(?) d ' +
          "WHERE local_seen.device_id = json_extract(d.value, '$.deviceId') AND local_seen.counter = json_extract(d.value, '$.counter')",
        args: [JSON.stringify(devices)],
      };
      await ledger.append('compliance', [{ kind: 'seen', body: { devices } }], [mark]);
      total += devices.length;
      last = devices.at(-1)?.deviceId ?? last;
    }
  }
}

/**
 * Whether an entry was written a moment ago by this node's clock, or by one that is a little ahead of it. One of the far
 * future says nothing, or its key would never be asked for again (I14).
 */
function isFresh(ageMs: number): boolean {
  return ageMs < limits.singleCopyGraceMs && ageMs > -limits.clockSkewMsMax;
}

function noteSeen(deviceId: string, counter: number, seenAt: number): Statement {
  return {
    sql:
      'INSERT INTO local_seen (device_id, counter, seen_at, rolled_up) VALUES (?, ?, ?, 0) ' +
      'ON CONFLICT (device_id) DO UPDATE SET counter = excluded.counter, seen_at = excluded.seen_at, rolled_up = 0 ' +
      'WHERE excluded.counter > local_seen.counter',
    args: [deviceId, counter, seenAt],
  };
}
