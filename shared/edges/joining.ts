/**
 * How an edge gets its certificate without its key ever leaving its box: the box makes the key, shows a one-time token
 * of the centre, and asks. Somebody with the organisation's key, which stays offline, signs what was asked for. The
 * centre only keeps the question and the answer, and can make up neither; see docs/decisions/0020.
 */
import { z } from 'zod';
import type { Configuration } from '../configuration.ts';
import { Problem } from '../http/problem.ts';
import type { ConfigBody } from '../journal/bodies.ts';
import type { Draft } from '../journal/drafts.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { NodeIdentity } from '../journal/parts.ts';
import type { Platform } from '../platform.ts';
import { type CertificateAuthority, publicJwk } from '../trust/certificate.ts';

export interface JoiningParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly configuration: Configuration;
  readonly identity: NodeIdentity;
  readonly authority: CertificateAuthority;
}

export const joinRequest = z.strictObject({
  token: z.string().max(200),
  /** the public half: whoever shows the private one has given it away */
  key: z.strictObject(publicJwk.shape),
  sealingKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

export interface JoinAnswer {
  readonly name: string;
  readonly siteId: string;
  readonly regionId: string;
  readonly helpdesk: boolean;
  readonly organisation: z.infer<typeof publicJwk>;
  readonly certificate: string | null;
}

export function edgeTokenHash(platform: Pick<Platform, 'sha256'>, token: string): string {
  return platform.sha256('holdfast edge token v1\n', token);
}

/** Keeps the question, and answers with the certificate once there is one. Throws a Problem. */
export function join(parts: JoiningParts, request: z.infer<typeof joinRequest>): Promise<JoinAnswer> {
  const { configuration, ledger, platform, identity, authority } = parts;
  return configuration.inTurn(async () => {
    if (identity.certificate.role !== 'centre')
      throw new Problem('forbidden', { why: 'only a centre enrols edges' });
    const tokenHash = edgeTokenHash(platform, request.token);
    // Looked up by the hash of 256 random bits: timing tells nothing about a token.
    const token = configuration.all('edge-token').find(({ body }) => body.tokenHash === tokenHash);
    if (!token || token.body.revoked) throw new Problem('edge-token-invalid');
    const asked = configuration.get('edge-request', token.id)?.body;
    // Good for one key: whoever comes second with another one is told, and the first stays.
    if (asked && !isSameKey(asked, request)) throw new Problem('edge-token-used');
    if (!asked) {
      if (token.body.expiresAt <= platform.now()) throw new Problem('edge-token-invalid');
      const body = { key: request.key, sealingKey: request.sealingKey, certificate: null };
      const draft: Draft = {
        kind: 'config',
        body: { kind: 'edge-request', id: token.id, revision: 1, body },
      };
      await ledger.append('recovery', [draft]);
      await configuration.settled();
    }
    const { name, siteId, regionId, helpdesk } = token.body;
    return {
      ...{ name, siteId, regionId, helpdesk, organisation: authority.organisation },
      certificate: asked?.certificate ?? null,
    };
  });
}

function isSameKey(a: Pick<ConfigBody<'edge-request'>, 'key' | 'sealingKey'>, b: typeof a): boolean {
  return a.key.x === b.key.x && a.key.y === b.key.y && a.sealingKey === b.sealingKey;
}

/**
 * Throws a Problem unless the answer fits the question: the certificate is the organisation's, for this key, and for
 * what the token was made for. The key that was asked for stays.
 */
export async function checkAnswer(
  { configuration, authority }: Pick<JoiningParts, 'configuration' | 'authority'>,
  id: string,
  next: ConfigBody<'edge-request'>,
): Promise<void> {
  const fault = (code: string) =>
    new Problem('invalid-request', { fields: [{ at: 'body.certificate', code }] });
  const asked = configuration.get('edge-request', id)?.body;
  const token = configuration.get('edge-token', id)?.body;
  if (!asked || !token || !isSameKey(asked, next) || next.certificate === null) throw fault('not_asked_for');
  const certificate = await authority.check(next.certificate);
  if (!certificate) throw fault('not_signed_by_the_organisation');
  const { key, sealingKey, name, role, siteId, regionId, scope } = certificate;
  const reach = token.helpdesk ? 'region' : 'own';
  if (!isSameKey({ key, sealingKey: sealingKey ?? '' }, asked)) throw fault('for_another_key');
  if (role !== 'edge' || name !== token.name || siteId !== token.siteId || regionId !== token.regionId)
    throw fault('for_another_edge');
  if (scope.recovery !== reach || scope.compliance !== reach) throw fault('for_another_scope');
}
