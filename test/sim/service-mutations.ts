/** What can be wrong with what devices and the helpdesk are answered. */
import { type Mutation, defect, withEvent, within } from './mutation.ts';

export const SERVICE_MUTATIONS: readonly Mutation[] = [
  within(
    withEvent('collide'),
    defect('take the same key ID for the same key', [
      'devices/escrow.ts',
      'held.filter(([of, by]) => of === commitment && by === device.sub)',
      'held',
    ]),
  ),
  defect('promise what no centre holds yet', [
    'devices/escrow.ts',
    `? 'centre' : 'edge';`,
    `? 'centre' : 'centre';`,
  ]),
  within(
    withEvent('rewind', 'lose'),
    defect('ask nobody for a key that nodes lost', [
      'devices/status.ts',
      `else if (copies.length === 0)
        instructions.push({ type: 'escrow-again', keyId, volumeId, why: 'missing' });`,
      'else if (copies.length === 0) continue;',
    ]),
  ),
  defect('have what nobody gave out rotated', [
    'devices/status.ts',
    'if (toRotate.has(keyId)) instructions',
    'if (copies.length > 1) instructions',
  ]),
  defect('reveal before the audit', [
    'helpdesk/audit.ts',
    `const [entry] = await parts.ledger.append('recovery', [draft], local);`,
    `void parts.ledger.append('recovery', [draft], local).catch(() => undefined);
  const entry = { origin: parts.ledger.self, seq: 1 };`,
  ]),
  defect('reveal although the audit cannot be written', [
    'helpdesk/audit.ts',
    `await parts.ledger.append('recovery', [draft], local);`,
    `await parts.ledger
    .append('recovery', [draft], local)
    .catch(() => [{ origin: parts.ledger.self, seq: 1 }]);`,
  ]),
];
