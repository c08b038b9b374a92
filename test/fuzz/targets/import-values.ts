/** Bytes and times in the cells of imported files. */
import fc from 'fast-check';
import { base64Bytes, bytesOf, timeOf } from '../../../shared/import/record.ts';
import { type Target, must, same, textOf, signsOf } from '../target.ts';

/** By the calendar, digit by digit; null for what it has not. */
function instantOf(text: string): number | null {
  const found =
    /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?\s*(Z|[+-]\d\d:?\d\d)?)?$/i.exec(
      text.trim(),
    );
  if (!found) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((digits) => Number((digits as string | undefined) ?? 0));
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  if (
    month < 1 ||
    month > 12 ||
    day < 1 ||
    day > (days[month - 1] ?? 0) ||
    hour > 23 ||
    minute > 59 ||
    second > 59
  )
    return null;
  let dayNumber = day - 1;
  for (let before = 1970; before < year; before += 1)
    dayNumber += (before % 4 === 0 && before % 100 !== 0) || before % 400 === 0 ? 366 : 365;
  for (let before = 1; before < month; before += 1) dayNumber += days[before - 1] ?? 0;
  if (year < 1970) return null;
  const zone = /^([+-])(\d\d):?(\d\d)$/.exec(found[8] ?? '');
  if (zone && (Number(zone[2]) > 23 || Number(zone[3]) > 59)) return null;
  const offset = zone ? (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0;
  const at =
    ((dayNumber * 24 + hour) * 60 + minute - offset) * 60_000 +
    second * 1000 +
    Math.floor(Number(`0.${found[7] ?? '0'}`) * 1000);
  return at >= 0 ? at : null;
}

const two = fc.integer({ min: 0, max: 99 }).map((value) => String(value).padStart(2, '0'));

export const target: Target = {
  name: 'import-values',
  holds:
    'base64 and hex give the bytes that they were made of, and nothing else does; a time is the instant that a calendar written out counts, and a day that none has is no time',
  inputs: fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`),
    fc
      .tuple(
        fc.integer({ min: 1960, max: 2300 }),
        fc.integer({ min: 0, max: 13 }),
        fc.integer({ min: 0, max: 32 }),
        two,
        two,
        fc.constantFrom('', ':00', ':59.1234567', ':61'),
        fc.constantFrom('', 'Z', '+02:00', '-0330', '+99:99'),
      )
      .map(
        ([year, month, day, hour, minute, rest, zone]) =>
          `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}T${hour}:${minute}${rest}${zone}`,
      ),
    fc
      .date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    fc.string({ unit: signsOf('AZaz09+/= -_x\n'), maxLength: 40 }),
  ),
  bytesMax: 200,
  open: () => ({
    seeds: [
      'AP8Q',
      '0x00ff10',
      '2024-01-31T09:32:11Z',
      '2024-02-29 23:59:59.9999999 -03:30',
      '0099-01-01',
      'AA==',
      '2024-01-31',
    ],
    run(input) {
      const text = textOf(input);
      const bytes = base64Bytes(text);
      const bare = text.replace(/\s/g, '').replace(/={1,2}$/, '');
      must(
        (bytes !== null) === (/^[A-Za-z0-9+/]*$/.test(bare) && bare.length % 4 !== 1),
        'base64 is taken or refused wrongly',
      );
      if (bytes) must(Buffer.from(bare, 'base64').equals(bytes), 'base64 gives other bytes');
      const either = bytesOf(text);
      if (/^\s*0x/i.test(text)) {
        const hex = text.trim().slice(2);
        must(
          (either !== null) === (hex.length % 2 === 0 && /^[0-9a-f]*$/i.test(hex)),
          'hex is taken or refused wrongly',
        );
        if (either) must(Buffer.from(hex, 'hex').equals(either), 'hex gives other bytes');
      } else same(either && [...either], bytes && [...bytes], 'bytes are read otherwise');
      same(timeOf(text), instantOf(text), 'a time is another instant, or none');
    },
  }),
};
