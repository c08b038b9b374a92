/** What every command has: words, output, and where the nodes and tokens are. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../local/processes.ts';
import { type LocalRole, type RunFile, readRunFile } from '../local/run-file.ts';
import type { Words } from '../words/words.ts';
import { NodeApi } from './api.ts';
import { usage } from './errors.ts';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly json?: true;
  readonly node?: string;
  readonly token?: string;
  readonly data?: string;
}

const TOKEN_BYTES_MAX = 4_096;

export class Context {
  readonly words: Words;
  readonly options: GlobalOptions;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #write: (text: string) => void;
  #run: Promise<RunFile | null> | null = null;

  constructor(
    words: Words,
    options: GlobalOptions,
    env: Readonly<Record<string, string | undefined>>,
    write: (text: string) => void,
  ) {
    this.words = words;
    this.options = options;
    this.#env = env;
    this.#write = write;
  }

  /** for the commands that work on a centre's files, and read its settings as it does */
  get environment(): Readonly<Record<string, string | undefined>> {
    return this.#env;
  }

  get json(): boolean {
    return this.options.json === true;
  }

  /** The one answer of a command: its data as JSON, or its text for people. */
  answer(data: unknown, text: string): void {
    this.#write(this.json ? `${JSON.stringify(data, null, 2)}\n` : `${text}\n`);
  }

  raw(text: string): void {
    this.#write(text);
  }

  /** The local installation, or null when none is running here. */
  run(): Promise<RunFile | null> {
    this.#run ??= this.#findRun();
    return this.#run;
  }

  async requireRun(): Promise<RunFile> {
    const run = await this.run();
    if (run) return run;
    throw usage(this.words.cli.noInstallation(this.folders()[0] ?? ''), this.words.cli.startOne);
  }

  /** The node that was named, by URL or by its name in the local installation; `otherwise` chooses when none was. */
  async node(role: LocalRole | null, otherwise: (run: RunFile) => string): Promise<NodeApi> {
    const named = this.options.node ?? this.#env['HOLDFAST_NODE'];
    const run = await this.run();
    if (named === undefined || named === '') {
      if (!run) throw usage(this.words.cli.whichNode(this.folders()[0] ?? ''), this.words.cli.startOneOrName);
      return this.api(otherwise(run), role, run);
    }
    const local = run && [run.centre, ...run.edges].find(({ name, url }) => name === named || url === named);
    return this.api(local?.url ?? named, role, local ? run : null);
  }

  centre(role: LocalRole = 'administrator'): Promise<NodeApi> {
    return this.node(role, (run) => run.centre.url);
  }

  /** `run` is null for a node that is not of the local installation: its tokens are for no one else. */
  api(url: string, role: LocalRole | null, run: RunFile | null): NodeApi {
    return new NodeApi(url, role === null ? null : this.#token(role, run), this.words);
  }

  #token(role: LocalRole, run: RunFile | null): string {
    const given = this.options.token ?? this.#env['HOLDFAST_TOKEN'];
    const token = given === undefined || given === '' ? run?.tokens[role] : this.#readToken(given);
    if (token === undefined) throw usage(this.words.cli.tokenMissing, this.words.cli.howToGiveToken);
    return token;
  }

  /** `-` is standard input and `@FILE` a file, so that no token need stand among a process's arguments. */
  #readToken(given: string): string {
    if (given !== '-' && !given.startsWith('@')) return given;
    let text: string;
    try {
      text = readFileSync(given === '-' ? 0 : given.slice(1), 'utf8').slice(0, TOKEN_BYTES_MAX);
    } catch {
      throw usage(this.words.cli.tokenUnreadable(given === '-' ? '-' : given.slice(1)));
    }
    return text.trim();
  }

  async #findRun(): Promise<RunFile | null> {
    for (const folder of this.folders()) {
      const run = await readRunFile(folder);
      if (run) return run;
    }
    return null;
  }

  /** where a local installation may be */
  folders(): string[] {
    const named = this.options.data ?? this.#env['HOLDFAST_DATA'];
    if (named !== undefined && named !== '') return [path.resolve(named)];
    return [...new Set([path.resolve('data'), path.join(packageRoot(), 'data')])];
  }
}
