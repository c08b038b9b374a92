/**
 * Passkeys (WebAuthn), by SimpleWebAuthn. One relying party for all nodes: the domain that their names end in, so that a
 * passkey made at the centre is good at every edge. The authenticator itself has to verify its owner, which makes it
 * two factors. Challenges are this node's own, good once and for minutes.
 */
import {
  type AuthenticationResponseJSON,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { base64url } from 'jose';
import type { Configuration } from '../configuration.ts';
import { Problem } from '../http/problem.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import type { Credential, Credentials } from './credentials.ts';

export type PasskeyOptions = PublicKeyCredentialRequestOptionsJSON;
export type PasskeyAnswer = AuthenticationResponseJSON;
export type NewPasskeyOptions = PublicKeyCredentialCreationOptionsJSON;
export type NewPasskeyAnswer = RegistrationResponseJSON;

/** Where a request came in: scheme and host as the browser sees them. */
export interface Place {
  readonly isSecure: boolean;
  /** with the port */
  readonly host: string;
}

interface Parts {
  readonly platform: Platform;
  readonly configuration: Configuration;
  readonly credentials: Credentials;
}

/** ES256, and RS256 for Windows Hello. */
const ALGORITHMS = [-7, -257];
const CHALLENGE_BYTES = 32;

export class Passkeys {
  readonly #parts: Parts;
  /** challenges given out, and until when they are good */
  readonly #challenges = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The relying party, or null where none is configured. */
  get rpId(): string | null {
    return this.#parts.configuration.get('sign-in', 'sign-in')?.body.rpId ?? null;
  }

  /** For whoever has a passkey: it says itself whose it is. Throws the Problem `passkeys-off`. */
  async options(): Promise<PasskeyOptions> {
    const rpID = this.#requireRpId();
    const challenge = this.#challenge(limits.challengeMs);
    return generateAuthenticationOptions({
      ...{ rpID, challenge, userVerification: 'required', timeout: limits.challengeMs },
    });
  }

  /** `goodMs`: for how long they may be answered. */
  async newOptions(
    staffId: string,
    name: string,
    goodMs: number = limits.challengeMs,
  ): Promise<NewPasskeyOptions | null> {
    const { rpId } = this;
    if (rpId === null) return null;
    const held = this.#parts.credentials.of(staffId, 'passkey');
    return generateRegistrationOptions({
      ...{ rpName: 'Holdfast', rpID: rpId, userName: staffId, userDisplayName: name },
      userID: new Uint8Array(new TextEncoder().encode(staffId)),
      challenge: this.#challenge(goodMs),
      timeout: limits.challengeMs,
      attestationType: 'none',
      supportedAlgorithmIDs: ALGORITHMS,
      excludeCredentials: held.map(({ secret }) => ({ id: secret.webauthnId })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
  }

  /** Whose passkey it says to be, or null; it is proven by `verify`. */
  ownerOf(answer: Pick<PasskeyAnswer, 'id'>): string | null {
    return this.#find(answer)?.staffId ?? null;
  }

  #find({ id }: Pick<PasskeyAnswer, 'id'>): Credential<'passkey'> | undefined {
    return this.#parts.credentials.allOf('passkey').find(({ secret }) => secret.webauthnId === id);
  }

  /** Whose passkey answered a challenge of this node, or null. */
  async verify(answer: PasskeyAnswer, place: Place): Promise<Credential<'passkey'> | null> {
    const rpId = this.#requireRpId();
    const found = this.#find(answer);
    if (found?.secret.rpId !== rpId) return null;
    try {
      const { verified } = await verifyAuthenticationResponse({
        response: answer,
        expectedChallenge: (challenge) => this.#isOpen(challenge),
        expectedOrigin: originAt(place, rpId),
        expectedRPID: rpId,
        requireUserVerification: true,
        credential: {
          id: found.secret.webauthnId,
          publicKey: new Uint8Array(base64url.decode(found.secret.publicKey)),
          // Passkeys that are synced between devices have none.
          counter: 0,
        },
      });
      return verified ? found : null;
    } catch {
      return null;
    }
  }

  /** A new passkey that answered a challenge of this node, or null. `name`: what its person calls it. */
  async verifyNew(
    answer: NewPasskeyAnswer,
    name: string,
    place: Place,
  ): Promise<Credential<'passkey'>['secret'] | null> {
    const { rpId } = this;
    if (rpId === null) return null;
    try {
      const { verified, registrationInfo } = await verifyRegistrationResponse({
        response: answer,
        expectedChallenge: (challenge) => this.#isOpen(challenge),
        expectedOrigin: originAt(place, rpId),
        expectedRPID: rpId,
        requireUserVerification: true,
        supportedAlgorithmIDs: ALGORITHMS,
      });
      if (!verified) return null;
      const { id, publicKey } = registrationInfo.credential;
      // Whoever knows the ID of another's passkey must not stand in its way with one of their own. It is the one that was
      // attested: what the answer calls itself is not signed.
      if (this.#find({ id })) return null;
      const createdAt = this.#parts.platform.now();
      return {
        ...{ type: 'passkey', rpId, webauthnId: id, publicKey: base64url.encode(publicKey) },
        ...{ name, createdAt },
      };
    } catch {
      return null;
    }
  }

  #requireRpId(): string {
    const { rpId } = this;
    if (rpId === null) throw new Problem('passkeys-off');
    return rpId;
  }

  #challenge(goodMs: number): Uint8Array<ArrayBuffer> {
    const now = this.#parts.platform.now();
    const challenge = this.#parts.platform.random(CHALLENGE_BYTES);
    for (const [known, until] of this.#challenges) {
      if (this.#challenges.size < limits.challengesMax && until > now) break;
      this.#challenges.delete(known);
    }
    this.#challenges.set(base64url.encode(challenge), now + goodMs);
    return challenge;
  }

  /** Good for one try. */
  #isOpen(challenge: string): boolean {
    const until = this.#challenges.get(challenge);
    this.#challenges.delete(challenge);
    return until !== undefined && until > this.#parts.platform.now();
  }
}

/** The origin a browser must name: this node's own, and under the domain of the relying party. */
function originAt({ isSecure, host }: Place, rpId: string): string {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const isUnder = name === rpId || name.endsWith(`.${rpId}`);
  return isUnder ? `${isSecure ? 'https' : 'http'}://${host.toLowerCase()}` : 'null';
}
