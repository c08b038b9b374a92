/**
 * Whether the sealed keys in a snapshot open (I11). Keys that were not opened before under their vault are opened, and a
 * sample of the rest; all of them once a month. What was opened before is known by place: under each vault up to where
 * in each log, with the chain's hash there, so that another log of the same name is no reason to leave anything out.
 *
 * A secret lives in memory from opening until its commitment is compared (I8).
 */
import path from 'node:path';
import { z } from 'zod';
import { commitmentOf } from '../../shared/domain/recovery-key.ts';
import { escrow as escrowBody } from '../../shared/journal/bodies.ts';
import type { Origin } from '../../shared/trust/certificate.ts';
import { type VaultKey, open } from '../../shared/vault/seal.ts';
import { nodePlatform } from '../platform.ts';
import { fault } from '../words/fault.ts';
import { readIfThere, writeDurably } from './disk.ts';
import type { SqliteEngine } from './sqlite.ts';
import { type Finding, type VaultResult, findingOf } from './verification.ts';

/** Copies opened again of those that were opened before, per vault. */
const SAMPLE_COPIES = 200;
const ALL_EVERY_MS = 30 * 86_400_000;
const AT_ONCE = 64;

/** Entries that hold sealed copies. */
const SEALED = "kind IN ('escrow', 'import', 'reseal', 'release')";
const sealedRecord = escrowBody.pick({
  ...{ keyId: true, commitment: true, deviceId: true, volumeId: true, sealed: true, package: true },
});
const sealedEntry = z.union([
  sealedRecord.strip(),
  z.object({ escrow: sealedRecord.strip() }).transform(({ escrow }) => escrow),
]);

const openedFile = z.record(
  z.string(),
  z.object({
    /** when all copies under this vault were opened last */
    allAt: z.number().int(),
    upTo: z.record(z.string(), z.object({ seq: z.number().int(), hash: z.string() })),
  }),
);
type Opened = z.infer<typeof openedFile>;

export interface OpensCheck {
  /** the recovery store's file */
  readonly engine: SqliteEngine;
  readonly vaultKeys: readonly VaultKey[];
  /** where is kept what was opened before; null to open everything and keep nothing */
  readonly folder: string | null;
  readonly found: (finding: Finding) => void;
  readonly onProgress: (done: number, all: number) => void;
}

interface Tally {
  copies: number;
  opened: number;
  failed: number;
}

export async function verifyOpens(check: OpensCheck): Promise<VaultResult[]> {
  const { engine, folder, vaultKeys } = check;
  const before = folder === null ? {} : await readOpened(folder);
  const now = nodePlatform.now();
  const plans = new Map(
    vaultKeys.map((key) => [key.vaultId, planFor(engine, key, before[key.vaultId], now)]),
  );
  const tallies = new Map<string, Tally>();
  const [count] = engine.iterate(`SELECT count(*) FROM recovery_journal WHERE ${SEALED}`);
  const all = Number(count?.[0] ?? 0);
  let done = 0;
  let waiting: Promise<void>[] = [];
  for (const [origin, seq, text] of engine.iterate(
    `SELECT origin, seq, body FROM recovery_journal WHERE ${SEALED} ORDER BY origin, seq`,
  )) {
    const body = sealedEntry.safeParse(JSON.parse(String(text)));
    done += 1;
    // What is no escrow is held and marked, and gives nobody a key.
    if (!body.success) continue;
    const place = { origin: String(origin) as Origin, seq: Number(seq) };
    waiting.push(openCopies(check, plans, tallies, place, body.data));
    if (waiting.length < AT_ONCE) continue;
    await Promise.all(waiting);
    waiting = [];
    check.onProgress(done, all);
  }
  await Promise.all(waiting);
  const results = [...tallies]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([vaultId, tally]) => resultOf(vaultId, tally, plans));
  if (folder !== null) await keepOpened(folder, before, results, plans, engine, now);
  return results;
}

interface OpenPlan {
  readonly key: VaultKey;
  readonly all: boolean;
  /** the chance of a copy that was opened before to be opened again */
  readonly share: number;
  readonly upTo: ReadonlyMap<string, number>;
}

