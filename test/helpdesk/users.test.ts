import { describe, expect, it } from 'vitest';
import { isKnownUser } from '../../shared/helpdesk/users.ts';

const on = (users: string[], domainNames: string[][] = []) => ({ users, computerName: 'PC-01', domainNames });

describe('a user is known on a computer', () => {
  it.each([
    ['CONTOSO\\anna', 'contoso\\Anna', 'in any case'],
    ['anna', 'CONTOSO\\anna', 'by the user part, where the caller gives no domain'],
    ['CONTOSO\\anna', 'anna', 'by the user part, where the computer reported none'],
    ['anna@contoso.example.org', 'CONTOSO\\anna', 'by a UPN whose suffix begins with the NetBIOS name'],
    ['CONTOSO\\anna', 'anna@contoso.example.org', 'and the other way round'],
    ['.\\anna', 'PC-01\\anna', 'as a user of the computer itself'],
    [' CONTOSO\\anna ', 'CONTOSO\\anna', 'with blanks around'],
    ['CORP\\jose\u0301', 'CORP\\jos\u00e9', 'however the accent was typed'],
    ['CONTOSO.EXAMPLE.ORG\\anna', 'anna@contoso.example.org', 'by the full name of the domain'],
  ])('%j where %j was reported: %s', (named, known) => {
    expect(isKnownUser(named, on([known]))).toBe(true);
  });

  it.each([
    ['CONTOSO\\anna', 'FABRIKAM\\anna', 'of another domain'],
    ['anna@contoso.example.org', 'anna@contoso.example.com', 'of another suffix'],
    ['anna@fabrikam.example.org', 'CONTOSO\\anna', 'of another domain, in another form'],
    ['CONTOSO\\ann', 'CONTOSO\\anna', 'by a beginning'],
    ['CONTOSO\\', 'CONTOSO\\anna', 'without a user'],
    ['@contoso.example.org', 'CONTOSO\\anna', 'by a suffix alone'],
    ['CONTOSO\\anna', 'PC-01\\anna', 'of the domain, where the computer has a user of that name'],
    ['CONTOSO\\anna', '', 'by nothing'],
  ])('%j where %j was reported is not: %s', (named, known) => {
    expect(isKnownUser(named, on([known]))).toBe(false);
  });

  it('under domain names that an administrator says are the same', () => {
    const names = [['CONTOSO', 'mail.example.net', 'contoso.local']];
    expect(isKnownUser('anna@mail.example.net', on(['CONTOSO\\anna'], names))).toBe(true);
    expect(isKnownUser('anna@mail.example.net', on(['anna@contoso.local'], names))).toBe(true);
    expect(isKnownUser('anna@mail.example.net', on(['FABRIKAM\\anna'], names))).toBe(false);
  });
});
