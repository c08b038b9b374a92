/** The command line's words about requests for approval, break-glass, device states and the outbox; English. */
import type { Need } from '../../shared/helpdesk/messages.ts';

const needs: Readonly<Record<Need, string>> = {
  'site-rule': 'the rule of the site',
  'centre-away': 'this node has been without its centre for long',
  'device-stolen': 'the device was reported stolen',
  'end-user-unknown': 'the user is not known on the computer',
  'asked-for': 'it was asked for',
};

export const disclosure = {
  help: {
    request: 'ask for a key that a second person approves; the rules of a site may ask for that anyway',
    requests: 'list what waits at this node for a second person',
    approve: 'approve a request, as the second person',
    deny: 'deny a request, as the second person',
    collect: 'get the password of an approved request, once',
    requestId: 'the request: r-…',
    breakGlass: 'break-glass: two officers open one site, when the usual rules no longer do',
    breakGlassShow: 'show what is open at a node, and what waits for a second officer',
    breakGlassAsk: 'ask for it, as the first officer',
    breakGlassOpen: 'open what another officer asked for, for four hours',
    breakGlassEnd: 'end it before its time',
    openingId: 'the opening: b-…',
    why: 'why, for the record',
    deviceState: 'say that a device is live, retired (keys kept, outside percentages) or stolen',
    state: 'live, retired or stolen',
    keysAtRisk: 'keys that need somebody: given out and not rotated, in conflict, never seen',
    risk: 'only this reason',
    overdue: 'only those that should have been rotated by now',
    notify: 'run a command for each disclosure, to tell the drive’s user',
    notifyState: 'file that keeps the place that was reached (made when it is missing, from now on)',
    notifyExec: 'command; it gets the disclosure as JSON on standard input, and the addresses in HOLDFAST_TO',
  },
  rules: {
    command: 'how carefully keys are given out',
    show: 'show what holds for the organisation or for a site',
    set: 'change it; what is not named stays as it is',
    fields: {
      personPerHour: 'keys that one person may give out in an hour, at one node',
      nodePerHour: 'keys that all may give out in an hour, at one node',
      twoPersonsOfflineMs: 'days without the centre after which a key takes two persons',
      breakGlassOfflineMs: 'days without the centre after which it takes break-glass',
      breakGlassDisclosures: 'keys of one opening of break-glass',
      silentMs: 'days after which a device that is not heard is silent',
      rotationDueMs: 'days after which a key that was given out should be gone from its drive',
    },
    twoPersons: 'a second person for each key: always, or by need',
    always: 'always',
    byNeed: 'by need',
    sameDomain: 'names of one and the same domain, with commas (CORP,example.org); may be given again',
    notANumber: (flag: string): string => `${flag} must be a whole number from 1 on.`,
    from: (id: string | null): string =>
      id === null ? 'Nothing is configured; Holdfast comes with:' : `As configured for ${id}:`,
  },
  waits: (requestId: string, why: readonly Need[]): string =>
    `A second person has to approve (${why.map((need) => needs[need]).join('; ')}). Request ${requestId}.`,
  tellThem: (requestId: string): string => `They run, at this node: holdfast key approve ${requestId}`,
  thenCollect: (requestId: string): string => `Then you run:            holdfast key collect ${requestId}`,
  until: (time: string): string => `until ${time}`,
  nothingWaits: 'Nothing waits at this node.',
  answered: (requestId: string, state: string): string => `Request ${requestId} is ${state}.`,
  states: {
    waiting: 'waiting',
    approved: 'approved',
    denied: 'denied',
    expired: 'expired',
    used: 'used',
  } as Readonly<Record<string, string>>,
  columns: {
    request: 'REQUEST',
    askedBy: 'ASKED BY',
    opening: 'OPENING',
    until: 'UNTIL',
    overdue: 'OVERDUE',
  },
  open: (site: string, openingId: string, minutes: number, left: number): string =>
    `Break-glass is open for ${site} (${openingId}): ${String(minutes)} minutes and ${String(left)} disclosures left.`,
  notOpen: 'Break-glass is not open at this node.',
  secondOfficer: (openingId: string): string =>
    `Another officer runs, at this node: holdfast break-glass open ${openingId}`,
  stateSet: (deviceId: string, state: string): string =>
    `${deviceId} is ${state}, everywhere with the next sync.`,
  overdueYes: 'overdue',
  notified: (count: number): string => `${String(count)} disclosure${count === 1 ? '' : 's'} told.`,
  notifyBegins: 'The outbox begins here: what was given out before is not told.',
  commandFailed: (reference: string): string =>
    `The command failed for ${reference}: it is tried again the next time.`,
};
