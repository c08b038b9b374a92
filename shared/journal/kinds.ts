/**
 * Every entry kind: its store, who may author it, its versions, and the fact rows that follow from it.
 *
 * `rows` is a pure function of one entry. The rows of all entries of a batch go into each table by one statement
 * (`projection.ts`), the same text on both engines.
 */
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import type { z } from 'zod';
import { computerCompliance, volumeReasons } from '../domain/compliance.ts';
import * as compliance from '../schema/compliance.ts';
import * as recovery from '../schema/recovery.ts';
import type { NodeRole } from '../trust/certificate.ts';
import * as bodies from './bodies.ts';
import type { Entry, Store } from './entry.ts';
import * as exemptions from './exemption-bodies.ts';
import * as people from './staff-bodies.ts';
import * as trust from './trust-bodies.ts';

/** A raised number makes nodes of different rules say "not comparable" instead of "different" (I5). */
export const PROJECTION_VERSION = 5;

/** Fact tables and how a later row of the same key and origin meets an earlier one. */
export const FACT_TABLES = {
  config: { store: 'recovery', table: recovery.config, newer: 'revision' },
  devices: { store: 'recovery', table: recovery.devices, newer: null },
  deviceRevocations: { store: 'recovery', table: recovery.deviceRevocations, newer: null },
  escrows: { store: 'recovery', table: recovery.escrows, newer: null },
  imports: { store: 'recovery', table: recovery.imports, newer: null },
  protectors: { store: 'recovery', table: recovery.protectors, newer: 'counter' },
  protectorKeys: { store: 'recovery', table: recovery.protectorKeys, newer: null },
  audit: { store: 'recovery', table: recovery.audit, newer: null },
  reseals: { store: 'recovery', table: recovery.reseals, newer: null },
  edgeRevocations: { store: 'recovery', table: recovery.edgeRevocations, newer: null },
  rotations: { store: 'recovery', table: recovery.rotations, newer: null },
  releases: { store: 'recovery', table: recovery.releases, newer: null },
  refusals: { store: 'recovery', table: recovery.refusals, newer: null },
  exemptionRequests: { store: 'recovery', table: recovery.exemptionRequests, newer: null },
  exemptionAnswers: { store: 'recovery', table: recovery.exemptionAnswers, newer: null },
  forgotten: { store: 'recovery', table: recovery.forgotten, newer: null },
  accountEvents: { store: 'recovery', table: recovery.accountEvents, newer: null },
  statusReports: { store: 'compliance', table: compliance.statusReports, newer: 'counter' },
  volumes: { store: 'compliance', table: compliance.volumes, newer: 'counter' },
  seen: { store: 'compliance', table: compliance.seen, newer: 'counter' },
} as const satisfies Record<
  string,
  { store: Store; table: SQLiteTable; newer: 'revision' | 'counter' | null }
>;
export type FactTable = keyof typeof FACT_TABLES;

type FactRow<T extends FactTable> = Omit<
  (typeof FACT_TABLES)[T]['table']['$inferInsert'],
  'origin' | 'seq' | 'hlc'
>;
export type FactRows = { [T in FactTable]?: FactRow<T>[] };

interface KindDefinition<S extends z.ZodType> {
  readonly stores: readonly Store[];
  readonly authors: readonly NodeRole[];
  /** as it is written now. Its schema and rows must also read what every version before it wrote: logs keep that for ever */
  readonly version: number;
  /** may a body be forgotten, and a log be taken in without it? Never what a key's recovery or its audit needs (I2, I3). */
  readonly erasable: boolean;
  readonly body: S;
  readonly rows: (body: z.infer<S>) => FactRows;
}

function kind<S extends z.ZodType>(definition: KindDefinition<S>): KindDefinition<S> {
  return definition;
}

const ANY: readonly NodeRole[] = ['edge', 'centre'];
const CENTRE: readonly NodeRole[] = ['centre'];

