/** The serving side of replication, with a certified peer that sends anything. */
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { z } from 'zod';
import {
  PROTOCOL_HEADER,
  SYNC_MEDIA_TYPE,
  certificateAnswer,
  digestAnswer,
  hashesAnswer,
  pullAnswer,
  pushAnswer,
} from '../../../shared/replication/protocol.ts';
import { STORES, type Store } from '../../../shared/journal/entry.ts';
import { centreDrafts, edgeDrafts } from '../../support/drafts.ts';
import { fixedNode } from '../fixtures.ts';
import { type FuzzedNode, openFuzzedNode } from '../node.ts';
import { entryOf, genesisOf, signedLog } from '../sync-peer.ts';
import { type Target, jsonOf, must, textOf } from '../target.ts';

const PATHS = [
  'challenge',
  'session',
  'pull',
  'push',
  'hashes',
  'digests',
  'certificate',
  'release',
  'nothing',
] as const;
const ANSWERS: Readonly<Record<string, z.ZodType>> = {
  pull: pullAnswer,
  push: pushAnswer,
  hashes: hashesAnswer,
  digests: digestAnswer,
  certificate: certificateAnswer,
};
/** Refusals of a push that say what became of each segment, some of which may have been taken in. */
const WITH_OUTCOMES = [409, 422];
const CASES_PER_NODE = 1_500;

const recipe = z.looseObject({
  path: z.enum(PATHS),
  message: z.unknown(),
  /** a true log is made of these, signed, and put where the message says "log" */
  log: z
    .object({
      store: z.enum(STORES),
      incarnation: z.string().regex(/^[a-z2-7]{13}$/),
      entries: z.array(z.object({ kind: z.string(), body: z.string(), hlc: z.number() })).max(6),
    })
    .optional(),
  session: z.boolean().optional(),
  headers: z.record(z.string(), z.string()).optional(),
});

