/** A PC whose every message can be spoilt: its key, its token, its proofs, and valid bodies to start from. */
import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { nodePlatform } from '../../central/platform.ts';
import { generateSigningKey } from '../../central/local/secrets.ts';
import { formatRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import { DEFAULT_RULES } from '../../shared/domain/compliance.ts';
import { type PrivateJwk, type PublicJwk, type Signer, makeSigner } from '../../shared/trust/jws.ts';
import { publicJwk } from '../../shared/trust/certificate.ts';
import { type Answer, type Message, jsonOf, send } from './http.ts';

/** What goes into one proof; a test changes what it wants to be wrong. */
export interface Proof {
  readonly key: PrivateJwk;
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A node's nonces are the same for everybody. */
const nonces = new Map<string, string>();

export async function nonceOf(base: string): Promise<string> {
  const known = nonces.get(base);
  if (known !== undefined) return known;
  const headers = { 'Content-Type': 'application/json' };
  const answer = await send(base, { method: 'POST', path: '/v1/devices', headers, body: VALID_NOTHING });
  const nonce = z.string().parse(answer.headers['dpop-nonce']);
  nonces.set(base, nonce);
  return nonce;
}

/** Fits the schema of an enrolment and enrols nobody. */
const VALID_NOTHING = JSON.stringify({
  siteToken: 'none',
  attributes: {
    ...{ computerName: 'X', domain: '', smbiosUuid: randomUUID(), serial: '', make: '', model: '' },
    osVersion: '',
  },
});

export function forgetNonces(): void {
  nonces.clear();
}

export class Pc {
  readonly jwk: PrivateJwk;
  readonly signer: Signer;
  readonly machine = {
    computerName: `PC-${randomBytes(4).toString('hex')}`,
    domain: 'corp.example.org',
    smbiosUuid: randomUUID(),
    serial: randomBytes(5).toString('hex'),
    make: 'Contoso',
    model: 'Laptop 5',
    osVersion: '10.0.26100',
  };
  token = '';
  deviceId = '';
  counter = 0;

  private constructor(jwk: PrivateJwk, signer: Signer) {
    this.jwk = jwk;
    this.signer = signer;
  }

  static async make(): Promise<Pc> {
    const jwk = await generateSigningKey();
    return new Pc(jwk, await makeSigner(jwk));
  }

  static async enrolled(base: string, siteToken: string): Promise<Pc> {
    const pc = await Pc.make();
    pc.take(await send(base, await pc.enrol(base, siteToken)));
    return pc;
  }

  take(answer: Answer): void {
    const { token, deviceId } = z.object({ token: z.string(), deviceId: z.string() }).parse(jsonOf(answer));
    this.token = token;
    this.deviceId = deviceId;
  }

  get publicKey(): PublicJwk {
    return publicJwk.parse(this.jwk);
  }

  /** A proof for this request; `change` may make it a bad one. */
  async proof(
    base: string,
    method: string,
    path: string,
    change: (proof: Proof) => Partial<Proof> | Promise<Partial<Proof>> = () => ({}),
  ): Promise<string> {
    const payload = {
      jti: randomUUID(),
      htm: method,
      htu: new URL(path, base).href,
      iat: Math.floor(Date.now() / 1000),
      nonce: await nonceOf(base),
      ...(this.token === '' ? {} : { ath: nodePlatform.sha256(this.token) }),
    };
    const good = { key: this.jwk, header: { jwk: this.publicKey }, payload };
    const { key, header, payload: claims } = { ...good, ...(await change(good)) };
    const signer = key === this.jwk ? this.signer : await makeSigner(key);
    return signer.sign('dpop+jwt', claims, header);
  }

  async message(base: string, method: string, path: string, body: object): Promise<Message> {
    return {
      ...{ method, path, body: JSON.stringify(body) },
      headers: {
        'Content-Type': 'application/json',
        DPoP: await this.proof(base, method, path),
        ...(this.token === '' ? {} : { Authorization: `DPoP ${this.token}` }),
      },
    };
  }

  enrol(base: string, siteToken: string, attributes: object = {}): Promise<Message> {
    return this.message(base, 'POST', '/v1/devices', {
      siteToken,
      attributes: { ...this.machine, ...attributes },
    });
  }

  escrowBody(): Record<string, unknown> {
    const { smbiosUuid, serial, computerName, domain } = this.machine;
    return {
      recoveryPassword: newPassword(),
      ...{ volumeId: randomUUID(), volumeType: 1, counter: (this.counter += 1) },
      ...{ smbiosUuid, serial, computerName, domain, users: ['CORP\\maria'] },
    };
  }

  escrow(base: string, change: object = {}, keyId: string = randomUUID()): Promise<Message> {
    return this.message(base, 'PUT', `/v1/recovery/keys/${keyId}`, { ...this.escrowBody(), ...change });
  }

  statusBody(): Record<string, unknown> {
    return {
      ...{ counter: (this.counter += 1), reportedAt: Date.now() },
      machine: { ...this.machine, tpmPresent: true, users: ['CORP\\maria'] },
      policy: { version: 0, rules: DEFAULT_RULES, enforcement: 'enforced', error: null },
      volumes: [volume()],
    };
  }

  status(base: string, change: object = {}): Promise<Message> {
    return this.message(base, 'POST', '/v1/compliance/status', { ...this.statusBody(), ...change });
  }
}

/** A volume as Windows reports it, with a recovery password that nobody has seen before. */
export function volume(change: object = {}): Record<string, unknown> {
  return {
    ...{ volumeId: randomUUID(), volumeType: 1, driveLetter: 'C:', protectionStatus: 1, conversionStatus: 1 },
    ...{ encryptionMethod: 7, encryptionPercentage: 100, lockStatus: 0 },
    protectors: [{ type: 3, keyId: randomUUID() }],
    ...change,
  };
}

export function newPassword(): string {
  return formatRecoveryPassword(randomBytes(16));
}
