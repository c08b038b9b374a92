/** Certificate requests (PKCS #10, DER) of edges' terminators. */
import { X509Certificate } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { nodePlatform } from '../../../central/platform.ts';
import { TlsAuthority, makeTlsAuthority } from '../../../central/tls/authority.ts';
import { type Target, must } from '../target.ts';

const NAME = 'edge-madrid.edges.example';
const REFUSALS = ['malformed', 'signature', 'key', 'name'];

async function requestFor(names: readonly string[], curve: string): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: 'ECDSA', namedCurve: curve, hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const extensions =
    names.length === 0
      ? []
      : [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value })))];
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=anything',
    keys,
    signingAlgorithm: algorithm,
    extensions,
  });
  return new Uint8Array(made.rawData);
}

export const target: Target = {
  name: 'tls-request',
  holds:
    'a request is refused for one of four reasons, or the certificate is for the edge’s own name alone, is no authority, and is signed by the authority, as OpenSSL reads it',
  words: ['\u0030\u0082', '\u0006\u0003\u0055\u001d\u0011', 'edges.example', 'evil.example'],
  bytesMax: 1_200,
  async open() {
    const authority = await TlsAuthority.open(
      await makeTlsAuthority('edges.example', nodePlatform),
      nodePlatform,
    );
    const root = new X509Certificate(Buffer.from(authority.certificate.rawData));
    const seeds = await Promise.all([
      requestFor([], 'P-256'),
      requestFor([NAME], 'P-256'),
      requestFor([NAME, 'evil.example'], 'P-256'),
      requestFor([], 'P-384'),
    ]);
    return {
      seeds,
      inputs: fc
        .tuple(
          fc.constantFrom(...seeds),
          fc.array(fc.tuple(fc.nat(1_000), fc.nat(255)), { maxLength: 3 }),
          fc.nat(20),
        )
        .map(([seed, changes, cut]) => {
          const made = seed.slice(0, seed.length - (cut > 15 ? cut : 0));
          for (const [at, byte] of changes) made[at % made.length] = byte;
          return made;
        }),
      async run(input) {
        const made = await authority.certify(input, 'edge-madrid');
        if (typeof made === 'string') {
          must(REFUSALS.includes(made), 'a refusal without a reason');
          return;
        }
        const [leaf = ''] = made.chain.split(/(?<=-----END CERTIFICATE-----)/);
        const read = new X509Certificate(leaf);
        must(read.subjectAltName === `DNS:${NAME}`, 'a certificate for another name');
        must(
          !read.ca && read.verify(root.publicKey) && read.checkHost(NAME) === NAME,
          'a certificate that is none of the authority’s, or one itself',
        );
        must(
          read.checkHost('evil.example') === undefined && made.name === NAME,
          'a certificate for a foreign name',
        );
      },
    };
  },
};
