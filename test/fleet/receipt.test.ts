/** The check before every encryption: each way in which a receipt can be wrong, beside its valid twin. */
import { beforeAll, describe, expect, it } from 'vitest';
import { failureOf } from '../../shared/agent/answers.ts';
import { ReceiptChecker } from '../../shared/agent/receipt.ts';
import { wantsEncryption } from '../../shared/agent/wants.ts';
import { DEFAULT_RULES } from '../../shared/domain/compliance.ts';
import { type Organisation, type SigningNode, makeOrganisation, signReceipt } from './fake-trust.ts';

const OWN = {
  keyId: '11111111-0000-4000-8000-000000000001',
  commitment: 'c'.repeat(43),
  deviceId: 'd-aaaaaaaaaaaaaaaa',
};

describe('receipts', () => {
  let organisation: Organisation;
  let other: Organisation;
  let node: SigningNode;

  beforeAll(async () => {
    organisation = await makeOrganisation();
    other = await makeOrganisation();
    node = await organisation.node('edge-a');
  });

  it('valid: by the pinned key, and by its thumbprint alone', async () => {
    const receipt = await signReceipt(node, OWN);
    expect(await new ReceiptChecker({ jwk: organisation.jwk }).check(receipt, OWN)).toBe('valid');
    expect(await new ReceiptChecker({ thumbprint: organisation.thumbprint }).check(receipt, OWN)).toBe(
      'valid',
    );
  });

  it('another key ID, another password, another device', async () => {
    const checker = new ReceiptChecker({ jwk: organisation.jwk });
    const receipt = await signReceipt(node, OWN);
    expect(await checker.check(receipt, { ...OWN, keyId: '11111111-0000-4000-8000-000000000002' })).toBe(
      'other-key',
    );
    expect(await checker.check(receipt, { ...OWN, commitment: 'd'.repeat(43) })).toBe('other-password');
    expect(await checker.check(receipt, { ...OWN, deviceId: 'd-bbbbbbbbbbbbbbbb' })).toBe('other-device');
  });

  it('a node that another organisation certified, by key and by thumbprint', async () => {
    const receipt = await signReceipt(await other.node('edge-a'), OWN);
    expect(await new ReceiptChecker({ jwk: organisation.jwk }).check(receipt, OWN)).toBe('not-certified');
    expect(await new ReceiptChecker({ thumbprint: organisation.thumbprint }).check(receipt, OWN)).toBe(
      'not-certified',
    );
  });

  it('a certificate that names the pinned key and is signed by another', async () => {
    const impostor = await other.node('edge-a', organisation.jwk);
    const receipt = await signReceipt(impostor, OWN);
    expect(await new ReceiptChecker({ thumbprint: organisation.thumbprint }).check(receipt, OWN)).toBe(
      'not-certified',
    );
  });

  it("a true certificate with another's signature, a changed payload, another kind of signature, no receipt at all", async () => {
    const checker = new ReceiptChecker({ jwk: organisation.jwk });
    const thief = { ...(await other.node('edge-a')), certificate: node.certificate };
    expect(await checker.check(await signReceipt(thief, OWN), OWN)).toBe('not-signed');
    const [header = '', , signature = ''] = (await signReceipt(node, OWN)).split('.');
    const [, forged = ''] = (await signReceipt(node, { ...OWN, deviceId: 'd-bbbbbbbbbbbbbbbb' })).split('.');
    expect(
      await checker.check([header, forged, signature].join('.'), { ...OWN, deviceId: 'd-bbbbbbbbbbbbbbbb' }),
    ).toBe('not-signed');
    expect(await checker.check(await signReceipt(node, OWN, 'holdfast-head'), OWN)).toBe('not-signed');
    for (const nonsense of ['', 'a.b.c', 'not a receipt'])
      expect(await checker.check(nonsense, OWN)).toBe('malformed');
  });
});

describe('answers', () => {
  const problem = (code: string) => ({ type: `urn:holdfast:problem:${code}` });

  it.each([
    [200, {}, null],
    [201, {}, null],
    [200, undefined, 'unreachable'],
    [302, undefined, 'unreachable'],
    [500, problem('unexpected'), 'unreachable'],
    [503, problem('overloaded'), 'unreachable'],
    [408, problem('timed-out'), 'unreachable'],
    [421, problem('insecure-transport'), 'unreachable'],
    [429, problem('key-quota'), 'unreachable'],
    [401, problem('use-dpop-nonce'), 'nonce'],
    [401, problem('token-invalid'), 'stranger'],
    [409, problem('device-cloned'), 'stranger'],
    [401, problem('site-token-invalid'), 'refused'],
    [403, problem('device-revoked'), 'refused'],
    [422, problem('recovery-password-invalid'), 'refused'],
    [407, undefined, 'unreachable'],
    [403, { type: 'about:blank' }, 'unreachable'],
  ] as const)('%i %j → %s', (status, body, expected) => {
    expect(failureOf(status, body)).toBe(expected);
  });
});

describe('drives an agent encrypts by itself', () => {
  const enforced = { rules: DEFAULT_RULES, enforcement: 'enforced' } as const;

  it('those the policy requires, where it is enforced', () => {
    expect(wantsEncryption(enforced, { volumeType: 1, conversionStatus: 0 })).toBe(true);
    expect(wantsEncryption(enforced, { volumeType: 2, conversionStatus: 0 })).toBe(true);
  });

  it('no others', () => {
    expect(wantsEncryption(enforced, { volumeType: 3, conversionStatus: 0 })).toBe(false);
    expect(wantsEncryption(enforced, { volumeType: 1, conversionStatus: 1 })).toBe(false);
    expect(
      wantsEncryption({ ...enforced, enforcement: 'user-exempt' }, { volumeType: 1, conversionStatus: 0 }),
    ).toBe(false);
  });
});
