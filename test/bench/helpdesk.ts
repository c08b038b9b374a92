/** Somebody at the helpdesk who searches and discloses all the time, to see how long people wait. */
import { type Wire, type WireResponse, keepAliveWire } from '../../central/fleet/wire.ts';
import { CALLER_VERIFICATIONS, DISCLOSURE_REASONS } from '../../shared/domain/vocabulary.ts';
import { type Figure, ascending, percentile } from './figures.ts';

const PAUSE_MS = 15;
const DISCLOSED_BECAUSE: (typeof DISCLOSURE_REASONS)[number] = DISCLOSURE_REASONS[0];
const VERIFIED_BY: (typeof CALLER_VERIFICATIONS)[number] = CALLER_VERIFICATIONS[0];

export class HelpdeskProbe {
  readonly #wire: Wire = keepAliveWire(1);
  readonly #node: string;
  readonly #token: string;
  readonly #keyIds: readonly string[];
  readonly #searchesMs: number[] = [];
  readonly #disclosuresMs: number[] = [];
  #going = true;
  readonly #done: Promise<void>;

  /** Begins at once; `keyIds` that the node does not hold yet are not counted. */
  constructor(node: string, token: string, keyIds: readonly string[]) {
    this.#node = node;
    this.#token = token;
    this.#keyIds = keyIds;
    this.#done = this.#run();
    this.#done.catch(() => undefined); // `stop` throws it.
  }

  /** Ends it; the figures of what was asked meanwhile. */
  async stop(during: string, laterAim = true): Promise<Figure[]> {
    this.#going = false;
    await this.#done;
    this.#wire.close();
    const of = (what: string, values: readonly number[]): Figure[] =>
      [0.5, 0.99].map((share) => ({
        bench: 'helpdesk',
        name: `${what} p${share * 100} during ${during} (${values.length} asked)`,
        value: percentile(ascending(values), share),
        unit: 'ms',
        ...(share === 0.99 && what === 'disclosure'
          ? { aim: { atMost: 25 }, ...(laterAim ? { laterAim: { atMost: 10 } } : {}) }
          : {}),
      }));
    return [...of('disclosure', this.#disclosuresMs), ...of('search', this.#searchesMs)];
  }

  async #run(): Promise<void> {
    for (let at = 0; this.#going; at += 1) {
      const keyId = this.#keyIds[at % this.#keyIds.length] ?? '';
      const found = await this.#timed('/v1/recovery/search', { keyId: keyId.slice(0, 8) });
      if (found?.status === 200 && found.body.includes(keyId)) {
        this.#searchesMs.push(found.ms);
        const given = await this.#timed('/v1/recovery/disclosures', {
          keyId,
          reason: DISCLOSED_BECAUSE,
          verification: VERIFIED_BY,
        });
        if (given?.status === 201) this.#disclosuresMs.push(given.ms);
        else throw new Error(`a disclosure was answered with ${String(given?.status)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async #timed(path: string, body: object): Promise<(WireResponse & { ms: number }) | null> {
    const sent = performance.now();
    try {
      const response = await this.#wire.send({
        method: 'POST',
        url: `${this.#node}${path}`,
        headers: { Authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { ...response, ms: performance.now() - sent };
    } catch {
      return null; // The node is not up yet.
    }
  }
}
