/** The asking side of replication, with a peer that proves who it is and then answers anything. */
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { z } from 'zod';
import { LibsqlEngine } from '../../../central/libsql-engine.ts';
import { nodePlatform } from '../../../central/platform.ts';
import { migrations } from '../../../migrations/index.ts';
import { STORES } from '../../../shared/journal/entry.ts';
import { type HoldfastNode, openNode } from '../../../shared/node.ts';
import { RefusedError, UnreachableError } from '../../../shared/replication/client.ts';
import { SYNC_MEDIA_TYPE } from '../../../shared/replication/protocol.ts';
import { centreDrafts } from '../../support/drafts.ts';
import { fixedNode } from '../fixtures.ts';
import { entryOf, genesisOf, signedLog } from '../sync-peer.ts';
import { type Target, jsonOf, must, textOf } from '../target.ts';

const CASES_PER_NODE = 1_500;

const answerOf = z.object({ status: z.number(), type: z.string(), message: z.unknown() });
const recipe = z.looseObject({
  pull: answerOf.partial().optional(),
  push: answerOf.partial().optional(),
  hashes: answerOf.partial().optional(),
  session: z.unknown().optional(),
  challenge: z.unknown().optional(),
  log: z
    .object({
      store: z.enum(STORES),
      entries: z.array(z.object({ kind: z.string(), body: z.string(), hlc: z.number() })).max(6),
    })
    .optional(),
});

const EMPTY = {
  recovery: [],
  compliance: [],
  more: false,
  vectors: { recovery: {}, compliance: {} },
  freshness: [],
  tips: [],
};

