/**
 * What a centre does to accounts: it alone writes credentials. A credential is written anew, under the same ID, when
 * the people or nodes that it is for have changed, and the entry before it is forgotten.
 */
import { base64url } from 'jose';
import type { Configuration } from '../configuration.ts';
import { Problem } from '../http/problem.ts';
import type { ConfigBody } from '../journal/bodies.ts';
import type { Draft } from '../journal/drafts.ts';
import { STORES } from '../journal/entry.ts';
import type { CredentialSecret } from '../journal/staff-bodies.ts';
import { limits } from '../limits.ts';
import { randomName } from '../platform.ts';
import type { Revocations } from '../replication/revocations.ts';
import { isAtSite } from '../replication/scope.ts';
import type { Certificate } from '../trust/certificate.ts';
import { type SealingKey, openSealedToNode, sealToNode } from '../trust/sealing.ts';
import type { Redacted } from '../vault/redacted.ts';
import type { Credential, Credentials } from './credentials.ts';
import { type EventParts, type Told, eventDraft, writeEvent } from './events.ts';
import { recordOf } from './sign-in.ts';

export interface AccountParts extends EventParts {
  readonly configuration: Configuration;
  readonly credentials: Credentials;
  readonly sealing: SealingKey;
  readonly revocations: Pick<Revocations, 'isRevoked'>;
}

const LINK_BYTES = 32;

