/** What snapshots need to be told, from the same environment as the centre. A bad setting is one sentence that names it. */
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import type { RetentionPolicy } from '../../shared/snapshot/retention.ts';
import type { IdentityFile } from '../../shared/trust/certificate.ts';
import { type LibsqlTarget, isFile } from '../libsql-engine.ts';
import { type CentreSettings, SettingError, unusable } from '../settings.ts';
import { fault } from '../words/fault.ts';

export interface SnapshotSettings {
  /** where snapshot sets are kept */
  readonly folder: string;
  /** where writers are registered: stable, for whoever looks for them */
  readonly writersFolder: string;
  readonly identity: IdentityFile;
  /** the file of each store's database or, where it stands at a server, of its replica here */
  readonly files: Readonly<Record<Store, string>>;
  /** where both stores stand at database servers */
  readonly servers?: Readonly<Record<Store, LibsqlTarget>> | null;
  /** this machine's name, which tells instances of a writer apart */
  readonly server: string;
  /** who can read the files: age recipients, or nobody but those who may read the folder */
  readonly encryption: { readonly recipients: readonly string[] } | 'plain' | 'undecided';
  readonly everyMs: number | null;
  /** how often a backup tool is expected to have read a snapshot (`snapshot hook`); null when none is */
  readonly backupEveryMs: number | null;
  readonly retention: RetentionPolicy;
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const interval = z.string().regex(/^(off|[1-9]\d{0,3}[smhd])$/, 'interval');
const count = (byDefault: number) => z.coerce.number().int().min(0).max(10_000).default(byDefault);

const environment = z.object({
  HOLDFAST_SNAPSHOT_DIR: z.string().min(1).optional(),
  HOLDFAST_WRITERS_DIR: z.string().min(1).optional(),
  /** `off`, or a number of minutes, hours or days: 30m, 6h, 1d; seconds are for trying alarms out */
  HOLDFAST_SNAPSHOT_EVERY: interval.default('off'),
  HOLDFAST_BACKUP_EVERY: interval.default('off'),
  HOLDFAST_SNAPSHOT_RECIPIENTS: z
    .string()
    .regex(/^age1[a-z0-9]+([,\s]+age1[a-z0-9]+)*$/, 'ageRecipients')
    .optional(),
  HOLDFAST_SNAPSHOT_PLAIN: z.enum(['yes', 'no']).default('no'),
  HOLDFAST_SNAPSHOT_KEEP_LAST: count(3),
  HOLDFAST_SNAPSHOT_KEEP_DAILY: count(7),
  HOLDFAST_SNAPSHOT_KEEP_WEEKLY: count(5),
  HOLDFAST_SNAPSHOT_KEEP_MONTHLY: count(12),
});

export function readSnapshotSettings(
  env: Readonly<Record<string, string | undefined>>,
  centre: CentreSettings,
): SnapshotSettings {
  const parsed = environment.safeParse(env);
  if (!parsed.success) throw unusable(parsed.error);
  const settings = parsed.data;
  const recipients = settings.HOLDFAST_SNAPSHOT_RECIPIENTS?.split(/[,\s]+/);
  const plain = settings.HOLDFAST_SNAPSHOT_PLAIN === 'yes';
  if (plain && recipients) throw new SettingError(fault('plainAndRecipients'));
  return {
    folder: path.resolve(settings.HOLDFAST_SNAPSHOT_DIR ?? path.join(centre.dataFolder, 'snapshots')),
    writersFolder: path.resolve(settings.HOLDFAST_WRITERS_DIR ?? path.join(centre.dataFolder, 'writers')),
    identity: centre.identity,
    files: filesOf(centre),
    servers: STORES.some((store) => isFile(centre.databases[store])) ? null : centre.databases,
    server: os.hostname(),
    encryption: plain ? 'plain' : recipients ? { recipients } : 'undecided',
    everyMs: everyMs(settings.HOLDFAST_SNAPSHOT_EVERY),
    backupEveryMs: everyMs(settings.HOLDFAST_BACKUP_EVERY),
    retention: {
      last: settings.HOLDFAST_SNAPSHOT_KEEP_LAST,
      daily: settings.HOLDFAST_SNAPSHOT_KEEP_DAILY,
      weekly: settings.HOLDFAST_SNAPSHOT_KEEP_WEEKLY,
      monthly: settings.HOLDFAST_SNAPSHOT_KEEP_MONTHLY,
    },
  };
}

function everyMs(text: string): number | null {
  if (text === 'off') return null;
  return Number(text.slice(0, -1)) * UNIT_MS[text.slice(-1) as keyof typeof UNIT_MS];
}

/** Whether there is a way to capture both stores at one cut: they are both files, or both at servers. */
export function takesSnapshots({ databases }: CentreSettings): boolean {
  return new Set(STORES.map((store) => isFile(databases[store]))).size === 1;
}

/** Whether the stores are files here; those of a database server are captured in another way. */
export function onFiles({ databases }: CentreSettings): boolean {
  return STORES.every((store) => databases[store].url.startsWith('file:'));
}

function filesOf(centre: CentreSettings): Record<Store, string> {
  const servers = STORES.filter((store) => !isFile(centre.databases[store]));
  if (servers.length === 1) throw new SettingError(fault('oneServer'));
  const fileOf = (store: Store): string => {
    if (servers.length > 0) return path.join(centre.dataFolder, 'replicas', `${store}.db`);
    const { url } = centre.databases[store];
    return path.resolve(url.replace(/^file:(\/\/)?/, '').replace(/\?.*$/, ''));
  };
  const [recovery, compliance] = STORES.map(fileOf) as [string, string];
  return { recovery, compliance };
}