/** The authority table (I4): what is not listed for a role is held and marked, never projected. */
export const KINDS = {
  genesis: kind({
    stores: ['recovery', 'compliance'],
    authors: ANY,
    version: 1,
    erasable: false,
    body: bodies.genesis,
    rows: () => ({}),
  }),
  config: kind({
    stores: ['recovery'],
    authors: CENTRE,
    version: 1,
    // A relay must not be able to keep a revocation to itself.
    erasable: false,
    body: bodies.config,
    rows: (body) => ({
      config: [{ kind: body.kind, id: body.id, revision: body.revision, body: JSON.stringify(body.body) }],
    }),
  }),
  /** Held apart from the journal, and turned into no rows: see `erasable.ts`. */
  credential: kind({
    stores: ['recovery'],
    authors: CENTRE,
    version: 1,
    erasable: true,
    body: people.credential,
    rows: () => ({}),
  }),
  forget: kind({
    stores: ['recovery'],
    authors: CENTRE,
    version: 1,
    erasable: false,
    body: people.forget,
    rows: ({ entries }) => ({
      forgotten: entries.map(({ origin, seq }) => ({ ofOrigin: origin, ofSeq: seq })),
    }),
  }),
  'account-event': kind({
    stores: ['recovery'],
    authors: ANY,
    version: 1,
    erasable: false,
    body: people.accountEvent,
    rows: (body) => ({ accountEvents: [body] }),
  }),
  device: kind({
    stores: ['recovery'],
    authors: ANY,
    version: 1,
    erasable: false,
    body: bodies.device,
    rows: ({ deviceId, siteId, jkt, claim, attributes }) => ({
      devices: [{ deviceId, siteId, jkt, claim, ...attributes }],
    }),
  }),
  'device-revocation': kind({
    stores: ['recovery'],
    authors: ANY,
    version: 1,
    erasable: false,
    body: bodies.deviceRevocation,
    rows: ({ deviceId, reason }) => ({ deviceRevocations: [{ deviceId, reason }] }),
  }),
  escrow: kind({
    stores: ['recovery'],
    authors: ANY,
    version: 1,
    erasable: false,
    body: bodies.escrow,
    rows: (body) => ({ escrows: [escrowRow(body)] }),
  }),
  import: kind({
    stores: ['recovery'],
    authors: ANY,
    version: 1,
    erasable: false,
    body: bodies.imported,
    rows: ({ users, sealed, package: keyPackage, disclosed, ...body }) => ({
      imports: [
        {
          ...body,
          disclosed: Number(disclosed),
          usersJson: JSON.stringify(users),
          sealedJson: JSON.stringify(sealed),
          packageJson: keyPackage && JSON.stringify(keyPackage),
        },
      ],
    }),
  }),
  protectors: kind({
    stores: ['recovery'],
    authors: ANY,
    version: 1,
    erasable: false,
    body: bodies.protectors,
    rows: ({ deviceId, counter, volumes }) => ({
      protectors: volumes.map(({ volumeId, keyIds }) => ({
        deviceId,
        volumeId,
        counter,
        keyIdsJson: JSON.stringify([...keyIds].sort()),
      })),
      protectorKeys: volumes.flatMap(({ volumeId, keyIds }) =>
        keyIds.map((keyId) => ({ keyId, deviceId, volumeId })),
      ),
    }),
  }),
  audit: kind({
    stores: ['recovery'],
    authors: ANY,
    version: 1,
    erasable: false,
    body: bodies.audit,
    rows: (body) => ({ audit: [body] }),
  }),
  reseal: kind({
    stores: ['recovery'],
    authors: ANY,
    version: 1,
    erasable: false,
    body: trust.reseal,
    rows: ({ sealed, package: keyPackage, ...body }) => ({
      reseals: [
        {
          ...body,
          sealedJson: JSON.stringify(sealed),
          packageJson: keyPackage && JSON.stringify(keyPackage),
        },
      ],
    }),
  }),
  'edge-revocation': kind({
    stores: ['recovery'],
    authors: CENTRE,
    version: 1,
    erasable: false,
    body: trust.edgeRevocation,
    rows: ({ stolen, opens, logs, by: _by, ...body }) => ({
      edgeRevocations: [
        { ...body, stolen: Number(stolen), opens: Number(opens), logsJson: JSON.stringify(logs) },
      ],
    }),
  }),
  rotation: kind({
    stores: ['recovery'],
    authors: CENTRE,
    version: 1,
    erasable: false,
    body: trust.rotation,
    rows: ({ because, keyIds }) => ({ rotations: keyIds.map((keyId) => ({ keyId, because })) }),
  }),
  release: kind({
    stores: ['recovery'],
    authors: CENTRE,
    version: 1,
    erasable: false,
    body: trust.release,
    rows: ({ origin, seq, hash, staffId, escrow }) => ({
      escrows: [escrowRow(escrow)],
      releases: [{ keyId: escrow.keyId, ofOrigin: origin, ofSeq: seq, ofHash: hash, staffId }],
    }),
  }),
  refusal: kind({
    stores: ['recovery'],
    authors: CENTRE,
    version: 1,
    erasable: false,
    body: trust.refusal,
    rows: ({ origin, seq, hash, staffId }) => ({
      refusals: [{ ofOrigin: origin, ofSeq: seq, ofHash: hash, staffId }],
    }),
  }),
  'exemption-request': kind({
    stores: ['recovery'],
    authors: ANY,
    version: 1,
    erasable: false,
    body: exemptions.exemptionRequest,
    rows: (body) => ({ exemptionRequests: [body] }),
  }),
  'exemption-answer': kind({
    stores: ['recovery'],
    authors: CENTRE,
    version: 1,
    erasable: false,
    body: exemptions.exemptionAnswer,
    rows: (body) => ({ exemptionAnswers: [{ ...body, approved: Number(body.approved) }] }),
  }),
  status: kind({
    stores: ['compliance'],
    authors: ANY,
    version: 1,
    erasable: true,
    body: bodies.status,
    rows: statusRows,
  }),
  seen: kind({
    stores: ['compliance'],
    authors: ANY,
    version: 1,
    erasable: true,
    body: bodies.seen,
    rows: ({ devices }) => ({ seen: devices }),
  }),
} as const;
export type Kind = keyof typeof KINDS;
export type Body<K extends Kind> = z.infer<(typeof KINDS)[K]['body']>;

