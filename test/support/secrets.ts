/** Where on disks a person's credentials are found: their salts, hashes and sealed secrets, as text. */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { SqliteEngine } from '../../central/snapshot/sqlite.ts';

export const SELECT_BODIES = "SELECT body FROM recovery_erasable WHERE body LIKE '{%'";

/** Bodies of credentials that a database file holds. */
export function bodiesIn(file: string): string[] {
  const database = new SqliteEngine(file, 'read');
  try {
    return [...database.iterate(SELECT_BODIES)].map(([body]) => String(body));
  } finally {
    database.close();
  }
}

/** Whatever of somebody's credentials must be found nowhere once they are forgotten. */
export function secretsOf(staffId: string, bodies: readonly string[]): string[] {
  return bodies
    .filter((body) => body.includes(`"staffId":"${staffId}"`))
    .flatMap((body) => body.match(/[A-Za-z0-9_-]{22,}/g) ?? []);
}

/** Files under `folder` in which any of these texts stands. */
export async function filesWith(folder: string, texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    if (texts.some((text) => bytes.includes(text))) found.push(file.slice(folder.length + 1));
  }
  return found;
}
