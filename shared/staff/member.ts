/** A person who has shown who they are, and how they are here. */
import type { StaffRole, TokenScope } from '../domain/vocabulary.ts';

/**
 * What a request is about: what an API token may be limited to, and what decides whether a session is fresh enough.
 * `keys`: search, disclosure and whatever leads to one. `reports`: reading. `administration`: configuring, importing,
 * exporting, backing up. `account`: a person's own sessions and credentials, which no token may touch.
 */
export type Use = TokenScope | 'account';

export type Presence =
  | { readonly by: 'token'; readonly tokenId: string; readonly scope: readonly TokenScope[] }
  | {
      /** a session of this node: it is nothing at another */
      readonly by: 'session';
      readonly sessionId: string;
      /** used within `sessionIdleMs`: only then may it be given a key; otherwise the person signs in again */
      readonly isFresh: boolean;
    };

export interface StaffMember {
  readonly staffId: string;
  readonly name: string;
  readonly role: StaffRole;
  /** null: every site */
  readonly sites: readonly string[] | null;
  readonly presence: Presence;
}