function escrowRow({ users, sealed, package: keyPackage, ...body }: z.infer<typeof bodies.escrow>) {
  return {
    ...body,
    usersJson: JSON.stringify(users),
    sealedJson: JSON.stringify(sealed),
    packageJson: keyPackage && JSON.stringify(keyPackage),
  };
}

function statusRows(report: z.infer<typeof bodies.status>): FactRows {
  const { deviceId, counter, siteId, reportedAt, machine, policy, factsHash } = report;
  const facts = { tpmPresent: machine.tpmPresent, enforcement: policy.enforcement, rules: policy.rules };
  const volumes = report.volumes.map((volume) => ({
    ...volume,
    protectorTypes: volume.protectors.map((protector) => protector.type),
  }));
  const { state, reasons } = computerCompliance(facts, volumes);
  return {
    statusReports: [
      {
        deviceId,
        counter,
        siteId,
        reportedAt,
        computerName: machine.computerName,
        domain: machine.domain,
        make: machine.make,
        model: machine.model,
        osVersion: machine.osVersion,
        tpmPresent: machine.tpmPresent === null ? null : Number(machine.tpmPresent),
        usersJson: JSON.stringify(machine.users),
        policyVersion: policy.version,
        enforcement: policy.enforcement,
        error: policy.error,
        state,
        reasonsJson: JSON.stringify(reasons),
        factsHash,
      },
    ],
    volumes: volumes.map(({ protectors, protectorTypes, ...volume }) => ({
      deviceId,
      counter,
      ...volume,
      protectorsJson: JSON.stringify(protectors),
      reasonsJson: JSON.stringify(volumeReasons(facts, { ...volume, protectorTypes })),
    })),
  };
}

/** Whether an entry without its body is in order. An unknown kind may be one that may be forgotten. */
export function isErasable(kind: string): boolean {
  return !Object.hasOwn(KINDS, kind) || KINDS[kind as Kind].erasable;
}

/** Why an entry is held but not projected (I9). */
export type MarkReason =
  'unknown-kind' | 'unknown-version' | 'no-authority' | 'malformed' | 'refused-by-database';

/** The rows that follow from an entry, or why there are none. An erased body has no rows and is no fault. */
export function project(
  { store, kind, version, body }: Pick<Entry, 'store' | 'kind' | 'version' | 'body'>,
  author: NodeRole,
): { rows: FactRows } | { mark: MarkReason } {
  const found = definitionFor(store, kind, version, author);
  if ('mark' in found) return found;
  if (body === null) return { rows: {} };
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { mark: 'malformed' };
  }
  return projectBody(found, value);
}

/** As `project`, of a body that was not encoded yet: what becomes of a draft. */
export function projectDraft(
  store: Store,
  { kind, body }: { readonly kind: Kind; readonly body: unknown },
  author: NodeRole,
): { rows: FactRows } | { mark: MarkReason } {
  const found = definitionFor(store, kind, KINDS[kind].version, author);
  return 'mark' in found ? found : projectBody(found, body);
}

/** The registry pairs each schema with the function over its output, which the union of all kinds forgets. */
interface Definition {
  readonly body: z.ZodType;
  readonly rows: unknown;
}

function definitionFor(
  store: Store,
  kind: string,
  version: number,
  author: NodeRole,
): Definition | { mark: MarkReason } {
  if (!Object.hasOwn(KINDS, kind)) return { mark: 'unknown-kind' };
  const definition = KINDS[kind as Kind];
  if (!definition.stores.includes(store)) return { mark: 'unknown-kind' };
  if (version > definition.version) return { mark: 'unknown-version' };
  if (!definition.authors.includes(author)) return { mark: 'no-authority' };
  return definition;
}

function projectBody({ body, rows }: Definition, value: unknown): { rows: FactRows } | { mark: MarkReason } {
  const parsed = body.safeParse(value);
  if (!parsed.success) return { mark: 'malformed' };
  return { rows: (rows as (body: unknown) => FactRows)(parsed.data) };
}
