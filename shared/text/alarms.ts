/**
 * What alarms say in detail, for people. An alarm's detail is one English sentence, as it stands in the log and as programs
 * read it; here is what it is in other words. One that is not known here, such as a database's own, is shown as it is.
 */
import type { MarkReason } from '../journal/kinds.ts';
import type { Language, Words } from './language.ts';

/** Why an entry is held and has no effect (I9). */
export const markReasonWords: Words<MarkReason> = {
  en: {
    'unknown-kind': 'of a kind that this version does not know',
    'unknown-version': 'written by a newer version',
    'no-authority': 'its author may not write such entries',
    malformed: 'not in order',
    'refused-by-database': 'refused by the database',
  },
  es: {
    'unknown-kind': 'de un tipo que esta versión no conoce',
    'unknown-version': 'escrita por una versión más nueva',
    'no-authority': 'su autor no puede escribir tales entradas',
    malformed: 'no está en regla',
    'refused-by-database': 'la base de datos la rechazó',
  },
};

type LogFault = 'certificate' | 'head' | 'chain' | 'body' | 'storage' | 'fork' | 'gap';
/** what `fetch` throws */
type NetworkFault = 'TypeError' | 'Error' | 'TimeoutError' | 'AbortError';

/** Codes that are a whole detail. */
const CODES: Words<MarkReason | LogFault | NetworkFault> = {
  en: {
    ...markReasonWords.en,
    certificate: 'its author’s certificate is not in order',
    head: 'its author’s signature is not in order',
    chain: 'its entries do not follow from each other',
    body: 'an entry is not in order',
    storage: 'there is no room for it',
    fork: 'another log is held under this name',
    gap: 'what comes before it is missing',
    ...{ TypeError: 'no answer', Error: 'no answer' },
    ...{ TimeoutError: 'no answer in time', AbortError: 'no answer in time' },
  },
  es: {
    ...markReasonWords.es,
    certificate: 'el certificado de su autor no está en regla',
    head: 'la firma de su autor no está en regla',
    chain: 'sus entradas no se siguen una de otra',
    body: 'una entrada no está en regla',
    storage: 'no hay sitio',
    fork: 'se tiene otro registro con este nombre',
    gap: 'falta lo anterior',
    ...{ TypeError: 'sin respuesta', Error: 'sin respuesta' },
    ...{ TimeoutError: 'sin respuesta a tiempo', AbortError: 'sin respuesta a tiempo' },
  },
};

const HERE_WRONG = ' the row here is not what the journal says$';
const THERE_WRONG = ' the row at (.+) is not what the journal says$';