export const target: Target = {
  name: 'sync-server',
  holds:
    'no message of a peer is answered with a 5xx; an answer fits its schema; what is held never becomes less, and holds nothing that its node did not sign; what is refused leaves nothing',
  inputs: fc
    .record({
      path: fc.constantFrom(...PATHS),
      session: fc.boolean(),
      log: fc.record({
        store: fc.constantFrom(...STORES),
        incarnation: fc.constantFrom('aaaaaaaaaaaaa', 'bbbbbbbbbbbbb', 'ccccccccccccc'),
        entries: fc.array(
          fc
            .oneof(...STORES.map((store) => edgeDrafts[store]), centreDrafts.recovery)
            .map(({ kind, body }) => ({ kind, body: JSON.stringify(body), hlc: 5 })),
          { maxLength: 4 },
        ),
      }),
      message: fc.oneof(
        fc.record({
          store: fc.constantFrom<unknown>(...STORES),
          segments: fc.constantFrom<unknown>(['log'], ['log', 'log'], []),
        }),
        fc.record({
          vectors: fc.constantFrom<unknown>(
            { recovery: {}, compliance: {} },
            { recovery: { 'edgeaaaaab.aaaaaaaaaaaaa': 3 }, compliance: {} },
          ),
          without: fc.constant({ recovery: [], compliance: [] }),
          entriesMax: fc.integer({ min: 0, max: 1_001 }),
          waitMs: fc.constantFrom(0, 1, -1),
        }),
        fc.jsonValue({ maxDepth: 3 }),
      ),
    })
    .map((value) => JSON.stringify(value)),
  words: [
    ...PATHS,
    '"log"',
    'edgeaaaaab.aaaaaaaaaaaaa',
    'recovery',
    'compliance',
    'genesis',
    'escrow',
    '"waitMs":0',
    '"entriesMax":1',
  ],
  bytesMax: 12_000,
  async open() {
    const peer = await fixedNode('edgeaaaaab', 'edge');
    const unpack = async (answer: Response): Promise<unknown> => {
      const bytes = Buffer.from(await answer.arrayBuffer());
      const text =
        answer.headers.get('Content-Type') === SYNC_MEDIA_TYPE
          ? gunzipSync(bytes).toString()
          : bytes.toString();
      return JSON.parse(text);
    };
    const send = (
      stage: FuzzedNode,
      path: string,
      body: Uint8Array<ArrayBuffer>,
      headers: Record<string, string> = {},
    ) =>
      Promise.resolve(
        stage.app.fetch(
          new Request(`http://localhost/v1/sync/${path}`, {
            method: 'POST',
            headers: { 'Content-Type': SYNC_MEDIA_TYPE, [PROTOCOL_HEADER]: '1', ...headers },
            body,
          }),
        ),
      );
    const packed = (message: unknown) => new Uint8Array(gzipSync(JSON.stringify(message)));

    const stageWithSession = async () => {
      const stage = await openFuzzedNode('centre');
      const asked = z
        .object({ nonce: z.string(), nodeId: z.string() })
        .parse(await unpack(await send(stage, 'challenge', packed({}))));
      const proof = await peer.signer.sign('holdfast-challenge', {
        nonce: asked.nonce,
        audience: asked.nodeId,
      });
      const opened = await send(
        stage,
        'session',
        packed({ certificate: peer.certificateJws, proof, nonce: 'n'.repeat(32), program: '0.1.0' }),
      );
      const { session } = z.object({ session: z.string() }).parse(await unpack(opened));
      return { stage, session, signed: new Map<string, string>() };
    };
    let { stage, session, signed } = await stageWithSession();
    let cases = 0;

    const held = () =>
      new Map(
        STORES.flatMap((store) =>
          [...stage.node.ledger.origins(store)].map(
            ([origin, { seq, hash }]) => [`${store} ${origin}`, { seq, hash }] as const,
          ),
        ),
      );

    return {
      seeds: [
        {
          path: 'pull',
          session: true,
          message: {
            vectors: { recovery: {}, compliance: {} },
            without: { recovery: [], compliance: [] },
            entriesMax: 10,
            waitMs: 0,
          },
        },
        {
          path: 'push',
          session: true,
          message: { store: 'recovery', segments: ['log'] },
          log: {
            store: 'recovery',
            incarnation: 'aaaaaaaaaaaaa',
            entries: [{ kind: 'unknown', body: '{}', hlc: 2 }],
          },
        },
        {
          path: 'hashes',
          session: true,
          message: { store: 'recovery', origin: 'edgeaaaaab.aaaaaaaaaaaaa', seqs: [1, 2] },
        },
        {
          path: 'digests',
          session: true,
          message: {
            store: 'recovery',
            origin: 'edgeaaaaab.aaaaaaaaaaaaa',
            at: 2,
            from: 1,
            to: 2,
            detail: true,
          },
        },
        { path: 'certificate', session: true, message: { request: 'MIIBAAAA' } },
        {
          path: 'session',
          session: false,
          message: { certificate: peer.certificateJws, proof: 'a.b.c', nonce: 'n'.repeat(32) },
        },
      ].map((one) => JSON.stringify(one)),
      async run(input) {
        if ((cases += 1) % CASES_PER_NODE === 0) {
          await stage.close();
          ({ stage, session, signed } = await stageWithSession());
        }
        const parsed = recipe.safeParse(jsonOf(input));
        const of: z.infer<typeof recipe> = parsed.success
          ? parsed.data
          : { path: textOf(input).charCodeAt(0) % 2 === 0 ? 'push' : 'pull', session: true, message: null };
        if (of.path === 'pull' && Number((of.message as { waitMs?: unknown } | null)?.waitMs ?? 0) > 0)
          return;
        let text = JSON.stringify(of.message ?? null);
        const logs: string[] = [];
        if (of.log) {
          const log = await signedLog(peer, of.log.store, of.log.incarnation, [
            genesisOf(peer),
            ...of.log.entries.map(({ kind, body, hlc }) => entryOf(kind, body, hlc)),
          ]);
          text = text.replaceAll('"log"', () => JSON.stringify(log));
          const { seq, hash } = z
            .object({ seq: z.number(), hash: z.string() })
            .parse(JSON.parse(Buffer.from(log.head.split('.')[1] ?? '', 'base64url').toString()));
          logs.push(`${of.log.store} ${log.origin}`);
          signed.set(`${of.log.store} ${log.origin} ${seq} ${hash}`, '');
        }
        const body = parsed.success ? new Uint8Array(gzipSync(text)) : input;
        const before = held();
        let answer: Response;
        try {
          answer = await send(stage, of.path, body, {
            ...(of.session === false ? {} : { Authorization: `Bearer ${session}` }),
            ...(parsed.success ? parsed.data.headers : {}),
          });
        } catch (error) {
          if (error instanceof TypeError && parsed.success && parsed.data.headers) return;
          throw error;
        }
        const failure = stage.unexpected.shift();
        const place = of.path;
        must(failure === undefined, `${failure?.error ?? ''} ${failure?.stack[0]?.trim() ?? ''} at ${place}`);
        must(answer.status < 500, `${answer.status} at ${place}`);
        const value = await unpack(answer);
        const schema =
          answer.status === 200 || WITH_OUTCOMES.includes(answer.status) ? ANSWERS[place] : undefined;
        if (schema && (answer.status === 200 || 'outcomes' in (value as object)))
          must(schema.safeParse(value).success, `an answer does not fit its schema at ${place}`);
        const after = held();
        for (const [log, { seq, hash }] of before) {
          const now = after.get(log);
          must(
            now !== undefined && now.seq >= seq && (now.seq > seq || now.hash === hash),
            'what was held is less, or another',
          );
        }
        for (const [log, { seq, hash }] of after) {
          const was = before.get(log);
          if (was?.seq === seq || !log.includes(' edgeaaaaab.')) continue;
          must(signed.has(`${log} ${seq} ${hash}`), 'something is held that its node did not sign');
          must(
            answer.status === 200 || WITH_OUTCOMES.includes(answer.status),
            'a message that was refused is taken in',
          );
          must(
            logs.includes(log) || STORES.some((store: Store) => log.startsWith(store)),
            'another log than the message has',
          );
        }
        must(
          [...after.keys()].every((log) => before.has(log) || log.includes(' edgeaaaaab.')),
          'a log is begun that no message was of',
        );
      },
      close: () => stage.close(),
    };
  },
};
