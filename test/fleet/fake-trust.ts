/** An organisation with nodes, for tests of what devices trust. */
import { nodePlatform } from '../../central/platform.ts';
import { randomName } from '../../shared/platform.ts';
import {
  type JwsType,
  type PrivateJwk,
  type PublicJwk,
  type Signer,
  makeSigner,
  thumbprint,
} from '../../shared/trust/jws.ts';
import { generateKeyPair, exportJWK } from 'jose';
import { z } from 'zod';
import { publicJwk } from '../../shared/trust/certificate.ts';

export interface SigningNode {
  readonly nodeId: string;
  readonly certificate: string;
  readonly signer: Signer;
}

export interface Organisation {
  readonly jwk: PublicJwk;
  readonly thumbprint: string;
  /** `claimedKey`: the organisation key that the certificate's header names, the true one by default */
  node(name: string, claimedKey?: PublicJwk): Promise<SigningNode>;
}

export async function makeOrganisation(): Promise<Organisation> {
  const own = await makePair();
  const jwk = publicJwk.parse(own);
  return {
    jwk,
    thumbprint: await thumbprint(jwk),
    node: async (name, claimedKey = jwk) => {
      const pair = await makePair();
      const nodeId = randomName(nodePlatform, 10);
      const iat = Math.floor(nodePlatform.now() / 1000);
      const scope = { recovery: 'region', compliance: 'own' };
      const payload = {
        nodeId,
        name,
        role: 'edge',
        regionId: 'north',
        siteId: name,
        scope,
        key: publicJwk.parse(pair),
        iat,
        exp: iat + 86_400,
      };
      const certificate = await (
        await makeSigner(own)
      ).sign('holdfast-certificate', payload, { jwk: claimedKey });
      return { nodeId, certificate, signer: await makeSigner(pair) };
    },
  };
}

export function signReceipt(
  node: SigningNode,
  key: { readonly keyId: string; readonly commitment: string; readonly deviceId: string },
  type: JwsType = 'holdfast-receipt',
): Promise<string> {
  const receipt = {
    ...key,
    origin: `${node.nodeId}.aaaaaaaaaaaaa`,
    seq: 1,
    hash: 'h'.repeat(43),
    durability: 'edge',
    iat: 1_775_000_000,
  };
  return node.signer.sign(type, receipt, { cert: node.certificate });
}

const privateJwk = publicJwk.extend({ d: z.string() });

async function makePair(): Promise<PrivateJwk> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return privateJwk.parse(await exportJWK(privateKey));
}