/** In Spanish, with the parts that change in the order of the pattern. */
const SPANISH: readonly (readonly [said: RegExp, spanish: string])[] = [
  [/^two entries claim place (\d+)$/, 'dos entradas reclaman el lugar $1'],
  [
    /^another copy of this node wrote a different entry (\d+)$/,
    'otra copia de este nodo escribió otra entrada $1',
  ],
  [/^(\d+) s ahead of this node$/, '$1 s por delante de este nodo'],
  [/^held under a certificate of another organisation$/, 'guardado con un certificado de otra organización'],
  [
    /^a peer has another log under this name, and does not prove it$/,
    'un par tiene otro registro con este nombre, y no lo demuestra',
  ],
  [
    /^(\S+) did not become ready, and the version before it runs on$/,
    '$1 no llegó a estar lista, y sigue en marcha la versión anterior',
  ],
  [
    /^another password or device stands under this key ID$/,
    'hay otra contraseña u otro dispositivo con este ID de clave',
  ],
  [/^too many sign-ins failed$/, 'fallaron demasiados inicios de sesión'],
  [/^nothing can be written on the disk$/, 'no se puede escribir nada en el disco'],
  [/^the disk is nearly full; refused: (.+)$/, 'el disco está casi lleno; se rechaza: $1'],
  [/^the database refused \((.+?)\): (.*)$/, 'la base de datos rechazó ($1): $2'],
  [
    /^its file was deleted, moved or replaced while it was open$/,
    'su fichero se borró, movió o cambió estando abierto',
  ],
  [/^its file was deleted or moved while it was open$/, 'su fichero se borró o movió estando abierto'],
  [
    /^ends in (-?\d+) days; peers refuse it then$/,
    'caduca dentro de $1 días; entonces los pares lo rechazan',
  ],
  [/^ends in (\d+) days$/, 'caduca dentro de $1 días'],
  [/^has ended$/, 'ha caducado'],
  [/^(\S+) does not open with the vault key held here$/, '$1 no se abre con la clave de bóveda de este nodo'],
  [
    /^(\d+) of (\d+) sampled keys do not open with the vault key held here: (.+)$/,
    '$1 de $2 claves de muestra no se abren con la clave de bóveda de este nodo: $3',
  ],
  [/^the peer projects by other rules$/, 'el par hace sus tablas con otras reglas'],
  [
    /^the tables of the peer are being made again, or are of another version$/,
    'las tablas del par se están rehaciendo, o son de otra versión',
  ],
  [
    /^the tables here are being made again, or are of another version$/,
    'las tablas de aquí se están rehaciendo, o son de otra versión',
  ],
  [/^(.+) holds another log of the same length$/, '$1 tiene otro registro de la misma longitud'],
  [
    /^one of both holds entries that it could not project$/,
    'uno de los dos tiene entradas de las que no pudo hacer tablas',
  ],
  [new RegExp(`^differs;${HERE_WRONG}`), 'distinta; la fila de aquí no es lo que dice el diario'],
  [new RegExp(`^differs;${THERE_WRONG}`), 'distinta; la fila de $1 no es lo que dice el diario'],
  [new RegExp(`^only-here;${HERE_WRONG}`), 'solo aquí; la fila de aquí no es lo que dice el diario'],
  [new RegExp(`^only-here;${THERE_WRONG}`), 'solo aquí; la fila de $1 no es lo que dice el diario'],
  [new RegExp(`^only-there;${HERE_WRONG}`), 'solo allí; la fila de aquí no es lo que dice el diario'],
  [new RegExp(`^only-there;${THERE_WRONG}`), 'solo allí; la fila de $1 no es lo que dice el diario'],
  [
    /^(\d+) entries kept aside: (.+) was revoked and is trusted to (\d+)$/,
    '$1 entradas apartadas: $2 fue revocado y se confía en él hasta la $3',
  ],
  [
    /^somebody asked for more keys than may be given out in an hour$/,
    'alguien pidió más claves de las que se pueden entregar en una hora',
  ],
  [
    /^somebody searched for more key IDs than may be in an hour$/,
    'alguien buscó más ID de clave de los permitidos en una hora',
  ],
  [/^two officers opened break-glass$/, 'dos responsables abrieron el modo de emergencia'],
  [/^no snapshot was made in time$/, 'no se hizo ninguna instantánea a tiempo'],
  [/^the last snapshot failed$/, 'falló la última instantánea'],
  [/^the backup tool did not report back in time$/, 'la herramienta de copias no avisó a tiempo'],
  [/^the last backup failed$/, 'falló la última copia'],
  [/^no backup was made in time$/, 'no se hizo ninguna copia a tiempo'],
  [/^refused with (\d+)$/, 'lo rechazó con $1'],
  [/^answered with (\d+)$/, 'respondió con $1'],
  [/^a (?:release|certificate request|pull|push) was answered with (\d+)$/, 'respondió con $1'],
  [/^(?:digests|hashes) were answered with (\d+)$/, 'respondió con $1'],
  [
    /^the peer could not prove that it is a node of this organisation$/,
    'el par no pudo demostrar que es un nodo de esta organización',
  ],
  [/^the peer was revoked$/, 'el par fue revocado'],
  [/^it answered in a form this version does not know$/, 'respondió en una forma que esta versión no conoce'],
  [/^no answer$/, 'sin respuesta'],
  [
    /^it speaks protocol (.+) and this program (.+): upgrade the older of the two$/,
    'habla el protocolo $1 y este programa $2: actualice el más antiguo de los dos',
  ],
  [/^unexpected failure$/, 'fallo inesperado'],
];

/** A detail in a language, and which language it is in after all. */
export function alarmDetail(
  detail: string,
  language: Language,
): { readonly words: string; readonly language: Language } {
  const codes: Readonly<Record<string, string>> = CODES[language];
  const code = Object.hasOwn(codes, detail) ? codes[detail] : undefined;
  if (code !== undefined) return { words: code, language };
  if (language === 'en') return { words: detail, language };
  const known = SPANISH.find(([said]) => said.test(detail));
  return known ? { words: detail.replace(...known), language } : { words: detail, language: 'en' };
}
