/** What the agent for Windows is tested with there: inputs and results of the real code, by file. */
import canonicalize from 'canonicalize';
import { nodePlatform } from '../../central/platform.ts';
import { failureOf } from '../../shared/agent/answers.ts';
import { DECISIONS } from '../../shared/agent/table.ts';
import { wantsEncryption } from '../../shared/agent/wants.ts';
import { ProofChecker } from '../../shared/devices/proof.ts';
import { machineFingerprint } from '../../shared/devices/token.ts';
import { DEFAULT_RULES } from '../../shared/domain/compliance.ts';
import {
  type Guid,
  commitmentOf,
  formatRecoveryPassword,
  guidFromWindowsBytes,
  parseGuid,
  parseRecoveryPassword,
} from '../../shared/domain/recovery-key.ts';
import type { Platform } from '../../shared/platform.ts';
import { thumbprint } from '../../shared/trust/jws.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { decisionVectors } from './decision-vectors.ts';
import { receiptVectors, jwsVectors } from './signed-vectors.ts';
import { DEVICE, NODE, ORGANISATION, jws } from './signing.ts';

/** Paths below agent/windows. */
export type Files = Readonly<Record<string, object>>;

export async function agentFiles(): Promise<Files> {
  return {
    'Holdfast.Agent/decisions.json': DECISIONS,
    'Tests/vectors/answers.json': { cases: answers() },
    'Tests/vectors/base64url.json': base64url(),
    'Tests/vectors/canonical.json': { cases: canonical() },
    'Tests/vectors/decisions.json': { cases: decisionVectors() },
    'Tests/vectors/guids.json': guids(),
    'Tests/vectors/jws.json': jwsVectors(),
    'Tests/vectors/passwords.json': passwords(),
    'Tests/vectors/proofs.json': { cases: proofs() },
    'Tests/vectors/receipts.json': await receiptVectors(),
    'Tests/vectors/thumbprints.json': { cases: await thumbprints() },
    'Tests/vectors/wants.json': { cases: wants() },
  };
}

const bytesOf = (hex: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(hex, 'hex'));

function canonical(): object[] {
  const values: unknown[] = [
    {},
    [],
    null,
    true,
    [false, 0, -1, 2_147_483_648, Number.MAX_SAFE_INTEGER],
    { b: 1, a: [{ d: 2, c: [] }], Z: {}, aa: null, _: 'x' },
    { é: 1, z: 2, '€': 3, '\u{1f600}': 4, '\ufb33': 5 },
    'quote " backslash \\ slash / tab \t line \n return \r bell \u0007 delete \u007f \u2028 ñ 😀',
    { one: ['only'], none: [], nested: { deep: { deeper: { deepest: [1] } } } },
  ];
  return values.map((value) => ({ value, text: canonicalize(value) }));
}

function base64url(): object {
  const samples = ['', '00', 'fb', 'fbff', 'fbfffe', '000102030405060708090a0b0c0d0e0f', 'ff'.repeat(33)];
  return {
    cases: samples.map((hex) => ({ hex, text: Buffer.from(hex, 'hex').toString('base64url') })),
    invalid: ['A', 'AAAAA', 'AA==', 'AB+/', 'A A', 'AA\n', 'é'],
  };
}

function guids(): object {
  const texts = [
    '{3FD763F9-74C7-4E90-8FA2-1F6A2E2B4E0C}',
    '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c',
    '3FD763F974C74E908FA21F6A2E2B4E0C',
    '{3fd763f974c74e908fa21f6a2e2b4e0c}',
    'urn:uuid:3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c',
    ' {3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c} ',
    '{3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c',
    '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c}',
    '3fd763f9-74c74e90-8fa2-1f6a2e2b4e0c',
    '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0',
    '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0g',
    '',
  ];
  const bytes = ['f963d73fc774904e8fa21f6a2e2b4e0c', '000102030405060708090a0b0c0d0e0f'];
  const wrong = ['', 'f963d73fc774904e8fa21f6a2e2b4e'];
  return {
    forms: texts.map((text) => ({ text, guid: parseGuid(text) })),
    windowsBytes: [...bytes, ...wrong].map((hex) => ({ hex, guid: guidFromWindowsBytes(bytesOf(hex)) })),
  };
}

