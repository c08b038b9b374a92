import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentages } from '../../shared/reports/enterprise.ts';
import { TimeZone, isDateText, isTimeZone, spanOf } from '../../shared/reports/time.ts';
import { preferredLanguage, wordsOf } from '../../shared/text/language.ts';
import { encryptionMethodWords } from '../../shared/text/compliance.ts';

describe('percentages', () => {
  it('have one decimal, add up to 100, and are never a tenth away from the truth', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 12 }), (counts) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        const found = percentages(counts);
        if (total === 0) expect(new Set(found)).toEqual(new Set([null]));
        else {
          const tenths = found.map((percent) => Math.round((percent ?? NaN) * 10));
          expect(tenths.reduce((sum, tenth) => sum + tenth, 0)).toBe(1_000);
          for (const [index, tenth] of tenths.entries())
            expect(Math.abs(tenth - ((counts[index] ?? NaN) * 1_000) / total)).toBeLessThan(1);
        }
      }),
    );
  });
});

describe('time', () => {
  const madrid = new TimeZone('Europe/Madrid');

  it('has the offset that its zone had at that instant', () => {
    expect(madrid.text(Date.UTC(2026, 2, 29, 0, 59, 59, 123))).toBe('2026-03-29T01:59:59.123+01:00');
    expect(madrid.text(Date.UTC(2026, 2, 29, 1))).toBe('2026-03-29T03:00:00.000+02:00');
    expect(new TimeZone('Asia/Kolkata').text(0)).toBe('1970-01-01T05:30:00.000+05:30');
    expect(new TimeZone('America/St_Johns').text(Date.UTC(2026, 0, 1))).toBe('2025-12-31T20:30:00.000-03:30');
    expect(new TimeZone(null).text(0)).toBe('1970-01-01T00:00:00.000Z');
    for (const beyond of [8.64e15, -8.64e15, Number.MAX_SAFE_INTEGER, NaN])
      expect([madrid.text(beyond), new TimeZone(null).text(beyond)]).toEqual(['', '']);
  });

  it('reads back as the same instant, in any zone', () => {
    const zones = ['Europe/Madrid', 'Pacific/Apia', 'America/Caracas', 'Australia/Lord_Howe', 'UTC'];
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 4e12 }), (zone, ms) => {
        expect(Date.parse(new TimeZone(zone).text(ms))).toBe(ms);
      }),
    );
  });

  it('takes a day as clocks show it, 23 or 25 hours long where they change', () => {
    const hours = (text: string) => {
      const { from, until } = spanOf(text, madrid);
      return (until - from) / 3_600_000;
    };
    expect(spanOf('2026-07-01', madrid).from).toBe(Date.UTC(2026, 5, 30, 22));
    expect(['2026-03-29', '2026-10-25', '2026-07-01'].map(hours)).toEqual([23, 25, 24]);
  });

  it.each([
    ['2026-02-29', false],
    ['2028-02-29', true],
    ['2026-13-01', false],
    ['2026-03-01T25:00:00Z', false],
    ['2026-02-30T10:00:00Z', false],
    ['2026-03-01T10:00Z', true],
    ['2026-03-01T10:00', false],
    ['01/03/2026', false],
  ])('%s is a day or an instant: %s', (text, is) => {
    expect(isDateText(text)).toBe(is);
  });

  it('knows the names of zones', () => {
    expect(['Europe/Madrid', 'UTC', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([true, true, false, false]);
  });
});

describe('language', () => {
  it.each([
    [undefined, 'en'],
    ['es', 'es'],
    ['ES-mx,es;q=0.9', 'es'],
    ['fr, es;q=0.5, en;q=0.4', 'es'],
    ['en;q=0.4, es;q=0.5', 'es'],
    ['es;q=0', 'en'],
    ['eso', 'en'],
    ['*', 'en'],
  ] as const)('for %s is %s', (header, language) => {
    expect(preferredLanguage(header)).toBe(language);
  });

  it('shows a code that it has no word for as it is', () => {
    expect(wordsOf(encryptionMethodWords, 'es', 0xffffffff)).toBe('Desconocido');
    expect(wordsOf(encryptionMethodWords, 'es', 8)).toBe('8');
    expect(wordsOf(encryptionMethodWords, 'en', 'toString')).toBe('toString');
  });
});