export class Accounts {
  readonly #parts: AccountParts;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(parts: AccountParts) {
    this.#parts = parts;
  }

  /** A one-time enrolment link's token; it takes the place of an earlier one. Throws a Problem. */
  link(staffId: string, byStaffId: string | null): Promise<{ token: string; expiresAt: number }> {
    return this.#inTurn(async () => {
      this.requirePerson(staffId);
      const { platform, credentials } = this.#parts;
      const token = `hfl_${base64url.encode(platform.random(LINK_BYTES))}`;
      const expiresAt = platform.now() + limits.enrolmentLinkMs;
      const secret = { type: 'link', tokenHash: linkHash(platform, token), expiresAt } as const;
      await this.#write([
        draftOf({ credentialId: this.newId(), staffId, sites: [], secret }),
        ...forget(credentials.of(staffId, 'link')),
        eventDraft(this.#parts, { action: 'link-made', staffId, byStaffId }),
      ]);
      return { token, expiresAt };
    });
  }

  /** Forgets every credential of a person, whose sessions end with them. */
  reset(staffId: string, byStaffId: string | null): Promise<void> {
    return this.#inTurn(async () => {
      this.requirePerson(staffId);
      await this.#write([
        ...forget(this.#everythingOf(staffId)),
        eventDraft(this.#parts, { action: 'reset', staffId, byStaffId }),
      ]);
    });
  }

  /** Has a person choose another password before anything else, where the centre can be reached. */
  demandChange(staffId: string, byStaffId: string | null): Promise<void> {
    return this.change({ action: 'change-demanded', staffId, byStaffId }, ({ passwords: [password] }) => {
      if (!password) throw new Problem('no-password');
      const secret = { ...password.secret, mustChange: true };
      return { drafts: [draftOf({ ...password, secret })], forgotten: [password] };
    });
  }

  /**
   * Changes a person's credentials by what they are when the change's turn comes. `plan` may throw a Problem; nothing is
   * written then.
   */
  change(
    event: Told & { readonly staffId: string },
    plan: (held: Held, sites: Sites) => Change,
  ): Promise<void> {
    return this.#inTurn(async () => {
      const { staffId } = event;
      const { sites } = this.requirePerson(staffId);
      const { credentials } = this.#parts;
      const held = {
        passwords: credentials.of(staffId, 'password'),
        passkeys: credentials.of(staffId, 'passkey'),
        hasTotp: credentials.of(staffId, 'totp').length > 0,
      };
      const { drafts, forgotten } = plan(held, sites);
      await this.#write([...drafts, ...forget(forgotten), eventDraft(this.#parts, event)]);
    });
  }

  /** Puts new secrets in the place of those of the same types, and forgets what else is named. */
  replace(
    staffId: string,
    secrets: readonly NewSecret[],
    event: Told,
    also: readonly Credential[] = [],
  ): Promise<void> {
    return this.#inTurn(async () => {
      const { sites } = this.requirePerson(staffId);
      const drafts: Draft[] = [];
      const old: Credential[] = [...also];
      for (const secret of secrets) {
        const credentialId = this.newId();
        const whole =
          secret.type === 'totp' ? await this.#sealed(credentialId, staffId, sites, secret.secret) : secret;
        drafts.push(draftOf({ credentialId, staffId, sites, secret: whole }));
        if (secret.type !== 'passkey') old.push(...this.#parts.credentials.of(staffId, secret.type));
      }
      const passkeys = this.#parts.credentials.of(staffId, 'passkey');
      if (secrets.some(({ type }) => type === 'passkey'))
        old.push(...passkeys.slice(limits.passkeysPerPersonMax - 1));
      await this.#write([...drafts, ...forget(old), eventDraft(this.#parts, event)]);
    });
  }

  /** After somebody was revoked, by whomever: their credentials are forgotten. */
  async revoked(staffId: string, byStaffId: string | null): Promise<void> {
    await writeEvent(this.#parts, { action: 'revoked', staffId, byStaffId });
    await this.align();
  }

  /**
   * Writes anew what is for other sites or nodes than its person's by now, and forgets what nobody is to have any more.
   * Cheap when there is nothing to do, so it is done again and again.
   */
  align(): Promise<void> {
    return this.#inTurn(async () => {
      const { credentials } = this.#parts;
      await credentials.settled();
      await this.#write(forget(credentials.older()));
      const byStaff = Map.groupBy(credentials.all(), ({ staffId }) => staffId);
      // What is somebody's moves together: a password without its codes signs nobody in.
      for (const own of byStaff.values()) {
        const drafts = await Promise.all(own.map((held) => this.#aligned(held)));
        await this.#write(drafts.flat());
      }
    });
  }

  async #aligned(held: Credential): Promise<Draft[]> {
    const { configuration, platform } = this.#parts;
    const person = configuration.get('staff', held.staffId)?.body;
    if (!person || person.revoked) return forget([held]);
    if (held.secret.type === 'link') return held.secret.expiresAt < platform.now() ? forget([held]) : [];
    const { sites } = person;
    const isMoved = JSON.stringify(sites) !== JSON.stringify(held.sites);
    if (held.secret.type !== 'totp') return isMoved ? [draftOf({ ...held, sites }), ...forget([held])] : [];
    const secret = await this.#resealed(held.credentialId, held.staffId, sites, held.secret);
    const isSame = !isMoved && nodesOf(secret) === nodesOf(held.secret);
    return isSame ? [] : [draftOf({ ...held, sites, secret }), ...forget([held])];
  }

  /** The secret for the nodes of these sites: what is sealed to them already, and to others as far as it can be opened here. */
  async #resealed(
    credentialId: string,
    staffId: string,
    sites: Sites,
    secret: Extract<CredentialSecret, { type: 'totp' }>,
  ): Promise<Extract<CredentialSecret, { type: 'totp' }>> {
    const { sealing, identity, revocations } = this.#parts;
    const nodes = this.#nodesOf(sites);
    const known = new Map(this.#certificates().map((certificate) => [certificate.nodeId, certificate]));
    // A node that is not known at present keeps what it has, unless it was revoked.
    const kept = secret.sealed.filter(({ nodeId }) => {
      const certificate = known.get(nodeId);
      return !revocations.isRevoked(nodeId) && (certificate === undefined || mayHold(certificate, sites));
    });
    const missing = nodes.filter(({ nodeId }) => !kept.some((one) => one.nodeId === nodeId));
    const mine = kept.find(({ nodeId }) => nodeId === identity.certificate.nodeId);
    const record = recordOf({ credentialId, staffId });
    const opened = missing.length > 0 && mine ? await openSealedToNode(sealing, mine, record) : null;
    if (!opened) return { type: 'totp', sealed: kept };
    const added = await Promise.all(missing.map((node) => sealToNode(node, record, opened)));
    return { type: 'totp', sealed: [...kept, ...added].slice(0, limits.credentialNodesMax) };
  }

  async #sealed(
    credentialId: string,
    staffId: string,
    sites: Sites,
    secret: Redacted<Uint8Array<ArrayBuffer>>,
  ): Promise<Extract<CredentialSecret, { type: 'totp' }>> {
    const record = recordOf({ credentialId, staffId });
    const nodes = this.#nodesOf(sites).slice(0, limits.credentialNodesMax);
    const sealed = await Promise.all(nodes.map((node) => sealToNode(node, record, secret)));
    return { type: 'totp', sealed };
  }

  /** Nodes of these sites that something can be sealed to, this one first. */
  #nodesOf(sites: Sites): { nodeId: string; sealingKey: string }[] {
    const { revocations } = this.#parts;
    return this.#certificates().flatMap((certificate) =>
      certificate.sealingKey !== undefined &&
      mayHold(certificate, sites) &&
      !revocations.isRevoked(certificate.nodeId)
        ? [{ nodeId: certificate.nodeId, sealingKey: certificate.sealingKey }]
        : [],
    );
  }

  /** This node's, those of the logs held, and those of nodes that were there since the start. */
  #certificates(): Certificate[] {
    const { ledger, identity, peers } = this.#parts;
    const found = new Map([[identity.certificate.nodeId, identity.certificate]]);
    for (const store of STORES)
      for (const { certificate } of ledger.origins(store).values())
        found.set(certificate.nodeId, certificate);
    for (const certificate of peers.certificates()) found.set(certificate.nodeId, certificate);
    return [...found.values()];
  }

  /** Throws the Problem `staff-unknown`, or `forbidden` where this is no centre. */
  requirePerson(staffId: string): ConfigBody<'staff'> {
    const { configuration, identity } = this.#parts;
    if (identity.certificate.role !== 'centre')
      throw new Problem('forbidden', { why: 'only a centre writes credentials' });
    const person = configuration.get('staff', staffId)?.body;
    if (!person || person.revoked) throw new Problem('staff-unknown');
    return person;
  }

  newId(): string {
    return `c-${randomName(this.#parts.platform, 16)}`;
  }

  #everythingOf(staffId: string): Credential[] {
    return this.#parts.credentials.all().filter((held) => held.staffId === staffId);
  }

  async #write(drafts: readonly Draft[]): Promise<void> {
    if (drafts.length === 0) return;
    const { ledger, credentials } = this.#parts;
    await ledger.append('recovery', drafts);
    await credentials.settled();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(work);
    this.#changing = turn.catch(() => undefined);
    return turn;
  }
}

