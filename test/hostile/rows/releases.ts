/** What edges are to run: what is no signed release; and what only the box itself may ask its edge. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type ReleaseManifest, signRelease } from '../../../shared/release/manifest.ts';
import { type PrivateJwk, makeSigner } from '../../../shared/trust/jws.ts';
import { makePrivateKey } from '../../support/organisation.ts';
import { administrator } from '../endpoints.ts';
import type { Message } from '../http.ts';
import { openSession, pullBody, syncMessage } from '../peer.ts';
import { type Case, type Row, withHeaders } from '../row.ts';
import { certified } from './sync.ts';

const MANIFEST: ReleaseManifest = {
  ...{ format: 1, name: 'holdfast', version: '9.0.0', protocols: [1], projection: 1, centre: null },
  migrations: { recovery: [], compliance: [] },
  edge: { file: 'holdfast-edge.tar.gz', bytes: 1, sha256: '0'.repeat(64) },
};

/** For an edge that there is not, so that no other row meets it. */
async function staging(
  of: Case,
  by: PrivateJwk,
  change: Partial<ReleaseManifest>,
  type?: 'head',
): Promise<Message> {
  const signer = await makeSigner(by);
  const manifest =
    type === undefined
      ? await signRelease(signer, { ...MANIFEST, ...change })
      : await signer.sign('holdfast-head', { ...MANIFEST, ...change });
  const target = { regionId: null, nodeName: 'edge-nowhere', notBefore: null, withdrawn: false };
  return administrator(of, 'PUT', `/v1/admin/config/release/x-${randomBytes(4).toString('hex')}`, {
    ...{ revision: 0, body: { ...target, manifest } },
  });
}

function release(name: string, hostile: (of: Case, own: PrivateJwk) => Promise<Message>): Row {
  return {
    ...{ name: `release: ${name}`, refused: [422, 'release-invalid'], at: ['centre'] },
    ...{ accepted: 200, wrote: { 'recovery:config': 1 } },
    make: (of) => {
      const own = of.stage.organisation.privateKey;
      return { hostile: () => hostile(of, own), twin: () => staging(of, own, {}) };
    },
  };
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const ASKED: Message = { method: 'GET', path: '/v1/box/release', headers: {} };
const outcome = (body: object): Message => ({
  ...{ method: 'POST', path: '/v1/box/outcome', headers: JSON_TYPE, body: JSON.stringify(body) },
});

function box(name: string, refused: Row['refused'], hostile: Message, twin = ASKED): Row {
  return {
    ...{ name: `box: ${name}`, refused, at: ['edge'], accepted: 200 },
    ...(twin === ASKED ? { gives: z.object({ running: z.string(), due: z.literal(false) }) } : {}),
    make: () => ({ hostile: () => hostile, twin: () => twin }),
  };
}

function archive(name: string, refused: Row['refused'], body: object): Row {
  return {
    ...{ name: `sync release: ${name}`, refused, at: ['centre'], accepted: 200 },
    make: async (of) => {
      const token = await openSession(of.base, await certified(of));
      return {
        hostile: () => syncMessage('release', body, token),
        twin: () => syncMessage('pull', pullBody(), token),
      };
    },
  };
}

const fine = outcome({ version: '9.0.0', ready: true });

export const releaseRows: readonly Row[] = [
  release('signed by another organisation', async (of) => staging(of, await makePrivateKey(), {})),
  release('signed as something else', (of, own) => staging(of, own, {}, 'head')),
  release('with nothing for an edge', (of, own) => staging(of, own, { edge: null })),
  box('asked from farther away', [404, 'not-found'], withHeaders(ASKED, { 'X-Forwarded-For': '192.0.2.1' })),
  box('asked through a terminator', [404, 'not-found'], withHeaders(ASKED, { 'X-Forwarded-Proto': 'https' })),
  box('a piece of what nobody staged', [404, 'not-found'], {
    ...ASKED,
    path: '/v1/box/release/file?offset=0',
  }),
  box('a piece from nowhere', [400, 'invalid-request'], { ...ASKED, path: '/v1/box/release/file?offset=-1' }),
  box('a piece without its place', [400, 'invalid-request'], { ...ASKED, path: '/v1/box/release/file' }),
  box('the outcome of no version', [400, 'invalid-request'], outcome({ version: '1', ready: true }), fine),
  box('an outcome that is neither', [400, 'invalid-request'], outcome({ version: '9.0.0', ready: 1 }), fine),
  box(
    'the outcome from farther away',
    [404, 'not-found'],
    withHeaders(fine, { Forwarded: 'for=192.0.2.1' }),
    fine,
  ),
  archive('of a path', [400, 'invalid-request'], { sha256: '../../identity.json', offset: 0 }),
  archive('from before its beginning', [400, 'invalid-request'], { sha256: '0'.repeat(64), offset: -1 }),
  archive('that nobody staged', [404, 'not-found'], { sha256: '0'.repeat(64), offset: 0 }),
];
