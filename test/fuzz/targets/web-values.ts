/** Small things that come in with requests: languages, addresses to go on to, days, time zones, names of users. */
import fc from 'fast-check';
import { isKnownUser } from '../../../shared/helpdesk/users.ts';
import { localPath } from '../../../shared/portal/local-path.ts';
import { Clock } from '../../../shared/portal/clock.ts';
import { TimeZone, isDateText, isTimeZone, spanOf } from '../../../shared/reports/time.ts';
import { LANGUAGES, preferredLanguage } from '../../../shared/text/language.ts';
import { Steps, type Target, must, same, textOf, signsOf } from '../target.ts';

const ZONES = [
  'Europe/Madrid',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Australia/Lord_Howe',
  'UTC',
  'Africa/Monrovia',
];
const zones = new Map(ZONES.map((name) => [name, new TimeZone(name)]));
const utc = new TimeZone(null);
const clocks = LANGUAGES.map((language) => new Clock(language, 'Europe/Madrid', 1_795_521_600_000));
const HOST = 'https://node.example';

export const target: Target = {
  name: 'web-values',
  holds:
    'an address to go on to stays on this node however browsers read it; a day is a day of the calendar and a span of 22 to 26 hours; an instant written in a zone is read back as itself; the same name is the same user',
  inputs: fc.oneof(
    fc.webUrl(),
    fc
      .tuple(
        fc.constantFrom('/', '//', '/\\', '\\', ' /', '/\t/', '/a'),
        fc.string({ unit: signsOf('/\\.:@?#%ab\t\n\u2028é'), maxLength: 20 }),
      )
      .map((parts) => parts.join('')),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc
      .tuple(
        fc.integer({ min: 0, max: 9999 }),
        fc.integer({ min: 0, max: 13 }),
        fc.integer({ min: 0, max: 32 }),
        fc.constantFrom('', 'T00:00Z', 'T23:59:59.999+14:00', 'T24:00Z', 'T12:00 01:00'),
      )
      .map(
        ([year, month, day, time]) =>
          `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}${time}`,
      ),
    fc
      .array(
        fc
          .tuple(
            fc.constantFrom('es', 'en', 'ES-mx', 'fr', '*'),
            fc.constantFrom('', ';q=0', ';q=0.8', '; q=1', ';q=x', ';q=1e9'),
          )
          .map((parts) => parts.join('')),
        { maxLength: 6 },
      )
      .map((list) => list.join(', ')),
    fc
      .tuple(
        fc.constantFrom('CORP', 'corp.example', '', '.'),
        fc.constantFrom('\\', '@'),
        fc.string({ maxLength: 8 }),
      )
      .map((parts) => parts.join('')),
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
  ),
  words: [
    '//',
    '/\\',
    '/%2f',
    'https:',
    '@',
    'es',
    ';q=',
    'Europe/Madrid',
    '2024-02-29',
    'T12:00',
    '+02:00',
    'Z',
    'CORP\\',
    '\u0130',
    '\u0049\u0307',
  ],
  bytesMax: 300,
  open: () => ({
    seeds: [
      '/keys?id=1',
      '//evil.example',
      '2024-02-30',
      '2026-03-29T02:30:00+01:00',
      'es-ES,es;q=0.9,en;q=0.8',
      'CORP\\maria',
      new Uint8Array([1, 2, 3, 4, 5, 6, 7, 0]),
    ],
    run(input) {
      const text = textOf(input);
      addresses(text);
      days(text);
      instants(input);
      must(LANGUAGES.includes(preferredLanguage(text)), 'no language');
      isTimeZone(text);
      names(text);
    },
  }),
};

function addresses(text: string): void {
  const kept = localPath(text);
  must(URL.canParse(kept, HOST) && new URL(kept, HOST).origin === HOST, 'an address leads away');
  must(kept === '/' || kept === text, 'an address is changed');
  must(!/[\r\n]/.test(kept), 'an address ends a header');
}

function days(text: string): void {
  if (!isDateText(text)) return;
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  const last = [
    31,
    (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28,
    31,
    30,
    31,
    30,
    31,
    31,
    30,
    31,
    30,
    31,
  ];
  must(month >= 1 && month <= 12 && day >= 1 && day <= (last[month - 1] ?? 0), 'a day that no calendar has');
  for (const zone of [utc, ...zones.values()]) {
    const { from, until } = spanOf(text, zone);
    must(Number.isFinite(from) && Number.isFinite(until), 'no span');
    const hours = (until - from) / 3_600_000;
    // In 2011 Samoa left a day out, in 1892 it had one twice; before 1972 Liberia was 44 minutes 30 seconds behind.
    must(text.length > 10 ? hours === 0 : hours >= 0 && hours <= 49, 'a day has no length of a day');
  }
}

function instants(input: Uint8Array<ArrayBuffer>): void {
  const steps = new Steps(input);
  const ms = (steps.number(6) - 2 ** 47) * (steps.byte() % 2 === 0 ? 1 : 100);
  for (const zone of [utc, zones.get(steps.pick(ZONES)) ?? utc]) {
    const written = zone.text(ms);
    if (written === '') {
      must(Math.abs(ms) >= 8.64e15 - 86_400_000, 'an instant of the calendar is not written');
      continue;
    }
    const read = Date.parse(written);
    // Offsets of before time zones had seconds, which are not written.
    must(
      Math.abs(read - ms) < 60_000 && (ms < 0 || ms % 1000 === 0 || read === ms || ms < 63_000_000_000),
      'an instant is written as another',
    );
  }
  for (const clock of clocks)
    for (const said of [
      clock.time(ms),
      clock.day(ms),
      clock.recent(ms),
      clock.ago(ms),
      clock.span(Math.abs(ms)),
    ])
      must(said !== '' && !/NaN|Invalid/.test(said), 'a time is said as none');
}

function names(text: string): void {
  const known = (users: readonly string[]) => ({
    users,
    computerName: 'PC',
    domainNames: [['CORP', 'corp.example']],
  });
  const isSomebody = isKnownUser(text, known([text]));
  if (/^[\x21-\x7e]{1,60}$/.test(text) && !/[\\@]/.test(text)) {
    must(isSomebody, 'somebody is not known by the same name');
    for (const same of [text.toUpperCase(), `CORP\\${text}`, `${text}@corp.example`])
      must(isKnownUser(same, known([`corp\\${text}`])), 'somebody is not known by another form of the name');
    must(!isKnownUser(`OTHER\\${text}`, known([`CORP\\${text}`])), 'somebody of another domain is known');
  }
  same(isKnownUser(text, known([])), false, 'somebody is known where nobody is');
}
