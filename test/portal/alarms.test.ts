import { expect, it } from 'vitest';
import { alarmDetail } from '../../shared/text/alarms.ts';

/** As the code that raises them puts it, with what changes. */
it.each([
  ['two entries claim place 7', 'dos entradas reclaman el lugar 7'],
  ['ends in 12 days; peers refuse it then', 'caduca dentro de 12 días; entonces los pares lo rechazan'],
  ['ends in -1 days; peers refuse it then', 'caduca dentro de -1 días; entonces los pares lo rechazan'],
  ['only-here; the row at centre is not what the journal says', /^solo aquí; la fila de centre no es/],
  ['differs; the row here is not what the journal says', /^distinta; la fila de aquí no es/],
  ['a push was answered with 503', 'respondió con 503'],
  ['the database refused (full): a page', /^la base de datos rechazó \(full\): a page$/],
  ['chain', 'sus entradas no se siguen una de otra'],
  ['two officers opened break-glass', 'dos responsables abrieron el modo de emergencia'],
] as const)('says "%s" in Spanish', (detail, spanish) => {
  expect(alarmDetail(detail, 'es')).toEqual({
    ...{ words: expect.stringMatching(spanish) as string, language: 'es' },
  });
});

it('has words for codes in either language, and shows as English what it does not know', () => {
  expect(alarmDetail('TypeError', 'en')).toEqual({ words: 'no answer', language: 'en' });
  expect(alarmDetail('constructor', 'es')).toEqual({ words: 'constructor', language: 'en' });
  expect(alarmDetail('something new', 'es')).toEqual({ words: 'something new', language: 'en' });
});
