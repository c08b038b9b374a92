/** A certified node that does not behave: it speaks the protocol between nodes, and each message can be spoilt. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { nodePlatform } from '../../central/platform.ts';
import { PROTOCOL_HEADER, SYNC_MEDIA_TYPE } from '../../shared/replication/protocol.ts';
import { randomName } from '../../shared/platform.ts';
import type { TestIdentity } from '../support/organisation.ts';
import { type Answer, type Message, jsonOf, send } from './http.ts';

export function syncMessage(path: string, message: unknown, session: string | null = null): Message {
  return {
    ...{ method: 'POST', path: `/v1/sync/${path}`, body: gzipSync(JSON.stringify(message)) },
    headers: {
      'Content-Type': SYNC_MEDIA_TYPE,
      [PROTOCOL_HEADER]: '1',
      ...(session === null ? {} : { Authorization: `Bearer ${session}` }),
    },
  };
}

/** An answer between nodes; its bytes are gzip unless it is a problem. */
export function unpacked(answer: Answer): unknown {
  if (answer.headers['content-type'] !== SYNC_MEDIA_TYPE) return jsonOf(answer);
  return JSON.parse(gunzipSync(answer.body).toString('utf8')) as unknown;
}

const challenge = z.object({ nonce: z.string(), nodeId: z.string() });

export async function challengeOf(base: string): Promise<z.infer<typeof challenge>> {
  return challenge.parse(unpacked(await send(base, syncMessage('challenge', {}))));
}

/** A request for a session; `change` may make its proof or its certificate a bad one. */
export async function sessionMessage(
  base: string,
  identity: TestIdentity,
  change: {
    certificate?: string;
    nonce?: string;
    audience?: string;
    signer?: TestIdentity['signer'];
    type?: 'holdfast-head';
  } = {},
): Promise<Message> {
  const { nonce, nodeId } = await challengeOf(base);
  const proof = await (change.signer ?? identity.signer).sign(change.type ?? 'holdfast-challenge', {
    nonce: change.nonce ?? nonce,
    audience: change.audience ?? nodeId,
  });
  const certificate = change.certificate ?? identity.certificateJws;
  return syncMessage('session', { certificate, proof, nonce: randomName(nodePlatform, 32) });
}

export async function openSession(base: string, identity: TestIdentity): Promise<string> {
  const answer = await send(base, await sessionMessage(base, identity));
  return z.object({ session: z.string() }).parse(unpacked(answer)).session;
}

export const NOTHING_HELD = { recovery: {}, compliance: {} };

export function pullBody(change: object = {}): Record<string, unknown> {
  const without = { recovery: [], compliance: [] };
  return { vectors: NOTHING_HELD, without, entriesMax: 10, waitMs: 0, ...change };
}
