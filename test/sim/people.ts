/** Simulated helpdesk users and administrators. */
import type { KeyIdPrefix, Guid } from '../../shared/domain/recovery-key.ts';
import type { ConfigBody, ConfigKind } from '../../shared/journal/bodies.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import type { DisclosureRequest } from '../../shared/helpdesk/messages.ts';
import type { StaffMember } from '../../shared/staff/member.ts';
import { ask, codeOf } from './asking.ts';
import type { Machine } from './machine.ts';
import type { KnownKey } from './oracle.ts';
import type { World } from './world.ts';

const EXPECTED = /^(NoAnswer|ConnectionLost)$/;

/** Somebody reads out a key ID; a helpdesk user finds the key at this node and gives it out. Returns what became of it. */
export async function disclose(
  world: World,
  staff: StaffMember,
  at: Machine,
  key: KnownKey,
  note: string,
): Promise<string> {
  const { staffId } = staff;
  const asking = { staff, address: null };
  const request: DisclosureRequest = {
    ...{ keyId: key.keyId as Guid, commitment: key.commitment, deviceId: key.deviceId },
    ...{ reason: 'lost-pin', verification: 'badge', note },
    ...(staff.role === 'helpdesk' ? { endUser: key.user } : {}),
  };
  try {
    await ask(world, staffId, at, 'search', async (node) => {
      node.confirmation.require();
      return node.helpdesk.search(asking, key.keyId.slice(0, 8) as KeyIdPrefix);
    });
    const answer = await ask(
      ...[world, staffId, at, 'disclose' as const],
      async (node) => {
        node.confirmation.require();
        world.oracle.asked.add(key.keyId);
        return node.helpdesk.disclose(asking, request);
      },
      (disclosed, life) => {
        if (disclosed.outcome === 'waiting') return;
        const { disclosure, recoveryPassword } = disclosed.answer;
        const { origin, seq } = disclosure;
        world.restored.decided(life, 'a disclosure');
        // I3: the record is there, whole, before the password leaves.
        const sql =
          'SELECT 1 FROM audit WHERE origin = ? AND seq = ? AND key_id = ? AND note = ? ' +
          "AND action = 'disclosure' AND status = 'Successful' AND staff_id = ? AND reason = 'lost-pin'";
        const args = [origin, seq, key.keyId, note, staffId];
        if (at.disk.of('recovery').facts(sql, args).length === 0)
          world.oracle.violated('I3', `${life.name} gave out ${key.keyId} without a record`);
        if (recoveryPassword !== key.password)
          world.oracle.violated('I2', `${life.name} gave out another password than ${key.keyId} has`);
        world.oracle.promise({
          ...{ machine: at.name, what: 'record', label: `the record ${note} of giving out ${key.keyId}` },
          sql: "SELECT 1 FROM audit WHERE key_id = ? AND note = ? AND status = 'Successful'",
          args: [key.keyId, note],
        });
      },
    );
    return answer.outcome;
  } catch (error) {
    expected(world, 'a disclosure', error);
    return codeOf(error) ?? 'no answer';
  }
}

/** An administrator changes something at a centre, as `routes/admin.ts` does. */
export async function configure<K extends ConfigKind>(
  world: World,
  at: Machine,
  kind: K,
  id: string,
  body: ConfigBody<K>,
): Promise<void> {
  try {
    await ask(
      ...[world, 'root', at, 'configure' as const],
      async (node) => {
        node.confirmation.require();
        return node.configuration.inTurn(async () => {
          const revision = (node.configuration.get(kind, id)?.revision ?? 0) + 1;
          const draft = { kind: 'config', body: { kind, id, revision, body } } as unknown as Draft;
          await node.ledger.append('recovery', [draft]);
          await node.configuration.settled();
          return revision;
        });
      },
      (revision, life) => {
        world.restored.decided(life, 'a change of configuration');
        world.oracle.promise({
          ...{ machine: at.name, what: 'record', label: `revision ${String(revision)} of ${kind} ${id}` },
          sql: 'SELECT 1 FROM config WHERE kind = ? AND id = ? AND revision >= ?',
          args: [kind, id, revision],
        });
      },
    );
  } catch (error) {
    expected(world, 'a change of configuration', error);
  }
}

export async function revoke(world: World, at: Machine, deviceId: string): Promise<void> {
  try {
    await ask(
      ...[world, 'root', at, 'revoke' as const],
      async (node) => {
        node.confirmation.require();
        await node.ledger.append('recovery', [
          { kind: 'device-revocation', body: { deviceId, reason: 'sold' } },
        ]);
        await node.configuration.settled();
        return node.configuration.isRevoked(deviceId);
      },
      (isRevoked, life) => {
        if (!isRevoked)
          world.oracle.violated('I1', `${life.name} does not know the revocation it answered for`);
        world.oracle.promise({
          ...{ machine: at.name, what: 'record', label: `the revocation of ${deviceId}` },
          sql: 'SELECT 1 FROM device_revocations WHERE device_id = ?',
          args: [deviceId],
        });
      },
    );
  } catch (error) {
    expected(world, 'a revocation', error);
  }
}

function expected(world: World, what: string, error: unknown): void {
  const name = error instanceof Error ? error.name : '';
  world.trace('refused', what, codeOf(error) ?? name);
  if (codeOf(error) === null && !EXPECTED.test(name)) world.oracle.unexpected(`${what} failed`, error);
}
