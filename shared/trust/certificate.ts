/**
 * A node's certificate: `{nodeId, name, role, regionId, siteId, scope, key, sealingKey, iat, exp}` signed by the organisation
 * key, which is kept offline and whose public half every node pins. So a brand-new, empty centre knows a true
 * edge at once, and an edge can check another edge's tokens and logs while it can reach nobody.
 */
import { z } from 'zod';
import type { Platform } from '../platform.ts';
import { type PrivateJwk, type PublicJwk, makeSigner, peekHeader, verifyJws } from './jws.ts';

export const publicJwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  y: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/** 10 characters a-z2-7; never reused. */
export const nodeId = z.string().regex(/^[a-z2-7]{10}$/);

/** What a node may hold of others' logs, beside the centre's own entries, which go to all. */
const reach = z.enum(['own', 'region', 'all']);

/** A name an administrator gave: a site, a region, a vault. */
export const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

export const certificatePayload = z.object({
  nodeId,
  name: slug,
  role: z.enum(['edge', 'centre']),
  /** null for a centre */
  regionId: slug.nullable(),
  siteId: slug.nullable(),
  scope: z.object({ recovery: reach, compliance: reach }),
  key: publicJwk,
  /** X25519: what is meant for this node alone is sealed to it (`sealing.ts`) */
  sealingKey: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/)
    .optional(),
  /** seconds since 1970 */
  iat: z.number().int(),
  exp: z.number().int(),
});
export type Certificate = z.infer<typeof certificatePayload>;
export type NodeRole = Certificate['role'];

/** Signs a certificate with the organisation's private key; `validDays` from now. */
export async function issueCertificate(
  platform: Pick<Platform, 'now'>,
  organisation: PrivateJwk,
  subject: Omit<Certificate, 'iat' | 'exp'>,
  validDays: number,
): Promise<string> {
  const iat = Math.floor(platform.now() / 1000);
  const signer = await makeSigner(organisation);
  const { d: _private, ...jwk } = organisation;
  return signer.sign(
    'holdfast-certificate',
    certificatePayload.parse({ ...subject, iat, exp: iat + validDays * 86_400 }),
    // For a device that was given only the thumbprint of the organisation key.
    { jwk },
  );
}

const CERTIFICATES_CACHED_MAX = 5_000;

/** Checks certificates against one pinned organisation key; remembers those it has checked. */
export class CertificateAuthority {
  readonly organisation: PublicJwk;
  readonly #checked = new Map<string, Certificate>();

  constructor(organisation: PublicJwk) {
    this.organisation = organisation;
  }

  /** The certificate, or null when it is malformed or not signed by the organisation. Validity in time is the caller's. */
  async check(jws: string): Promise<Certificate | null> {
    const known = this.#checked.get(jws);
    if (known) return known;
    const verified = await verifyJws('holdfast-certificate', jws, this.organisation);
    const parsed = certificatePayload.safeParse(verified?.payload);
    if (!parsed.success) return null;
    if (this.#checked.size >= CERTIFICATES_CACHED_MAX) this.#checked.clear();
    this.#checked.set(jws, parsed.data);
    return parsed.data;
  }

  /** Verifies a JWS whose header carries its signer's certificate as `cert`; null unless both signatures hold. */
  async checkSigned(
    type: Parameters<typeof verifyJws>[0],
    jws: string,
  ): Promise<{ payload: unknown; by: Certificate } | null> {
    const header = z.object({ cert: z.string() }).safeParse(peekHeader(jws));
    if (!header.success) return null;
    const by = await this.check(header.data.cert);
    if (!by) return null;
    const verified = await verifyJws(type, jws, by.key);
    return verified && { payload: verified.payload, by };
  }
}

/** Whose entries are whose: `nodeId.incarnation`. */
export type Origin = string & { readonly __brand: 'Origin' };
export const origin = z
  .string()
  .regex(/^[a-z2-7]{10}\.[a-z2-7]{13}$/)
  .transform((text) => text as Origin);

export function nodeOf(of: Origin): string {
  return of.slice(0, 10);
}

/** What a node knows about itself: one file, made by `holdfast edge enrol` or at the centre's installation. */
export const identityFile = z.object({
  organisation: publicJwk,
  certificate: z.string(),
  privateKey: publicJwk.extend({ d: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
  /** Private keys of the vaults this node may open; empty at an escrow-only edge. */
  vaultKeys: z.array(z.object({ vaultId: slug, privateKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })),
});
export type IdentityFile = z.infer<typeof identityFile>;
