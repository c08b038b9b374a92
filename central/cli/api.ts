/** A node's HTTP API from the command line: answers that fit their schema, or a CliError with the right exit code. */
import { z } from 'zod';
import { type HoldfastClient, createHoldfastClient } from '../client/client.ts';
import type { Words } from '../words/words.ts';
import { CliError, EXIT_REFUSED, EXIT_UNREACHABLE, usage } from './errors.ts';
import { parseJson } from '../../shared/parse-json.ts';

const ANSWER_MS_MAX = 15_000;
/** Comparing walks every log of a node. */
export const LONG_ANSWER_MS_MAX = 300_000;

const problem = z.looseObject({
  type: z.string().optional(),
  title: z.string(),
  status: z.number().optional(),
});
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export class NodeApi {
  readonly url: string;
  readonly #token: string | null;
  readonly #words: Words;

  /** Throws a usage error when `url` is none, or would carry secrets over a line in the clear. */
  constructor(url: string, token: string | null, words: Words) {
    const parsed = URL.canParse(url) ? new URL(url) : null;
    if (!parsed || !/^https?:$/.test(parsed.protocol)) throw usage(words.cli.notAUrl(url.slice(0, 80)));
    if (parsed.protocol === 'http:' && !LOOPBACK.test(parsed.hostname))
      throw usage(words.cli.plainHttp, words.cli.useHttps);
    this.url = parsed.origin;
    this.#token = token;
    this.#words = words;
  }

  /** The typed client, for `answer`; a long answer is given `msMax`. */
  client(msMax = ANSWER_MS_MAX): HoldfastClient {
    const language = this.#words.language === 'es' ? 'es' : 'en';
    return createHoldfastClient({ url: this.url, token: this.#token, language, answerMsMax: msMax });
  }

  /** What a call of the client was answered, held against its schema: what answers need not be a node. */
  async answer<S extends z.ZodType>(
    call: Promise<{ readonly data?: unknown; readonly error?: unknown }>,
    schema: S,
  ): Promise<z.infer<S>> {
    let given;
    try {
      given = await call;
    } catch (error) {
      throw error instanceof SyntaxError ? this.#notANode() : this.#unreachable();
    }
    if (given.error !== undefined) throw this.#refusalOf(given.error);
    const parsed = schema.safeParse(given.data);
    if (!parsed.success) throw this.#notANode();
    return parsed.data;
  }

  get<S extends z.ZodType>(path: string, schema: S, msMax = ANSWER_MS_MAX): Promise<z.infer<S>> {
    return this.#json('GET', path, undefined, schema, msMax);
  }

  post<S extends z.ZodType>(
    path: string,
    body: object,
    schema: S,
    msMax = ANSWER_MS_MAX,
  ): Promise<z.infer<S>> {
    return this.#json('POST', path, body, schema, msMax);
  }

  put<S extends z.ZodType>(path: string, body: object, schema: S): Promise<z.infer<S>> {
    return this.#json('PUT', path, body, schema, ANSWER_MS_MAX);
  }

  /** Of `/readyz`, whose 503 is an answer as well. */
  async readiness<S extends z.ZodType>(schema: S): Promise<z.infer<S>> {
    const response = await this.send('GET', '/readyz');
    const text = await response.text();
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw response.ok ? this.#notANode() : this.#refusal(text);
  }

  async text(path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const response = await this.send('GET', path, undefined, headers);
    const text = await response.text();
    if (!response.ok) throw this.#refusal(text);
    return text;
  }

  /** What a response that is not JSON was refused for. */
  async refusal(response: Response): Promise<CliError> {
    return this.#refusal(await response.text());
  }

  async send(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
    msMax = ANSWER_MS_MAX,
  ): Promise<Response> {
    try {
      return await fetch(new URL(path, this.url), {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(msMax),
        headers: {
          Accept: 'application/json',
          'Accept-Language': this.#words.language,
          ...(this.#token === null ? {} : { Authorization: `Bearer ${this.#token}` }),
          ...(body ? { 'Content-Type': 'application/json' } : {}),
          ...headers,
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
    } catch {
      throw this.#unreachable();
    }
  }

  async #json<S extends z.ZodType>(
    method: string,
    path: string,
    body: object | undefined,
    schema: S,
    msMax: number,
  ): Promise<z.infer<S>> {
    const response = await this.send(method, path, body, {}, msMax);
    const text = await response.text();
    if (!response.ok) throw this.#refusal(text);
    const parsed = schema.safeParse(parseJson(text));
    if (!parsed.success) throw this.#notANode();
    return parsed.data;
  }

  #unreachable(): CliError {
    return new CliError(EXIT_UNREACHABLE, this.#words.cli.noAnswer(this.url), this.#words.cli.isItRunning);
  }

  #notANode(): CliError {
    return new CliError(EXIT_UNREACHABLE, this.#words.cli.notANode(this.url));
  }

  #refusal(text: string): CliError {
    return this.#refusalOf(parseJson(text));
  }

  #refusalOf(document: unknown): CliError {
    const parsed = problem.safeParse(document);
    if (!parsed.success) return this.#notANode();
    const { title, type } = parsed.data;
    const code = type?.split(':').at(-1) ?? '';
    return new CliError(EXIT_REFUSED, title, adviceOn(code, parsed.data, this.#words), parsed.data);
  }
}

function adviceOn(code: string, document: Readonly<Record<string, unknown>>, words: Words): string | null {
  const names = z.array(z.string()).safeParse(document['nodes'] ?? document['waitingFor']);
  const fields = z.array(z.object({ at: z.string() })).safeParse(document['fields']);
  const advice = words.cli.advice[code] ?? null;
  if (names.success && names.data.length > 0) return `${advice ?? ''} ${names.data.join(', ')}`.trim();
  if (fields.success) return words.cli.lookAt(fields.data.map(({ at }) => at.replace(/^body\./, '')));
  return advice;
}
