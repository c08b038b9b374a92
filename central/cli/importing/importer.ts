/**
 * Reads a source and sends it to a node: one batch is on its way while the next is read, so what is held in memory does
 * not grow with the file, and batches arrive in the file's order. Passwords are in the requests and nowhere else (I8).
 *
 * There is no state to resume from. The node writes nothing twice, so after a kill the same command is run again, and
 * what was accepted before is answered as already there, several times as fast.
 */
import { commitmentOf } from '../../../shared/domain/recovery-key.ts';
import type { ImportSource } from '../../../shared/domain/vocabulary.ts';
import { type ImportKey, type ImportResult, importAnswer } from '../../../shared/import/messages.ts';
import type {
  ImportFaultCode,
  ImportItem,
  ImportReader,
  ImportedKey,
} from '../../../shared/import/record.ts';
import type { SiteRules } from '../../../shared/import/sites.ts';
import { limits } from '../../../shared/limits.ts';
import { nodePlatform } from '../../platform.ts';
import type { NodeApi } from '../api.ts';
import { CliError, EXIT_UNREACHABLE } from '../errors.ts';
import { FirstSeen } from './first-seen.ts';

/** Below the node's bound on a request, whatever the keys of a batch carry. */
const BATCH_BYTES_MAX = 160 * 1024;
/** A node that restarts is waited for; one that stays away is somebody's task. */
const AWAY_MS_MAX = 120_000;
const RETRY_MS_MAX = 5_000;
const ANSWER_MS_MAX = 120_000;

export interface ImportCounts {
  records: number;
  accepted: number;
  alreadyThere: number;
  conflicts: number;
  invalid: number;
}

/** A record that somebody has to look at. */
export interface ImportDetail {
  readonly file: string;
  readonly line: number;
  readonly outcome: 'conflict' | 'invalid';
  readonly reason: ImportFaultCode | 'other-password-first';
  readonly group: number | null;
  readonly keyId: string | null;
}

export interface ImporterOptions {
  readonly node: NodeApi;
  readonly source: ImportSource;
  readonly siteOf: SiteRules;
  readonly dryRun: boolean;
  readonly onDetail: (detail: ImportDetail) => void | Promise<void>;
  readonly onProgress: (counts: ImportCounts, bytesRead: number) => void;
}

interface Waiting {
  readonly line: number;
  readonly commitment: string;
  readonly request: ImportKey;
}

export class Importer {
  readonly counts: ImportCounts = { records: 0, accepted: 0, alreadyThere: 0, conflicts: 0, invalid: 0 };
  readonly #options: ImporterOptions;
  readonly #seen = new FirstSeen();
  #batch: Waiting[] = [];
  #batchBytes = 0;
  #sending: Promise<void> = Promise.resolve();
  #bytesRead = 0;

  constructor(options: ImporterOptions) {
    this.#options = options;
  }

  async read(file: string, chunks: AsyncIterable<Uint8Array>, reader: ImportReader): Promise<void> {
    for await (const chunk of chunks) {
      await this.#take(file, reader.push(chunk));
      this.#bytesRead += chunk.length;
      this.#options.onProgress(this.counts, this.#bytesRead);
    }
    await this.#take(file, reader.end());
    await this.#send(file);
    await this.#sending;
    this.#options.onProgress(this.counts, this.#bytesRead);
  }

  async #take(file: string, items: readonly ImportItem[]): Promise<void> {
    for (const item of items) {
      if ('fault' in item) {
        await this.#invalid(file, item.line, item.fault, item.group ?? null, null);
        continue;
      }
      const siteId = this.#options.siteOf(item);
      if (siteId === null) {
        await this.#invalid(file, item.line, 'site-missing', null, item.keyId);
        continue;
      }
      this.#batch.push({
        line: item.line,
        commitment: commitmentOf(nodePlatform, item.keyId, item.key),
        request: requestOf(item, siteId),
      });
      this.#batchBytes += 1_000 + 3 * item.computerName.length + 2 * (item.keyPackage?.reveal().length ?? 0);
      this.#batchBytes += 4 * item.users.join().length;
      if (this.#batch.length === limits.importKeysMax || this.#batchBytes > BATCH_BYTES_MAX)
        await this.#send(file);
    }
  }

  async #send(file: string): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    if (batch.length === 0) return;
    await this.#sending;
    this.#sending = this.#post(batch).then((results) => this.#count(file, batch, results));
    // It is awaited before the next batch, and a rejection must not be unhandled until then.
    this.#sending.catch(() => undefined);
  }

  async #post(batch: readonly Waiting[]): Promise<readonly ImportResult[]> {
    const { node, source, dryRun } = this.#options;
    const client = node.client(ANSWER_MS_MAX);
    const body = { source, dryRun, keys: batch.map(({ request }) => request) };
    const deadline = Date.now() + AWAY_MS_MAX;
    for (let pause = 250; ; pause = Math.min(2 * pause, RETRY_MS_MAX)) {
      try {
        const call = client.POST('/v1/admin/imports', { body });
        const { results } = await node.answer(call, importAnswer);
        if (results.length !== batch.length) throw new Error('a node answered for another number of keys');
        return results;
      } catch (error) {
        if (!isPassing(error) || Date.now() > deadline) throw error;
        await nodePlatform.sleep(pause);
      }
    }
  }

  async #count(file: string, batch: readonly Waiting[], results: readonly ImportResult[]): Promise<void> {
    for (const [index, { line, commitment, request }] of batch.entries()) {
      const result = results[index];
      if (!result) continue;
      if (result.outcome === 'invalid') {
        await this.#invalid(file, line, result.fault ?? 'refused', result.group, request.keyId);
        continue;
      }
      const before = this.#options.dryRun ? this.#seen.meet(request.keyId, commitment) : 'new';
      this.counts.records += 1;
      if (result.outcome === 'conflict' || before === 'other') {
        this.counts.conflicts += 1;
        const reason = 'other-password-first';
        await this.#options.onDetail({
          ...{ file, line, outcome: 'conflict', reason, group: null, keyId: request.keyId },
        });
      } else if (result.outcome === 'already-there' || before === 'same') this.counts.alreadyThere += 1;
      else this.counts.accepted += 1;
    }
  }

  async #invalid(
    file: string,
    line: number,
    reason: ImportFaultCode,
    group: number | null,
    keyId: string | null,
  ): Promise<void> {
    this.counts.records += 1;
    this.counts.invalid += 1;
    await this.#options.onDetail({ file, line, outcome: 'invalid', reason, group, keyId });
  }
}

function requestOf(key: ImportedKey, siteId: string): ImportKey {
  const { keyId, recoveryPassword, computerName, domain, volumeId, volumeType, createdAt, users } = key;
  return {
    ...{ keyId, recoveryPassword: recoveryPassword.reveal(), siteId, computerName, domain, volumeType },
    ...(users.length === 0 ? {} : { users: [...users] }),
    ...(volumeId === null ? {} : { volumeId }),
    ...(createdAt === null ? {} : { createdAt }),
    ...(key.disclosed ? { disclosed: true } : {}),
    ...(key.keyPackage ? { keyPackage: Buffer.from(key.keyPackage.reveal()).toString('base64') } : {}),
  };
}

/** The node is away, busy, or its storage is: it may be back in a moment. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof CliError)) return false;
  return error.exitCode === EXIT_UNREACHABLE || [408, 429, 503].includes(Number(error.document['status']));
}