function planFor(
  engine: SqliteEngine,
  key: VaultKey,
  before: Opened[string] | undefined,
  now: number,
): OpenPlan {
  const upTo = new Map<string, number>();
  let opened = 0;
  for (const [origin, { seq, hash }] of Object.entries(before?.upTo ?? {})) {
    const [row] = engine.iterate(
      `SELECT hash, (SELECT count(*) FROM recovery_journal WHERE ${SEALED} AND origin = ?1 AND seq <= ?2) ` +
        `FROM recovery_journal WHERE origin = ?1 AND seq = ?2`,
      [origin, seq],
    );
    if (row?.[0] !== hash) continue;
    upTo.set(origin, seq);
    opened += Number(row[1]);
  }
  const all = before === undefined || Math.abs(now - before.allAt) >= ALL_EVERY_MS;
  return { key, all, share: SAMPLE_COPIES / Math.max(1, opened), upTo };
}

async function openCopies(
  { found }: OpensCheck,
  plans: ReadonlyMap<string, OpenPlan>,
  tallies: Map<string, Tally>,
  { origin, seq }: { origin: Origin; seq: number },
  body: z.infer<typeof sealedRecord>,
): Promise<void> {
  const record = { keyId: body.keyId, deviceId: body.deviceId, volumeId: body.volumeId };
  const copies = [
    ...body.sealed.map((sealed) => ({ kind: 'recovery-password' as const, sealed })),
    ...(body.package ?? []).map((sealed) => ({ kind: 'key-package' as const, sealed })),
  ];
  for (const { kind, sealed } of copies) {
    let tally = tallies.get(sealed.vaultId);
    if (!tally) tallies.set(sealed.vaultId, (tally = { copies: 0, opened: 0, failed: 0 }));
    tally.copies += 1;
    const plan = plans.get(sealed.vaultId);
    if (!plan) continue;
    const openedBefore = seq <= (plan.upTo.get(origin) ?? 0);
    if (!plan.all && openedBefore && Math.random() >= plan.share) continue;
    const secret = await open(plan.key, { kind, ...record }, sealed);
    const isRight =
      secret !== null &&
      (kind === 'key-package' || commitmentOf(nodePlatform, body.keyId, secret) === body.commitment);
    tally.opened += 1;
    if (isRight) continue;
    tally.failed += 1;
    found(findingOf('sealed-keys', sealed.vaultId, fault('notOpening', kind, body.keyId, seq, origin)));
  }
}

function resultOf(
  vaultId: string,
  { copies, opened, failed }: Tally,
  plans: ReadonlyMap<string, OpenPlan>,
): VaultResult {
  const outcome = failed > 0 ? 'failed' : plans.has(vaultId) ? 'verified' : 'not-verified';
  return { vaultId, copies, opened, outcome };
}

async function readOpened(folder: string): Promise<Opened> {
  try {
    return openedFile.parse(JSON.parse((await readIfThere(path.join(folder, 'opened.json'))) ?? '{}'));
  } catch {
    // Then everything is opened again.
    return {};
  }
}

async function keepOpened(
  folder: string,
  before: Opened,
  results: readonly VaultResult[],
  plans: ReadonlyMap<string, OpenPlan>,
  engine: SqliteEngine,
  now: number,
): Promise<void> {
  const ends = Object.fromEntries(
    [...engine.iterate('SELECT origin, seq, hash FROM recovery_origins')].map(([origin, seq, hash]) => [
      String(origin),
      { seq: Number(seq), hash: String(hash) },
    ]),
  );
  const next: Opened = { ...before };
  for (const { vaultId, outcome } of results) {
    const plan = plans.get(vaultId);
    if (outcome !== 'verified' || !plan) continue;
    next[vaultId] = { allAt: plan.all ? now : (before[vaultId]?.allAt ?? now), upTo: ends };
  }
  await writeDurably(path.join(folder, 'opened.json'), `${JSON.stringify(next)}\n`);
}
