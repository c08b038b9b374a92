/** What devices call: enrol, escrow, report. Every request proves the device's key. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { enrol } from '../../devices/enrolment.ts';
import * as messages from '../../devices/messages.ts';
import type { ProvenKey } from '../../devices/proof.ts';
import type { DeviceToken } from '../../devices/token.ts';
import type { HoldfastNode } from '../../node.ts';
import { type AppEnv, type Routes, dpopToken, hostOf } from '../context.ts';
import { jsonContent, jsonRequest, problems } from '../openapi.ts';
import { Problem } from '../problem.ts';

const PROOF_PROBLEMS = ['credentials-missing', 'use-dpop-nonce', 'proof-invalid', 'proof-replayed'] as const;
const DEVICE_PROBLEMS = [
  ...PROOF_PROBLEMS,
  'token-invalid',
  'device-revoked',
  'device-cloned',
  'overloaded',
  'storage-unavailable',
] as const;

const security = [{ deviceToken: [] }];

/** What no URL standard writes in another way. */
const PLAIN_PATH = /^[A-Za-z0-9/_-]+$/;

const enrolRoute = createRoute({
  method: 'post',
  path: '/v1/devices',
  summary: 'Enrol a device',
  description:
    'Needs a DPoP proof (RFC 9449) by the key the device will use, and the enrolment token of its site.',
  request: jsonRequest(messages.enrolRequest),
  responses: {
    201: { description: 'Enrolled', content: jsonContent(messages.enrolAnswer) },
    ...problems(
      ...PROOF_PROBLEMS,
      'site-token-invalid',
      'site-quota',
      'storage-full',
      'centre-unconfirmed',
      'overloaded',
      'storage-unavailable',
    ),
  },
});

const escrowRoute = createRoute({
  method: 'put',
  path: '/v1/recovery/keys/{keyId}',
  summary: 'Escrow a recovery password',
  description: 'Idempotent. Encrypt only with a valid receipt.',
  security,
  request: { params: z.object({ keyId: messages.anyGuid }), ...jsonRequest(messages.escrowRequest) },
  responses: {
    200: {
      description: 'Held already; a receipt for the first entry',
      content: jsonContent(messages.escrowAnswer),
    },
    201: { description: 'Durable on this node', content: jsonContent(messages.escrowAnswer) },
    ...problems(
      ...DEVICE_PROBLEMS,
      'recovery-password-invalid',
      'key-quota',
      'site-quota',
      'storage-full',
      'vaults-unknown',
    ),
  },
});

const statusRoute = createRoute({
  method: 'post',
  path: '/v1/compliance/status',
  summary: 'Report the state of a computer and its volumes',
  security,
  request: jsonRequest(messages.statusRequest),
  responses: {
    200: {
      description: 'Stored; what the device should do now',
      content: jsonContent(messages.statusAnswer),
    },
    ...problems(...DEVICE_PROBLEMS, 'storage-full'),
  },
});

export const deviceRoutes: Routes = (app, node) => {
  app.openAPIRegistry.registerComponent('securitySchemes', 'deviceToken', {
    ...{ type: 'http', scheme: 'dpop' },
    description:
      'What enrolment answered, as `Authorization: DPoP …`, with a fresh proof of the key in `DPoP`.',
  });
  app.openapi(enrolRoute, async (c) => {
    const key = await proven(node, c, null);
    node.confirmation.require();
    node.room.require('enrolment');
    const answer = await enrol({ ...node, platform: node.options.platform }, key, c.req.valid('json'));
    return c.json(answer, 201, nonceHeader(node));
  });
  app.openapi(escrowRoute, async (c) => {
    const device = await authenticate(node, c);
    node.room.require('escrow');
    const { created, ...answer } = await node.escrows.escrow(
      device,
      c.req.valid('param').keyId,
      c.req.valid('json'),
    );
    return c.json(answer, created ? 201 : 200, nonceHeader(node));
  });
  app.openapi(statusRoute, async (c) => {
    const device = await authenticate(node, c);
    node.room.require('status');
    return c.json(await node.statuses.report(device, c.req.valid('json')), 200, nonceHeader(node));
  });
};

function nonceHeader(node: HoldfastNode): Record<string, string> {
  return { 'DPoP-Nonce': node.proofs.nonce() };
}

function proven(node: HoldfastNode, c: Context<AppEnv>, tokenHash: string | null): Promise<ProvenKey> {
  const { method, path: given, url } = c.req;
  // As the URL standard writes it, like the proof's: a key ID in braces comes percent-encoded.
  const path = PLAIN_PATH.test(given) ? given : new URL(url).pathname;
  return node.proofs.check({ method, path, host: hostOf(c), proof: c.req.header('DPoP'), tokenHash });
}

async function authenticate(node: HoldfastNode, c: Context<AppEnv>): Promise<DeviceToken> {
  const token = dpopToken(c);
  if (token === null)
    throw new Problem(
      'credentials-missing',
      {},
      { ...nonceHeader(node), 'WWW-Authenticate': 'DPoP algs="ES256"' },
    );
  const { device, hash } = await node.tokens.check(token);
  const { jkt } = await proven(node, c, hash);
  if (jkt !== device.jkt) throw new Problem('token-invalid');
  if (node.configuration.isRevoked(device.sub)) throw new Problem('device-revoked');
  return device;
}
