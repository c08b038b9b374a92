/** `tls-authority.json`, made by `holdfast tls new`: apart from what works with it, which is slow to load. */
import { z } from 'zod';
import { publicJwk } from '../../shared/trust/certificate.ts';

/** Beside the centre's identity. */
export const TLS_AUTHORITY_FILE_NAME = 'tls-authority.json';

/** Lower case; with an edge's name in front it stays a DNS name, and its length fits into one byte of DER. */
export const tlsDomain = z
  .string()
  .max(100)
  .regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/);

export const tlsAuthorityFile = z.object({
  domain: tlsDomain,
  certificate: z.string().startsWith('-----BEGIN CERTIFICATE-----').max(8_192),
  privateKey: publicJwk.extend({ d: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
});
export type TlsAuthorityFile = z.infer<typeof tlsAuthorityFile>;