function passwords(): object {
  const keys = [
    '000102030405060708090a0b0c0d0e0f',
    'ffffffffffffffffffffffffffffffff',
    '00000000000000000000000000000000',
  ];
  const good = keys.map((hex) => formatRecoveryPassword(bytesOf(hex)));
  const first = good[0] ?? '';
  const texts = [
    ...good,
    first.replaceAll('-', ''),
    first.replaceAll('-', ' '),
    first.replaceAll('-', '\u00a0'),
    first.replaceAll('-', '\u2011'),
    first.slice(0, -1),
    `${first}0`,
    `000001${first.slice(6)}`,
    `720896${first.slice(6)}`,
    first.replace('-', 'x'),
    '٠'.repeat(48),
    '',
  ];
  const keyIds = ['3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c', '00000000-0000-4000-8000-00000000000a'];
  const machines = [
    { smbiosUuid: '4c4c4544-0042-3510-8054-b4c04f4a5931', serial: 'B5BTJY1' },
    { smbiosUuid: '00000000-0000-0000-0000-000000000000', serial: '' },
    { smbiosUuid: '4c4c4544-0042-3510-8054-b4c04f4a5931', serial: 'Nº 7 / ñ' },
  ];
  return {
    cases: texts.map((text) => {
      const parsed = parseRecoveryPassword(text);
      const key = parsed instanceof Redacted ? Buffer.from(parsed.reveal()).toString('hex') : null;
      return { text, key };
    }),
    commitments: keyIds.flatMap((keyId) =>
      keys.map((key) => ({
        keyId,
        key,
        commitment: commitmentOf(nodePlatform, keyId as Guid, new Redacted(bytesOf(key))),
      })),
    ),
    fingerprints: machines.map((machine) => ({
      ...machine,
      fingerprint: machineFingerprint(nodePlatform, machine),
    })),
  };
}

async function thumbprints(): Promise<object[]> {
  const keys = [ORGANISATION, NODE, DEVICE];
  return Promise.all(keys.map(async ({ jwk }) => ({ jwk, thumbprint: await thumbprint(jwk) })));
}

/** A node whose secret and clock stand still, so that its nonce does too. */
export function stillChecker(): ProofChecker {
  const platform: Platform = {
    ...nodePlatform,
    now: () => 1_775_000_000_000,
    random: (length) => new Uint8Array(length).fill(7),
  };
  return new ProofChecker(platform);
}

export interface ProofVector {
  readonly input: {
    readonly method: 'POST' | 'PUT';
    readonly url: string;
    readonly jti: string;
    readonly iat: number;
    readonly nonce: string | null;
    readonly token: string | null;
  };
  readonly payload: object;
  readonly canonical: string | undefined;
  /** by DEVICE's key */
  readonly proof: string;
}

export function proofs(): ProofVector[] {
  const nonce = stillChecker().nonce();
  const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJkIn0.c2lnbmF0dXJl';
  const at = { jti: 'run-12345678-1', iat: 1_775_000_000 };
  const inputs: ProofVector['input'][] = [
    { method: 'POST', url: 'https://edge.example/v1/devices', ...at, nonce: null, token: null },
    { method: 'POST', url: 'https://edge.example/v1/devices', ...at, nonce, token: null },
    { method: 'POST', url: 'https://edge.example:8443/v1/compliance/status', ...at, nonce, token },
    {
      method: 'PUT',
      url: 'https://edge.example/v1/recovery/keys/3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c',
      ...at,
      nonce,
      token,
    },
  ];
  return inputs.map((input) => {
    const { method, url, jti, iat } = input;
    const payload = {
      ...{ htm: method, htu: url, jti, iat },
      ...(input.nonce === null ? {} : { nonce: input.nonce }),
      ...(input.token === null ? {} : { ath: nodePlatform.sha256(input.token) }),
    };
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: DEVICE.jwk };
    return { input, payload, canonical: canonicalize(payload), proof: jws(DEVICE, header, payload) };
  });
}

function answers(): object[] {
  const problem = (code: string) => ({ type: `urn:holdfast:problem:${code}` });
  const cases: [number, object | null][] = [
    [200, {}],
    [201, { receipt: 'x' }],
    [200, null],
    [302, null],
    [500, problem('unexpected')],
    [503, problem('overloaded')],
    [408, problem('timed-out')],
    [421, problem('insecure-transport')],
    [429, problem('key-quota')],
    [401, problem('use-dpop-nonce')],
    [400, problem('use-dpop-nonce')],
    [401, problem('token-invalid')],
    [409, problem('device-cloned')],
    [401, problem('site-token-invalid')],
    [403, problem('device-revoked')],
    [422, problem('recovery-password-invalid')],
    [407, null],
    [403, { type: 'about:blank' }],
    [403, { title: 'no type' }],
  ];
  return cases.map(([status, body]) => ({ status, body, failure: failureOf(status, body ?? undefined) }));
}

function wants(): object[] {
  const required = { ...DEFAULT_RULES, removable: 'required' } as const;
  const forbidden = { ...DEFAULT_RULES, operatingSystem: 'forbidden', fixedData: 'optional' } as const;
  const enforcements = ['enforced', 'not-enforced', 'user-exempt', 'temporary-user-exempt'] as const;
  return [DEFAULT_RULES, required, forbidden].flatMap((rules) =>
    enforcements.flatMap((enforcement) =>
      ([0, 1, 2, 3] as const).flatMap((volumeType) =>
        [0, 1, 2].map((conversionStatus) => ({
          ...{ policy: { rules, enforcement }, volumeType, conversionStatus },
          wanted: wantsEncryption({ rules, enforcement }, { volumeType, conversionStatus }),
        })),
      ),
    ),
  );
}
