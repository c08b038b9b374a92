/** An organisation and nodes with keys that are always the same, so that what is signed by them can be kept in a corpus. */
import { createECDH, hash } from 'node:crypto';
import { nodePlatform } from '../../central/platform.ts';
import type { NodeIdentity } from '../../shared/journal/parts.ts';
import type { Platform } from '../../shared/platform.ts';
import {
  type Certificate,
  CertificateAuthority,
  type IdentityFile,
  issueCertificate,
  publicJwk,
} from '../../shared/trust/certificate.ts';
import { type PrivateJwk, makeSigner } from '../../shared/trust/jws.ts';
import { sealingKeyOf } from '../../shared/trust/sealing.ts';

/** 2026-11-24T12:00Z */
export const NOW = 1_795_521_600_000;

/** Node's, with a clock that stands still. */
export const stillPlatform: Platform = { ...nodePlatform, now: () => NOW };

export function privateKeyOf(name: string): PrivateJwk {
  const curve = createECDH('prime256v1');
  const secret = hash('sha256', `holdfast fuzz ${name}`, 'buffer');
  curve.setPrivateKey(secret);
  const point = curve.getPublicKey();
  return {
    ...{ kty: 'EC', crv: 'P-256', d: secret.toString('base64url') },
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
}

export const ORGANISATION = privateKeyOf('organisation');
export const authorityOf = (organisation = ORGANISATION) =>
  new CertificateAuthority(publicJwk.parse(organisation));

export type FixedNode = NodeIdentity & { readonly file: IdentityFile; readonly privateKey: PrivateJwk };

type Subject = Pick<Certificate, 'role' | 'regionId' | 'siteId' | 'scope'>;
const CENTRE: Subject = {
  role: 'centre',
  regionId: null,
  siteId: null,
  scope: { recovery: 'all', compliance: 'all' },
};
const EDGE: Subject = {
  role: 'edge',
  regionId: 'north',
  siteId: 'site-1',
  scope: { recovery: 'region', compliance: 'region' },
};

/** `name`: of ten letters from a-z2-7, for it is the node's ID as well. */
export async function fixedNode(
  name: string,
  role: 'edge' | 'centre',
  organisation = ORGANISATION,
): Promise<FixedNode> {
  const privateKey = privateKeyOf(name);
  const certificateJws = await issueCertificate(
    stillPlatform,
    organisation,
    {
      ...(role === 'centre' ? CENTRE : EDGE),
      ...{ nodeId: name, name, key: publicJwk.parse(privateKey) },
      sealingKey: (await sealingKeyOf(privateKey)).publicKey,
    },
    3_650,
  );
  const certificate = await authorityOf(organisation).check(certificateJws);
  if (!certificate) throw new Error('the certificate just issued does not verify');
  const file = {
    organisation: publicJwk.parse(organisation),
    certificate: certificateJws,
    privateKey,
    vaultKeys: [],
  };
  return { certificateJws, certificate, signer: await makeSigner(privateKey), privateKey, file };
}
