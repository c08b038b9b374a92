/** Receipts and other signed text, true and forged, each with what the real code says of it. */
import { ReceiptChecker, type ReceiptVerdict } from '../../shared/agent/receipt.ts';
import { type PublicJwk, thumbprint, verifyJws } from '../../shared/trust/jws.ts';
import {
  NODE,
  ORGANISATION,
  OTHER_NODE,
  OTHER_ORGANISATION,
  type TestKey,
  jws,
  withDerSignature,
} from './signing.ts';

const OWN = {
  keyId: '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c',
  commitment: 'c'.repeat(43),
  deviceId: 'd-aaaaaaaaaaaaaaaa',
};
const IAT = 1_775_000_000;

function certificate(by: TestKey, of: TestKey, named: PublicJwk = by.jwk, changes: object = {}): string {
  const payload = {
    nodeId: 'aaaaaaaaaa',
    name: 'edge-a',
    role: 'edge',
    regionId: 'north',
    siteId: 'madrid',
    scope: { recovery: 'region', compliance: 'own' },
    key: of.jwk,
    iat: IAT,
    exp: IAT + 86_400,
    ...changes,
  };
  return jws(by, { jwk: named, alg: 'ES256', typ: 'holdfast-certificate' }, payload);
}

const TRUE_CERTIFICATE = certificate(ORGANISATION, NODE);

function receipt(
  changes: object = {},
  by: TestKey = NODE,
  cert = TRUE_CERTIFICATE,
  typ = 'holdfast-receipt',
): string {
  const payload = {
    ...OWN,
    origin: 'aaaaaaaaaa.bbbbbbbbbbbbb',
    seq: 7,
    hash: 'h'.repeat(43),
    durability: 'edge',
    iat: IAT,
    ...changes,
  };
  return jws(by, { cert, alg: 'ES256', typ }, payload);
}

export interface ReceiptVectors {
  readonly organisation: string;
  readonly own: typeof OWN;
  readonly cases: readonly {
    readonly name: string;
    readonly receipt: string;
    readonly verdict: ReceiptVerdict;
  }[];
}

export async function receiptVectors(): Promise<ReceiptVectors> {
  const organisation = await thumbprint(ORGANISATION.jwk);
  const [header = '', payload = '', signature = ''] = receipt().split('.');
  const [, otherPayload = ''] = receipt({ durability: 'centre' }).split('.');
  const receipts: Record<string, string> = {
    true: receipt(),
    'true, held at the centre': receipt({ durability: 'centre' }),
    'of another key': receipt({ keyId: '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0d' }),
    'of another password': receipt({ commitment: 'd'.repeat(43) }),
    'of another device': receipt({ deviceId: 'd-bbbbbbbbbbbbbbbb' }),
    'without a commitment': receipt({ commitment: null }),
    'with a durability that there is not': receipt({ durability: 'soon' }),
    'with a number as text': receipt({ seq: '7' }),
    'payload changed': [header, otherPayload, signature].join('.'),
    'signature cut': [header, payload, signature.slice(0, -2)].join('.'),
    'signature of zeros': [header, payload, 'A'.repeat(86)].join('.'),
    'signature in DER': withDerSignature(receipt()),
    'signed by another node with this certificate': receipt({}, OTHER_NODE),
    'another kind of signature': receipt({}, NODE, TRUE_CERTIFICATE, 'holdfast-head'),
    'certificate of another organisation': receipt({}, NODE, certificate(OTHER_ORGANISATION, NODE)),
    'certificate that only names the organisation': receipt(
      {},
      NODE,
      certificate(OTHER_ORGANISATION, NODE, ORGANISATION.jwk),
    ),
    'certificate signed by itself': receipt({}, NODE, certificate(NODE, NODE)),
    'certificate of another key': receipt({}, NODE, certificate(ORGANISATION, OTHER_NODE)),
    'certificate without a known role': receipt(
      {},
      NODE,
      certificate(ORGANISATION, NODE, ORGANISATION.jwk, { role: 'king' }),
    ),
    'certificate long expired: a dead clock must not stop encryption': receipt(
      {},
      NODE,
      certificate(ORGANISATION, NODE, ORGANISATION.jwk, { iat: 1, exp: 2 }),
    ),
    'a certificate in the place of a receipt': TRUE_CERTIFICATE,
    'no certificate': jws(NODE, { alg: 'ES256', typ: 'holdfast-receipt' }, OWN),
    nothing: '',
    nonsense: 'a.b.c',
    words: 'not a receipt',
  };
  const cases = await Promise.all(
    Object.entries(receipts).map(async ([name, text]) => ({
      name,
      receipt: text,
      verdict: await new ReceiptChecker({ thumbprint: organisation }).check(text, OWN),
    })),
  );
  return { organisation, own: OWN, cases };
}

export interface JwsVectors {
  readonly type: 'holdfast-head';
  readonly jwk: PublicJwk;
  readonly cases: readonly { readonly name: string; readonly jws: string; readonly valid: boolean }[];
}

export function jwsVectors(): JwsVectors {
  const header = { alg: 'ES256', typ: 'holdfast-head' };
  const payload = { text: 'ñ €', seq: 1 };
  const good = jws(NODE, header, payload);
  const [head = '', , signature = ''] = good.split('.');
  const unsigned = Buffer.from(JSON.stringify({ ...header, alg: 'none' })).toString('base64url');
  return {
    type: 'holdfast-head',
    jwk: NODE.jwk,
    cases: [
      { name: 'good', jws: good, valid: true },
      { name: 'by another key', jws: jws(OTHER_NODE, header, payload), valid: false },
      {
        name: 'another type',
        jws: jws(NODE, { ...header, typ: 'holdfast-receipt' }, payload),
        valid: false,
      },
      { name: 'no type', jws: jws(NODE, { alg: 'ES256' }, payload), valid: false },
      { name: 'another algorithm', jws: jws(NODE, { ...header, alg: 'ES384' }, payload), valid: false },
      { name: 'no algorithm', jws: `${unsigned}.${good.split('.')[1] ?? ''}.`, valid: false },
      { name: 'asks for more', jws: jws(NODE, { ...header, crit: ['exp'], exp: 1 }, payload), valid: false },
      {
        name: 'another payload',
        jws: [head, jws(NODE, header, {}).split('.')[1], signature].join('.'),
        valid: false,
      },
      { name: 'DER', jws: withDerSignature(good), valid: false },
    ],
  };
}

/** What the real code says of one of them. */
export async function isValid(vectors: JwsVectors, text: string): Promise<boolean> {
  return (await verifyJws(vectors.type, text, vectors.jwk)) !== null;
}
