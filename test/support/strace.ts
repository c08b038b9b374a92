/**
 * Watches a process's system calls with strace, and judges from them whether each answer of 2xx to a write left after
 * the transaction that it acknowledges was on disk (I1). A SIGKILL cannot tell, for the page cache outlives it.
 *
 *     read(socket, "PUT /v1/…")        the request, known by its connection
 *     pwrite64(recovery.db-wal, …)     a page with the marker that this request carries
 *     fdatasync(recovery.db-wal) = 0   from here on it is durable
 *     writev(socket, "HTTP/1.1 201")   and only now may this leave
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const CALLS =
  'read,readv,recvfrom,recvmsg,write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync,sync_file_range';
/** A request's whole body and a database page fit. */
const STRING_BYTES_MAX = 8_192;

/** One finished system call. `begun` and `ended` are places in the trace, so that calls of several threads compare. */
export interface Call {
  readonly name: string;
  /** path or socket of its first argument */
  readonly on: string;
  readonly data: Buffer;
  readonly result: number;
  readonly begun: number;
  readonly ended: number;
}

/** Null, or why strace cannot be used here. */
export async function whyNoStrace(): Promise<string | null> {
  try {
    await promisify(execFile)('strace', ['-o', '/dev/null', 'true']);
    return null;
  } catch {
    return 'strace is not installed, or may not trace here';
  }
}

export class Trace {
  readonly #file: string;
  readonly #strace: ChildProcess;

  private constructor(file: string, strace: ChildProcess) {
    this.#file = file;
    this.#strace = strace;
  }

  /** Resolves once the process and all its threads are watched. */
  static async attach(pid: number, file: string): Promise<Trace> {
    const options = ['-f', '-yy', '-xx', '-s', String(STRING_BYTES_MAX), '-e', `trace=${CALLS}`, '-o', file];
    const strace = spawn('strace', [...options, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      let said = '';
      strace.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
        if (said.includes('attached')) resolve();
      });
      strace.once('error', reject);
      strace.once('exit', () => {
        reject(new Error(`strace ended: ${said}`));
      });
    });
    return new Trace(file, strace);
  }

  /** Stops watching and returns what was seen. */
  async detach(): Promise<Call[]> {
    const ended = new Promise((resolve) => this.#strace.once('exit', resolve));
    this.#strace.kill('SIGINT');
    await ended;
    return parseTrace(await readFile(this.#file, 'latin1'));
  }
}

/** Reads strace's lines; a call that other threads interrupted is put together again. */
export function parseTrace(text: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, { text: string; begun: number }>();
  for (const [place, line] of text.split('\n').entries()) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const begins = /^(.*) <unfinished \.\.\.>$/.exec(rest);
    if (begins) {
      unfinished.set(thread, { text: begins[1] ?? '', begun: place });
      continue;
    }
    const resumes = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const first = resumes ? unfinished.get(thread) : undefined;
    const call = parseCall(first ? first.text + (resumes?.[1] ?? '') : rest, first?.begun ?? place, place);
    if (call) calls.push(call);
  }
  return calls;
}

function parseCall(text: string, begun: number, ended: number): Call | null {
  const [, name, on, args, result] = /^(\w+)\(\d+<(.*?)>(?:, |\))(.*?)\s*= (-?\d+)/s.exec(text) ?? [];
  if (name === undefined || on === undefined || result === undefined) return null;
  const hex = [...(args ?? '').matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, bytes = '']) => bytes);
  const data = Buffer.from(hex.join('').replaceAll('\\x', ''), 'hex');
  return { name, on: unescapeHex(on), data, result: Number(result), begun, ended };
}

/** With -xx, strace writes paths in hex as well. */
function unescapeHex(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

const SYNCS = ['fsync', 'fdatasync'];
const WRITES = ['write', 'writev', 'pwrite64', 'pwritev'];
const SENDS = ['write', 'writev', 'sendto', 'sendmsg'];
const RECEIVES = ['read', 'readv', 'recvfrom', 'recvmsg'];

export interface Answered {
  /** the request's first line */
  readonly request: string;
  readonly body: string;
  readonly status: number;
  /** what was sent by the call that began the answer */
  readonly answer: string;
  /** database writes since the request came in that were on disk before the answer began to leave */
  readonly synced: readonly Buffer[];
  /** those that were not, as "call path" */
  readonly unsynced: readonly string[];
}

/** Every request to the process that was answered, with what had reached the disk by then. */
export function answered(calls: readonly Call[], isDatabase: (path: string) => boolean): Answered[] {
  const writes = databaseWrites(calls, isDatabase);
  const open = new Map<string, { text: string; begun: number }>();
  const found: Answered[] = [];
  for (const { name, on, data, begun, result } of calls) {
    if (!on.startsWith('TCP') || result <= 0) continue;
    const text = data.toString('latin1');
    if (RECEIVES.includes(name)) {
      const known = open.get(on);
      open.set(on, known ? { ...known, text: known.text + text } : { text, begun });
      continue;
    }
    const status = SENDS.includes(name) ? /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] : undefined;
    const request = open.get(on);
    if (status === undefined || !request) continue;
    open.delete(on);
    const [head = '', ...body] = request.text.split('\r\n\r\n');
    const since = writes.filter(({ call }) => call.begun >= request.begun && call.begun < begun);
    found.push({
      request: head.split('\r\n')[0] ?? '',
      body: body.join('\r\n\r\n'),
      status: Number(status),
      answer: text,
      synced: since.filter(({ durableAt }) => durableAt < begun).map(({ call }) => call.data),
      unsynced: since
        .filter(({ durableAt }) => durableAt >= begun)
        .map(({ call }) => `${call.name} ${call.on}`),
    });
  }
  return found;
}

/** Writes to databases, each with the place at which a sync of its file had ended that had begun after it. */
function databaseWrites(
  calls: readonly Call[],
  isDatabase: (path: string) => boolean,
): { call: Call; durableAt: number }[] {
  const ofDatabases = calls.filter(({ on }) => isDatabase(on));
  const syncs = ofDatabases.filter(({ name, result }) => SYNCS.includes(name) && result === 0);
  return ofDatabases
    .filter(({ name }) => WRITES.includes(name))
    .map((call) => {
      const after = syncs.filter(({ on, begun }) => on === call.on && begun > call.ended);
      return { call, durableAt: Math.min(...after.map(({ ended }) => ended)) };
    });
}
