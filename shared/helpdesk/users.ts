/**
 * Whether the user whom a caller claims to be is known on a computer. One person goes by several names: `DOMAIN\user`,
 * `user@suffix`, `user`. The user part must be the same, in any case. Where both names have a domain, these must be the
 * same one: CONTOSO\anna is not FABRIKAM\anna. A NetBIOS name is the domain whose first label it is (CONTOSO and
 * contoso.example.com), or one that an administrator says is the same. A name without a domain stands for any.
 */

interface UserName {
  readonly user: string;
  /** null: none was given */
  readonly domain: string | null;
  /** a NetBIOS name has no dots to tell its parent domains */
  readonly isNetBios: boolean;
}

export interface KnownOn {
  readonly users: readonly string[];
  readonly computerName: string;
  readonly domainNames: readonly (readonly string[])[];
}

export function isKnownUser(named: string, { users, computerName, domainNames }: KnownOn): boolean {
  const groups = domainNames.map((names) => new Set(names.map(folded)));
  const claimed = parse(named, computerName);
  return claimed.user !== '' && users.some((known) => isSame(claimed, parse(known, computerName), groups));
}

function isSame(a: UserName, b: UserName, groups: readonly ReadonlySet<string>[]): boolean {
  if (a.user !== b.user) return false;
  if (a.domain === null || b.domain === null || a.domain === b.domain) return true;
  const [one, other] = [a.domain, b.domain];
  if (groups.some((names) => names.has(one) && names.has(other))) return true;
  if (a.isNetBios === b.isNetBios) return false;
  const [netBios, dns] = a.isNetBios ? [one, other] : [other, one];
  return dns.split('.')[0] === netBios;
}

/** `.\user` is a user of the computer itself. */
function parse(text: string, computerName: string): UserName {
  const name = folded(text);
  const slash = name.indexOf('\\');
  if (slash >= 0) {
    const domain = name.slice(0, slash).trim();
    const named = domain === '.' ? folded(computerName) : domain;
    return {
      user: name.slice(slash + 1).trim(),
      domain: named === '' ? null : named,
      isNetBios: !named.includes('.'),
    };
  }
  const at = name.lastIndexOf('@');
  if (at < 0) return { user: name, domain: null, isNetBios: false };
  const suffix = name.slice(at + 1).trim();
  return { user: name.slice(0, at).trim(), domain: suffix === '' ? null : suffix, isNetBios: false };
}

/** As Windows compares names: in any case, and however an accent was typed. */
function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().trim();
}
