/** The words of `holdfast staff`. */
export const staffing = {
  help: {
    list: 'list people, and by which credentials each can sign in',
    link: 'make a one-time enrolment link for a person',
    revoke: 'revoke a person: their sessions end, and their credentials are forgotten everywhere',
    reset: "forget all of a person's credentials, everywhere and for good; they need a new link",
    change: 'have a person choose another password, at the centre, before anything else',
    token: 'API tokens of people, for scripts',
    tokenAdd: 'make an API token for a person',
    tokenRevoke: 'revoke an API token',
    tokenId: 'the token\'s ID, from "holdfast staff list"',
    label: 'what it is for',
    scope: 'what it may be used for, with commas: keys, reports, administration',
    days: 'how long it is valid',
    code: 'show the one-time code of a person of the local installation',
  },
  columns: {
    id: 'ID',
    role: 'ROLE',
    sites: 'SITES',
    signsIn: 'SIGNS IN BY',
  },
  all: 'all',
  credentials: {
    password: 'password',
    passkeys: (count: number): string => `${String(count)} passkey${count === 1 ? '' : 's'}`,
    tokens: (ids: string): string => `tokens ${ids}`,
    link: 'link not used yet',
    mustChange: 'must change it',
    revoked: 'revoked',
    none: 'nothing yet',
  },
  linkIs: (id: string, until: string): string => `${id} can enrol once with this link, until ${until}:`,
  linkOnce: 'It is shown once. Hand it over in a way that only they can read.',
  revoked: (id: string): string =>
    `${id} is revoked here at once, and at every other node with its next sync.`,
  reset: (id: string): string =>
    `The credentials of ${id} are forgotten. To give new ones: holdfast staff link ${id}`,
  changeDemanded: (id: string): string => `${id} has to choose another password at the centre.`,
  tokenRevoked: (id: string): string => `The token ${id} is revoked.`,
  noSuchPerson: (id: string): string => `Nobody has the ID "${id}".`,
  noSuchToken: (id: string): string => `There is no token with the ID "${id}".`,
  notScope: (text: string): string => `"${text}" is none of keys, reports and administration.`,
  notLocal: (id: string): string =>
    `${id} is not of the local installation, whose codes alone are known here.`,
};
