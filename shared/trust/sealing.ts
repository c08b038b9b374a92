/**
 * A node's own sealing key: what is meant for one node's eyes, such as a person's TOTP secret, is sealed to it (HPKE
 * base mode, RFC 9180, X25519). It follows from the node's private signing key, so that an identity file has one secret;
 * the public half stands in the node's certificate.
 */
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import canonicalize from 'canonicalize';
import { base64url } from 'jose';
import { Redacted } from '../vault/redacted.ts';
import type { PrivateJwk } from './jws.ts';

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const INFO = new TextEncoder().encode('holdfast node sealing v1');
const LABEL = new TextEncoder().encode('holdfast node sealing key v1\n');

/** A secret sealed to one node. */
export interface SealedToNode {
  readonly nodeId: string;
  readonly enc: string;
  readonly ct: string;
}

export interface SealingKey {
  /** X25519, base64url */
  readonly publicKey: string;
  readonly pair: CryptoKeyPair;
}

export async function sealingKeyOf({ d }: Pick<PrivateJwk, 'd'>): Promise<SealingKey> {
  const secret = base64url.decode(d);
  const seed = new Uint8Array(LABEL.length + secret.length);
  seed.set(LABEL);
  seed.set(secret, LABEL.length);
  const pair = await suite.kem.deriveKeyPair(await crypto.subtle.digest('SHA-256', seed));
  const publicRaw = await suite.kem.serializePublicKey(pair.publicKey);
  return { publicKey: base64url.encode(new Uint8Array(publicRaw)), pair };
}

/** `record`: what the secret belongs to; it opens for no other. */
export async function sealToNode(
  to: { readonly nodeId: string; readonly sealingKey: string },
  record: Readonly<Record<string, string>>,
  secret: Redacted<Uint8Array<ArrayBuffer>>,
): Promise<SealedToNode> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(bytes(to.sealingKey));
  const sender = await suite.createSenderContext({ recipientPublicKey, info: INFO });
  const ct = await sender.seal(secret.reveal(), additionalData(to.nodeId, record));
  return {
    nodeId: to.nodeId,
    enc: base64url.encode(new Uint8Array(sender.enc)),
    ct: base64url.encode(new Uint8Array(ct)),
  };
}

/** The secret, or null when this is not what was sealed to this node for this record. */
export async function openSealedToNode(
  key: SealingKey,
  sealed: SealedToNode,
  record: Readonly<Record<string, string>>,
): Promise<Redacted<Uint8Array<ArrayBuffer>> | null> {
  try {
    const recipient = await suite.createRecipientContext({
      ...{ recipientKey: key.pair, enc: bytes(sealed.enc), info: INFO },
    });
    const opened = await recipient.open(bytes(sealed.ct), additionalData(sealed.nodeId, record));
    return new Redacted(new Uint8Array(opened));
  } catch {
    return null;
  }
}

function additionalData(nodeId: string, record: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(canonicalize({ ...record, nodeId })));
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(base64url.decode(text));
}