export type Sites = ConfigBody<'staff'>['sites'];

/** By what somebody signs in at present, the newest first. */
export interface Held {
  readonly passwords: readonly Credential<'password'>[];
  readonly passkeys: readonly Credential<'passkey'>[];
  readonly hasTotp: boolean;
}

interface Change {
  readonly drafts: readonly Draft[];
  readonly forgotten: readonly Credential[];
}

/** A secret as it is made; a TOTP secret is sealed when it is written. */
export type NewSecret =
  | Exclude<CredentialSecret, { type: 'totp' }>
  | { readonly type: 'totp'; readonly secret: Redacted<Uint8Array<ArrayBuffer>> };

export function linkHash(platform: { sha256(...parts: string[]): string }, token: string): string {
  return platform.sha256('holdfast enrolment link v1\n', token);
}

function nodesOf({ sealed }: Extract<CredentialSecret, { type: 'totp' }>): string {
  return sealed.map(({ nodeId }) => nodeId).join(' ');
}

function mayHold(certificate: Certificate, sites: Sites): boolean {
  return certificate.role === 'centre' || isAtSite(certificate, sites);
}

/** A credential as it is written. A version under the same ID takes the place of the one before, which is forgotten. */
export function draftOf({
  credentialId,
  staffId,
  sites,
  secret,
}: Pick<Credential, 'credentialId' | 'staffId' | 'sites' | 'secret'>): Draft {
  return { kind: 'credential', body: { credentialId, staffId, sites: sites && [...sites], secret } };
}

function forget(held: readonly Credential[]): Draft[] {
  const entries = held.map(({ origin, seq }) => ({ origin, seq }));
  return entries.length === 0
    ? []
    : [{ kind: 'forget', body: { entries: entries.slice(0, limits.forgetEntriesMax) } }];
}
