/**
 * The rows of an export: CSV (RFC 4180) that a spreadsheet opens and `holdfast import csv` reads. What a PC says of itself
 * must be no formula there, for it would stand beside every password.
 */
import type { Candidate } from '../helpdesk/messages.ts';
import { harmless } from '../reports/csv.ts';

const COLUMNS = [
  ...['keyId', 'recoveryPassword', 'computerName', 'domain', 'users', 'volumeId', 'volumeType', 'site'],
  ...['createdAt', 'state', 'disclosed', 'deviceId', 'keyPackage'],
];
export const EXPORT_HEADER = `${COLUMNS.join(',')}\r\n`;

export function exportRow(key: Candidate, recoveryPassword: string, keyPackage: Uint8Array | null): string {
  const cells = [
    ...[key.keyId, recoveryPassword, key.computerName, key.domain, key.users.join(';'), key.volumeId],
    ...[String(key.volumeType), key.siteId, new Date(key.escrowedAt).toISOString(), key.state],
    ...[key.disclosed ? '1' : '0', key.deviceId, keyPackage ? `0x${hex(keyPackage)}` : ''],
  ];
  return `${cells.map((cell) => quoted(harmless(cell))).join(',')}\r\n`;
}

function quoted(cell: string): string {
  return /[",\r\n;]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
