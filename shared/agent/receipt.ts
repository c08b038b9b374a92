/**
 * The check that stands before every encryption: is this a receipt for *this* key of *this* device, signed by a node
 * whose certificate the organisation signed? The device pins the organisation's key or, as its configuration has it,
 * only the RFC 7638 thumbprint; then the certificate's header carries the key itself (`jwk`).
 *
 * Times in the certificate decide nothing here: a PC with a dead clock must be able to encrypt (I14).
 */
import { z } from 'zod';
import { receiptPayload } from '../devices/messages.ts';
import { CertificateAuthority, publicJwk } from '../trust/certificate.ts';
import { type PublicJwk, peekHeader, thumbprint, verifyJws } from '../trust/jws.ts';

export type OrganisationPin = { readonly thumbprint: string } | { readonly jwk: PublicJwk };

export interface EscrowedKey {
  readonly keyId: string;
  readonly commitment: string;
  readonly deviceId: string;
}

export type ReceiptVerdict =
  'valid' | 'malformed' | 'not-certified' | 'not-signed' | 'other-key' | 'other-password' | 'other-device';

const signedHeader = z.object({ cert: z.string() });
const certificateHeader = z.object({ jwk: publicJwk });

export class ReceiptChecker {
  readonly #pin: OrganisationPin;
  #authority: CertificateAuthority | null;

  constructor(pin: OrganisationPin) {
    this.#pin = pin;
    this.#authority = 'jwk' in pin ? new CertificateAuthority(pin.jwk) : null;
  }

  async check(receipt: string, own: EscrowedKey): Promise<ReceiptVerdict> {
    const header = signedHeader.safeParse(peekHeader(receipt));
    if (!header.success) return 'malformed';
    const authority = await this.#authorityFor(header.data.cert);
    const certificate = await authority?.check(header.data.cert);
    if (!certificate) return 'not-certified';
    const verified = await verifyJws('holdfast-receipt', receipt, certificate.key);
    if (!verified) return 'not-signed';
    const payload = receiptPayload.safeParse(verified.payload);
    if (!payload.success) return 'malformed';
    if (payload.data.deviceId !== own.deviceId) return 'other-device';
    if (payload.data.keyId !== own.keyId) return 'other-key';
    return payload.data.commitment === own.commitment ? 'valid' : 'other-password';
  }

  async #authorityFor(certificate: string): Promise<CertificateAuthority | null> {
    if (this.#authority || !('thumbprint' in this.#pin)) return this.#authority;
    const header = certificateHeader.safeParse(peekHeader(certificate));
    if (!header.success || (await thumbprint(header.data.jwk)) !== this.#pin.thumbprint) return null;
    return (this.#authority = new CertificateAuthority(header.data.jwk));
  }
}
