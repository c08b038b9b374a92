/** Lo que la línea de órdenes dice al importar y exportar claves, en español. */
import type { ImportSource } from '../../shared/domain/vocabulary.ts';
import type { importing as english } from './en-import.ts';

const SOURCES: Readonly<Record<ImportSource, string>> = {
  'active-directory': 'Active Directory',
  mbam: 'MBAM',
  entra: 'Entra ID',
  csv: 'una hoja de cálculo',
};

const s = (count: number): string => (count === 1 ? '' : 's');
const n = (value: number): string => value.toLocaleString('es-ES');

function duration(seconds: number): string {
  if (seconds < 60) return `${String(seconds)} s`;
  return `${String(Math.floor(seconds / 60))} min ${String(seconds % 60)} s`;
}

function quoted(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`;
}

export const importing: typeof english = {
  help: {
    import: 'trae claves de Active Directory, MBAM o ConfigMgr, Entra o una hoja de cálculo',
    source:
      'qué son los ficheros: ad (LDIF), mbam (CSV de la consulta documentada), entra (JSON de Graph), csv',
    files: 'los ficheros, o - para la entrada estándar; se leen una vez y nunca se copian',
    site: 'la sede de todo equipo que ninguna regla de --sites nombre',
    sites: 'fichero de reglas: computer, ou o domain, patrón, sede',
    map: 'csv: qué columna es qué campo, como keyId="Id. de clave"',
    delimiter: 'el separador de un CSV, si la cabecera no lo muestra',
    dryRun: 'leer y comprobar todo, sin escribir nada',
    report: 'escribir también el informe en estos ficheros (.txt, .json, .csv)',
    export: 'saca todas las claves a un fichero que solo leen destinatarios de age; exige dos responsables',
    exportRequest: 'pedir una exportación, como primer responsable',
    exportConfirm: 'confirmar una exportación, como segundo responsable',
    exportShow: 'mostrar de qué trata una exportación y cómo va',
    exportFetch: 'recoger una exportación confirmada',
    exportId: 'el ID de la exportación',
    recipient: 'quién puede leerla: age1...',
    purpose:
      'worst-day: las claves se usan ya y los PC crean otras; leaving: las claves siguen siendo válidas',
    reason: 'por qué, para el registro de auditoría de cada clave',
    out: 'fichero que se creará',
  },
  importedFrom: (source, confirmed) =>
    `importada de ${SOURCES[source]}${confirmed ? '' : ', aún sin confirmar por un PC'}`,
  whichSite: '¿A qué sede pertenecen los equipos?',
  howToSite: 'Dé --site ID para todos, o --sites FICHERO con reglas, o ambos.',
  mapIsForCsv: '--map es para csv; los demás orígenes tienen columnas propias.',
  notAField: (field, fields) => `--map no conoce el campo "${field}". Hay: ${fields.join(', ')}.`,
  notASiteRule: (file, line) =>
    `${file}, línea ${String(line)}: no es una regla como "ou OU=Madrid,DC=corp,DC=example madrid".`,
  noSuchFile: 'no existe ese fichero',
  reportForm: (file) => `${file}: un informe es .txt, .json o .csv.`,
  columnsMissing: (fields) => `La cabecera no tiene columna para: ${fields.join(', ')}.`,
  useMap:
    'La primera línea tiene que nombrar las columnas. Diga cuál es cuál con --map CAMPO=COLUMNA, y el separador con --delimiter.',
  isItTheQuery:
    '¿Es el resultado de docs/import/mbam.sql o configmgr.sql, guardado como CSV con su cabecera?',
  notText: (file, kind) =>
    ({
      gzip: `${file} está comprimido (gzip): descomprímalo antes.`,
      zip: `${file} es un archivo ZIP o un libro de hojas de cálculo: descomprímalo, o guarde la hoja como CSV.`,
      binary: `${file} no es texto.`,
    })[kind],
  sitesTooLong: (file, bytes) => `${file}: no se leen reglas de más de ${n(bytes / 1024 / 1024)} MB.`,
  noKeys: 'No hay ninguna clave. ¿Es este el fichero?',
  runAgain: (records) =>
    `Se ha${records === 1 ? '' : 'n'} tratado ${n(records)} registro${s(records)}. Ejecute la misma orden otra vez: nada se escribe dos veces.`,
  reportLost: (file, why) => `Sin informe en ${file}: ${why}.`,
  progress: (records, perSecond, secondsLeft) =>
    `${n(records)} claves, ${n(perSecond)}/s${secondsLeft === null ? '' : `, quedan ${duration(secondsLeft)}`}`,
  done: (node) => `Importado en ${node}.`,
  dryRunDone: (node) => `Ensayo en ${node}: no se ha escrito nada.`,
  counts: {
    records: 'Registros',
    accepted: 'Aceptados',
    alreadyThere: 'Ya estaban',
    conflicts: 'Conflictos',
    invalid: 'No válidos',
  },
  otherEntries: (count) => `${n(count)} entrada${s(count)} sin clave de recuperación omitida${s(count)}.`,
  windows1252: (count) =>
    `${n(count)} registro${s(count)} no está${count === 1 ? '' : 'n'} en UTF-8 y se ha${count === 1 ? '' : 'n'} leído como Windows-1252: revise los nombres.`,
  pagesMissing: 'La última página nombra otra (@odata.nextLink): esto no es todo.',
  cutOff: 'El fichero acaba en mitad de algo: esto no es todo.',
  moreDetails: (count) => `... y ${n(count)} más; --report FICHERO los tiene todos.`,
  group: (group) => `grupo ${String(group)}`,
  reasons: {
    'other-password-first': 'conflicto: otra contraseña tenía antes este ID de clave; se guardan ambas',
    'encoding-unknown': 'en ninguna codificación conocida',
    'too-long': 'demasiado largo para ser un registro',
    malformed: 'no se puede leer',
    'key-id-missing': 'sin ID de clave',
    'key-id-invalid': 'el ID de clave no es un GUID',
    'key-ids-differ': 'el ID de clave difiere del que lleva su nombre: ¿bytes en otro orden?',
    'password-missing': 'sin contraseña de recuperación (¿puede leerla en el origen?)',
    'not-48-digits': 'la contraseña de recuperación no tiene 48 dígitos',
    'not-divisible-by-11': 'la contraseña de recuperación tiene un grupo mal escrito',
    'group-too-large': 'la contraseña de recuperación tiene un grupo mal escrito',
    'volume-id-invalid': 'el ID de volumen no es un GUID',
    'key-package-invalid': 'el paquete de clave no es base64 ni 0x..., o es demasiado largo',
    'text-invalid': 'un nombre es demasiado largo o no se puede guardar',
    'site-missing': 'ninguna regla le da una sede',
    'site-unknown': 'su sede no está configurada o no tiene bóveda',
    'site-elsewhere': 'su sede es de otra región que la de este nodo',
    refused: 'rechazado por el nodo',
  },
  destroy: (files, invalid) =>
    [
      ...(invalid > 0 ? [`Antes, revise lo no válido: esos ${n(invalid)} están solo en el origen.`] : []),
      files.length === 0
        ? 'Dondequiera que se guardara el origen siguen todas las contraseñas en claro. Destrúyalo.'
        : 'El origen conserva todas las contraseñas en claro. Destrúyalo, y también cada copia:',
      ...(files.length === 0 ? [] : [`    shred -u ${files.map(quoted).join(' ')}`]),
      'En un SSD, un sistema de ficheros con copia al escribir o una copia de seguridad no basta con sobrescribir: destruya la clave del volumen cifrado donde estaba.',
    ].join('\n'),

  exportMade: (id) => `La exportación ${id} espera a un segundo responsable, durante una hora. En este nodo:`,
  exportConfirmed: (id) => `La exportación ${id} está confirmada. Cualquiera de los dos puede recogerla ya:`,
  exportDone: (file, keys) =>
    `${n(keys)} clave${s(keys)} exportada${s(keys)} a ${file}, cada una con su registro de auditoría.`,
  exportNotOpened: (keys) =>
    `${n(keys)} clave${s(keys)} no se pudo${keys === 1 ? '' : 'ieron'} abrir en este nodo y no está${keys === 1 ? '' : 'n'} en el fichero.`,
  exportBroken: (file) => `El fichero se interrumpió; ${file} no se ha creado. Recójalo otra vez.`,
  exportRotates: 'Cada clave cuenta como entregada: su PC crea otra cuando informe.',
  exportStays:
    'Las claves siguen siendo válidas. Cuando se haya abierto el fichero, haga que los PC creen otras.',
  exportStates: {
    waiting: 'espera a un segundo responsable',
    confirmed: 'confirmada',
    running: 'se está recogiendo',
    complete: 'completa',
    'broken-off': 'interrumpida',
  },
  exportPurposes: { 'worst-day': 'el peor día (worst-day)', leaving: 'marcharse (leaving)' },
  exportFields: {
    exportId: 'Exportación',
    state: 'Estado',
    purpose: 'Fin',
    reason: 'Motivo',
    requestedBy: 'Pedida por',
    confirmedBy: 'Confirmada por',
    recipients: 'Destinatarios',
    expiresAt: 'Hasta',
  },
};