export const target: Target = {
  name: 'sync-client',
  holds:
    'whatever a peer answers, an exchange ends well or as refused or unreachable, which the driver knows how to go on from; only what a certified node signed is taken in; the node goes on writing',
  inputs: fc
    .record(
      {
        pull: fc.record(
          {
            message: fc.oneof(
              fc.constant(EMPTY),
              fc.record({
                ...Object.fromEntries(
                  Object.entries(EMPTY).map(([name, value]) => [
                    name,
                    fc.oneof(
                      { weight: 5, arbitrary: fc.constant(value as unknown) },
                      { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
                    ),
                  ]),
                ),
                recovery: fc.constantFrom<unknown>(['log'], [], ['log', 7]),
              }),
            ),
            status: fc.constantFrom(200, 200, 200, 401, 500, 404),
          },
          { requiredKeys: ['message'] },
        ),
        push: fc.record({
          message: fc.oneof(fc.constant({ outcomes: [], held: {} }), fc.jsonValue({ maxDepth: 2 })),
          status: fc.constantFrom(200, 409, 422, 503, 403),
        }),
        hashes: fc.record({ message: fc.jsonValue({ maxDepth: 2 }), status: fc.constantFrom(200, 400) }),
        log: fc.record({
          store: fc.constantFrom(...STORES),
          entries: fc.array(
            centreDrafts.recovery.map(({ kind, body }) => ({ kind, body: JSON.stringify(body), hlc: 5 })),
            { maxLength: 3 },
          ),
        }),
      },
      { requiredKeys: ['pull'] },
    )
    .map((value) => JSON.stringify(value)),
  words: [
    '"log"',
    '"status":200',
    '"status":409',
    '"more":true',
    '"tips"',
    '"outcome":"fork"',
    '"type":"text/html"',
    'OWN',
  ],
  bytesMax: 8_000,
  async open() {
    const centre = await fixedNode('centreaaaa', 'centre');
    let current: { readonly of: z.infer<typeof recipe>; readonly text: (message: unknown) => string } | null =
      null;
    let raw: Uint8Array<ArrayBuffer> | null = null;
    let asks = 0;
    const edge = await fixedNode('edgeaaaaaa', 'edge');

    const reply = (
      message: string | Uint8Array<ArrayBuffer>,
      {
        status = 200,
        type = SYNC_MEDIA_TYPE,
      }: { status?: number | undefined; type?: string | undefined } = {},
    ): Response => {
      const body =
        typeof message === 'string' && type === SYNC_MEDIA_TYPE ? new Uint8Array(gzipSync(message)) : message;
      const sendable = Number.isInteger(status) && status >= 200 && status <= 599 ? status : 200;
      const headers = new Headers();
      try {
        headers.set('Content-Type', type);
      } catch {
        headers.set('Content-Type', 'text/plain');
      }
      return new Response([204, 205, 304].includes(sendable) ? null : body, { status: sendable, headers });
    };
    const fetch = async (path: string, init: RequestInit): Promise<Response> => {
      if ((asks += 1) > 60) throw new TypeError('the peer is away');
      const { of, text } = current ?? { of: null, text: String };
      if (path.endsWith('/challenge'))
        return reply(JSON.stringify(of?.challenge ?? { nonce: 'n'.repeat(32), nodeId: 'centreaaaa' }));
      if (path.endsWith('/session')) {
        if (of?.session !== undefined) return reply(text(of.session));
        const { nonce } = z
          .object({ nonce: z.string() })
          .parse(JSON.parse(gunzipSync(init.body as Uint8Array).toString()));
        const proof = await centre.signer.sign('holdfast-challenge', { nonce, audience: 'edgeaaaaaa' });
        return reply(
          JSON.stringify({
            session: 's'.repeat(40),
            expiresInMs: 0,
            certificate: centre.certificateJws,
            proof,
            program: '0.1.0',
          }),
        );
      }
      if (raw) return reply(raw);
      const answer = path.endsWith('/pull') ? of?.pull : path.endsWith('/push') ? of?.push : of?.hashes;
      return reply(text(answer?.message ?? EMPTY), answer);
    };

    const open = async () => {
      const engine = await LibsqlEngine.open({
        recovery: { url: ':memory:' },
        compliance: { url: ':memory:' },
      });
      const node = await openNode({
        ...{
          engine,
          migrations,
          peers: [{ name: 'centre', fetch }],
          platform: nodePlatform,
          sliceEntries: 50,
          version: '0.1.0',
          bootstrapTokenHash: null,
        },
        identity: edge.file,
        log: () => undefined,
      });
      await write(node, 0);
      return { engine, node };
    };
    let stage = await open();
    let cases = 0;

    return {
      seeds: [
        { pull: { message: EMPTY } },
        {
          pull: { message: { ...EMPTY, recovery: ['log'] } },
          log: { store: 'recovery', entries: [{ kind: 'unknown', body: '{}', hlc: 3 }] },
          push: { status: 409, message: { outcomes: [{ origin: 'OWN', outcome: 'fork' }], held: {} } },
        },
        {
          pull: {
            message: { ...EMPTY, tips: [{ store: 'recovery', origin: 'OWN', seq: 1, hash: 'h'.repeat(43) }] },
          },
          hashes: { message: { hashes: [null] } },
        },
        {
          pull: { message: { ...EMPTY, more: true, vectors: { recovery: { OWN: 9 }, compliance: {} } } },
          push: { message: { outcomes: [], held: { OWN: 99 } } },
        },
        {
          pull: { status: 400, message: { type: 'urn:holdfast:problem:protocol-unsupported', spoken: [2] } },
          session: { session: 'x' },
        },
      ].map((one) => JSON.stringify(one)),
      async run(input) {
        if ((cases += 1) % CASES_PER_NODE === 0) {
          await stage.node.stop();
          stage.engine.close();
          stage = await open();
        }
        const { node } = stage;
        const parsed = recipe.safeParse(jsonOf(input));
        raw = parsed.success ? null : input;
        const of: z.infer<typeof recipe> = parsed.success
          ? parsed.data
          : { session: undefined, challenge: undefined };
        const log = of.log
          ? await signedLog(centre, of.log.store, 'ccccccccccccc', [
              genesisOf(centre),
              ...of.log.entries.map(({ kind, body, hlc }) => entryOf(kind, body, hlc)),
            ])
          : null;
        const text = (message: unknown) =>
          JSON.stringify(message)
            .replaceAll('"log"', () => JSON.stringify(log ?? {}))
            .replaceAll('OWN', node.ledger.self);
        current = { of, text };
        asks = 0;
        const before = new Set(STORES.flatMap((store) => [...node.ledger.origins(store).keys()]));
        const [link] = node.links;
        must(link !== undefined, 'there is a peer');
        try {
          await link.client.exchange(true, new AbortController().signal);
        } catch (error) {
          const why = error instanceof Error ? error : new Error(textOf(input));
          must(
            why instanceof RefusedError || why instanceof UnreachableError,
            `an exchange fails otherwise: ${why.name} ${/\n\s+at (\S+)/.exec(why.stack ?? '')?.[1] ?? ''}`,
          );
        }
        const own = node.ledger.self.slice(0, 10);
        for (const store of STORES)
          for (const origin of node.ledger.origins(store).keys())
            must(
              before.has(origin) || origin.startsWith(own) || origin === 'centreaaaa.ccccccccccccc',
              'a log is taken in that nobody signed',
            );
        if (cases % 50 === 0) await write(node, cases);
      },
      close: async () => {
        await stage.node.stop();
        stage.engine.close();
      },
    };
  },
};

async function write(node: HoldfastNode, at: number): Promise<void> {
  const [draft] = fc.sample(centreDrafts.compliance, { numRuns: 1, seed: at });
  if (draft) await node.ledger.append('compliance', [draft]);
}
