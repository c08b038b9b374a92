/** An organisation and its nodes: real keys and certificates, made afresh for each test. */
import { exportJWK, generateKeyPair } from 'jose';
import type { NodeIdentity } from '../../shared/journal/parts.ts';
import { type Platform, randomName } from '../../shared/platform.ts';
import {
  type Certificate,
  CertificateAuthority,
  issueCertificate,
  publicJwk,
} from '../../shared/trust/certificate.ts';
import { type PrivateJwk, makeSigner } from '../../shared/trust/jws.ts';
import { sealingKeyOf } from '../../shared/trust/sealing.ts';

export interface Organisation {
  readonly privateKey: PrivateJwk;
  readonly authority: CertificateAuthority;
}

export async function makePrivateKey(): Promise<PrivateJwk> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  if (jwk.d === undefined) throw new Error('the key was not exported with its private half');
  return { ...publicJwk.parse(jwk), d: jwk.d };
}

export async function makeOrganisation(): Promise<Organisation> {
  const privateKey = await makePrivateKey();
  return { privateKey, authority: new CertificateAuthority(publicJwk.parse(privateKey)) };
}

export type TestIdentity = NodeIdentity & { readonly privateKey: PrivateJwk };

export async function makeIdentity(
  platform: Platform,
  organisation: Organisation,
  role: Certificate['role'] = 'edge',
  { hasSealingKey = true } = {},
): Promise<TestIdentity> {
  const privateKey = await makePrivateKey();
  const nodeId = randomName(platform, 10);
  const certificateJws = await issueCertificate(
    platform,
    organisation.privateKey,
    {
      nodeId,
      name: `${role}-${nodeId}`,
      role,
      regionId: role === 'edge' ? 'north' : null,
      siteId: role === 'edge' ? 'site-1' : null,
      scope: { recovery: 'all', compliance: 'all' },
      key: publicJwk.parse(privateKey),
      ...(hasSealingKey ? { sealingKey: (await sealingKeyOf(privateKey)).publicKey } : {}),
    },
    365,
  );
  const certificate = await organisation.authority.check(certificateJws);
  if (!certificate) throw new Error('the certificate just issued does not verify');
  return { certificateJws, certificate, signer: await makeSigner(privateKey), privateKey };
}
