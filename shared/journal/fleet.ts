/** The table by which reports find computers repeats a view, and no digest covers it: here it is held against the view. */
import { getTableConfig } from 'drizzle-orm/sqlite-core';
import { fleet } from '../schema/compliance.ts';
import type { Engine } from './engine.ts';

/** The devices whose row is not what the view `computers` says, or stands on one side alone. */
export async function fleetFaults(engine: Pick<Engine, 'rows'>): Promise<string[]> {
  const columns = getTableConfig(fleet).columns.map(({ name }) => `"${name}"`);
  const rowsOf = (name: string) => `SELECT ${columns.join(', ')} FROM "${name}"`;
  const beyond = (one: string, other: string) =>
    `SELECT device_id FROM (${rowsOf(one)} EXCEPT ${rowsOf(other)})`;
  const rows = await engine.rows(
    'compliance',
    `${beyond('fleet', 'computers')} UNION ${beyond('computers', 'fleet')} ORDER BY 1`,
    [],
  );
  return rows.map(([deviceId]) => String(deviceId));
}
