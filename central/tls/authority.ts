/**
 * The organisation's own authority for the TLS certificates of its edges: a key at the centre that signs what an edge's
 * terminator shows to PCs and people, for the edge's own name below one domain and for nothing else.
 *
 *     tls-authority.json      {domain, certificate, privateKey}, among the centre's credentials, never in a database
 *     edge-madrid.DOMAIN      the one name that the edge called edge-madrid gets
 *
 * That certificate is constrained to the domain (RFC 5280, name constraints), so that a stolen authority speaks for no
 * other name of the organisation. A request's key is taken and its signature checked; names in it are never copied.
 */
// What the next one needs to be loaded at all.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { limits } from '../../shared/limits.ts';
import type { Platform } from '../../shared/platform.ts';
import { type TlsAuthorityFile, tlsAuthorityFile } from './file.ts';

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { ...KEYS, hash: 'SHA-256' } as const;
const AUTHORITY_DAYS = 10 * 365;
const DAY_MS = 86_400_000;
const NAME_CONSTRAINTS = '2.5.29.30';

/** Why a request is not signed. */
export type TlsRefusal = 'malformed' | 'signature' | 'key' | 'name';

export interface TlsCertificate {
  /** the certificate and the authority's, PEM */
  readonly chain: string;
  readonly name: string;
  readonly serial: string;
  /** milliseconds since 1970 */
  readonly endsAt: number;
}

type Machine = Pick<Platform, 'now' | 'random'>;

/** Makes an authority for the names below a domain. */
export async function makeTlsAuthority(domain: string, machine: Machine): Promise<TlsAuthorityFile> {
  const keys = await crypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);
  const now = machine.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: serialOf(machine), name: [{ CN: [`Holdfast TLS ${domain}`.slice(0, 64)] }] },
    ...{ notBefore: new Date(now - DAY_MS), notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS) },
    ...{ keys, signingAlgorithm: SIGNING },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.Extension(NAME_CONSTRAINTS, true, permittedBelow(domain)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey('jwk', keys.privateKey);
  return tlsAuthorityFile.parse({
    domain,
    certificate: `${certificate.toString('pem')}\n`,
    privateKey: { kty, crv, x, y, d },
  });
}

export class TlsAuthority {
  readonly domain: string;
  readonly certificate: x509.X509Certificate;
  readonly #key: CryptoKey;
  readonly #machine: Machine;

  private constructor(domain: string, certificate: x509.X509Certificate, key: CryptoKey, machine: Machine) {
    this.domain = domain;
    this.certificate = certificate;
    this.#key = key;
    this.#machine = machine;
  }

  /** Rejects when the file's key is not that of its certificate. */
  static async open(file: TlsAuthorityFile, machine: Machine): Promise<TlsAuthority> {
    const certificate = new x509.X509Certificate(file.certificate);
    const key = await crypto.subtle.importKey('jwk', file.privateKey, KEYS, false, ['sign']);
    const { x, y } = await crypto.subtle.exportKey('jwk', await certificate.publicKey.export());
    if (x !== file.privateKey.x || y !== file.privateKey.y) throw new Error('the key is another');
    return new TlsAuthority(file.domain, certificate, key, machine);
  }

  /** Milliseconds since 1970. */
  get endsAt(): number {
    return this.certificate.notAfter.getTime();
  }

  /** The certificate for an edge's name and the key of a PKCS #10 request (DER), or why there is none. */
  async certify(request: Uint8Array<ArrayBuffer>, edge: string): Promise<TlsCertificate | TlsRefusal> {
    const name = `${edge}.${this.domain}`;
    let asked: x509.Pkcs10CertificateRequest;
    try {
      asked = new x509.Pkcs10CertificateRequest(request);
      if (!(await asked.verify())) return 'signature';
    } catch {
      return 'malformed';
    }
    if (!(await isP256(asked.publicKey))) return 'key';
    if (!asksForNothingBut(name, asked)) return 'name';
    const now = this.#machine.now();
    const endsAt = Math.min(now + limits.tlsCertificateMs, this.endsAt);
    const serial = serialOf(this.#machine);
    const certificate = await x509.X509CertificateGenerator.create({
      ...{ serialNumber: serial, subject: [{ CN: [edge] }], issuer: this.certificate.subjectName },
      // A day back, for a PC whose clock is behind.
      ...{ notBefore: new Date(now - DAY_MS), notAfter: new Date(endsAt) },
      ...{ publicKey: asked.publicKey, signingKey: this.#key, signingAlgorithm: SIGNING },
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
        await x509.SubjectKeyIdentifierExtension.create(asked.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(this.certificate),
      ],
    });
    const chain = `${certificate.toString('pem')}\n${this.certificate.toString('pem')}\n`;
    return { chain, name, serial, endsAt };
  }
}

async function isP256(key: x509.PublicKey): Promise<boolean> {
  try {
    return (await crypto.subtle.exportKey('jwk', await key.export())).crv === KEYS.namedCurve;
  } catch {
    return false;
  }
}

/** A request may name what it will get. Whoever asks for more is told, instead of getting less than was asked for. */
function asksForNothingBut(name: string, request: x509.Pkcs10CertificateRequest): boolean {
  return request.extensions.every(
    (extension) =>
      !(extension instanceof x509.SubjectAlternativeNameExtension) ||
      extension.names.items.every(({ type, value }) => type === 'dns' && value.toLowerCase() === name),
  );
}

/** 126 random bits, positive and never shortened. */
function serialOf({ random }: Pick<Platform, 'random'>): string {
  const bytes = random(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

/** NameConstraints { permittedSubtrees [0] { { base dNSName } } }, for which the library has no words. */
function permittedBelow(domain: string): Uint8Array<ArrayBuffer> {
  const tagged = (tag: number, content: Uint8Array) => Uint8Array.of(tag, content.length, ...content);
  return tagged(0x30, tagged(0xa0, tagged(0x30, tagged(0x82, new TextEncoder().encode(domain)))));
}
