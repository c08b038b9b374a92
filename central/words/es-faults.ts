/** What goes wrong with snapshots, installing and settings, in Spanish. */
import type { faults as english } from './en-faults.ts';

const SYSTEM: Readonly<Record<string, string>> = {
  manifest: 'manifiesto',
  chain: 'cadena',
  head: 'cabecera',
  certificate: 'certificado',
};

export const faults: typeof english = {
  diskFull: () => 'el disco está lleno',
  unwritable: () => 'no admite escrituras',
  staysLocked: () => 'siguió bloqueada',
  copyFailed: () => 'la copia falló',
  noAnswer: () => 'un servidor de bases de datos no contestó',
  engine: (reason, hint) => `la base de datos lo rechazó (${reason}): ${hint}`,
  damaged: () => 'está dañada',
  frozen: () => 'está congelada',
  unopenable: () => 'no se puede crear ni abrir',
  inUse: () => 'lo usa otro programa',
  unlistenable: () => 'no se puede abrir',
  interval: () => 'debe ser "off" o como 30m, 6h o 1d',
  ageRecipients: () => 'deben ser destinatarios age (age1…), separados por comas',
  loopback: () => 'debe ser una dirección de bucle local: delante hay un terminador de TLS',
  sha256: () => 'debe ser un SHA-256 en base64url',
  missing: () => 'falta',
  invalid: () => 'no es válido',
  system: (code) => code,

  unusable: (name, why) => `${name} no sirve: ${why}.`,
  plainAndRecipients: () => 'HOLDFAST_SNAPSHOT_PLAIN y HOLDFAST_SNAPSHOT_RECIPIENTS se excluyen.',
  oneServer: () =>
    'Las instantáneas necesitan ambos almacenes en ficheros, o ambos en servidores de bases de datos: ponga HOLDFAST_RECOVERY_URL y HOLDFAST_COMPLIANCE_URL, o ninguna.',
  undecided: () =>
    'Las instantáneas se cifran: indique destinatarios age en HOLDFAST_SNAPSHOT_RECIPIENTS, o deje eso a la herramienta de copia con HOLDFAST_SNAPSHOT_PLAIN=yes (--plain).',
  certificateUnsigned: () => 'El certificado de HOLDFAST_IDENTITY_FILE no está firmado por su organización.',
  urlProtocol: (name) => `${name} debe empezar por file:, http:, https: o libsql:.`,
  adminOfNoServer: (admin, url) =>
    `${admin} es para un servidor de bases de datos, y ${url} no indica ninguno.`,
  identityUnreadable: (file) => `HOLDFAST_IDENTITY_FILE indica ${file}, que no se puede leer.`,
  identityForeign: (file) =>
    `HOLDFAST_IDENTITY_FILE indica ${file}, que no es una identidad hecha por "holdfast".`,
  vaultForeign: (file, vault) =>
    `HOLDFAST_IDENTITY_FILE indica ${file}, junto al cual está ${vault}, que no hizo "holdfast".`,
  unreadable: (file) => `${file} no se puede leer.`,
  tlsForeign: (file) => `${file} no lo hizo "holdfast tls new".`,
  tlsOtherKey: (file) => `La clave de ${file} no es la de su certificado.`,
  databasesUnusable: (folder, why) => `Las bases de HOLDFAST_DATA (${folder}) no sirven: ${why}.`,
  tokenRefused: (token, url, host) => `El servidor de bases de datos de ${url} (${host}) no acepta ${token}.`,
  noServer: (url, host) =>
    `El servidor de bases de datos de ${url} (${host}) no contesta como tal: ¿está en marcha y es esa la dirección?`,
  adminKeyRefused: (key, url) => `En ${url} no se acepta ${key}.`,
  unsyncable: (url, why) =>
    `No se puede pedir al servidor de bases de datos de ${url} que sincronice: ${why}.`,
  port: (port, why) => `HOLDFAST_PORT ${String(port)}: ${why}.`,

  storeUnopenable: (store, file) => `La base ${store}, ${file}, no se puede abrir.`,
  storeMissing: (store, file) => `La base ${store}, ${file}, no está.`,
  notFrozen: (store, why) => `La base ${store} no se pudo congelar: ${why}.`,
  frozenByAnother: (store, seconds) =>
    `Otra instantánea o restauración retiene el almacén ${store}, durante ${String(seconds)} s como máximo: inténtelo después.`,
  freezeEnded: (store) =>
    `La congelación del almacén ${store} acabó antes de que su instantánea estuviera abierta.`,
  freezeEndedReplica: (store) =>
    `La congelación del almacén ${store} acabó antes de que su réplica estuviera al día.`,
  notCopied: (store, why) => `La base ${store} no se pudo copiar: ${why}.`,
  serversNotCaptured: (why) => `No se pudieron capturar los servidores de bases de datos: ${why}.`,
  serverSilent: (store, reason) => `El servidor de la base ${store} no contesta (${reason}).`,
  replicaAstray: (store) => `La réplica del almacén ${store} no sigue a su servidor.`,
  replicaUntrusted: (store) =>
    `El certificado del servidor de la base ${store} no es de confianza para su réplica: SSL_CERT_FILE indica las autoridades.`,
  noReplica: (store) =>
    `El servidor de la base ${store} no da réplicas; los espacios de nombres por ruta no las tienen.`,
  noLog: (store) => `la base ${store} no tiene aquí registro de escritura anticipada.`,
  trialUnreadable: (store, file) => `la base ${store}, ${file}, no se puede leer.`,
  trialUnopenable: (store, file) => `la base ${store}, ${file}, no se puede abrir.`,
  noRoom: (folder) =>
    `En ${folder} no hay sitio para una instantánea: mientras se hace ocupa tres veces lo que las bases.`,
  folderBusy: (folder) =>
    `Otro proceso hace o elimina una instantánea en ${folder}: inténtelo de nuevo cuando haya terminado.`,
  folderUnwritable: (folder) => `${folder} no es una carpeta en la que se pueda escribir.`,
  folderFull: (folder) => `El disco está lleno en ${folder}.`,
  failedUnexpectedly: () => 'La instantánea falló de forma inesperada.',
  failedFull: () => 'La instantánea falló porque el disco está lleno.',
  failedWith: (code) => `La instantánea falló con ${code}.`,
  interrupted: (state) => `una instantánea anterior se interrumpió en ${state}`,
  outOfTurn: () => 'una fase llegó fuera de turno',
  backupUnderWay: (tool, minutes) =>
    `Hay otra copia en marcha, de ${tool}, que aún no ha avisado de que terminó; tiene ${String(minutes)} min para hacerlo.`,
  backupPreparing: () => 'Hay otra copia en marcha: se está haciendo su instantánea.',
  noBackup: (tool) => `No hay ninguna copia de ${tool} en marcha.`,
  backupFailed: () => 'La herramienta de copia falló.',
  nothingMade: () => 'No se hizo ninguna instantánea.',
  madeBad: (id) => `${id} se hizo y no se verifica.`,
  tooLate: (seconds) => `La instantánea no estuvo hecha en ${String(seconds)} s.`,

  databaseThere: (store, place) =>
    `En ${place} hay una base ${store}: --force la sustituye y la conserva aparte.`,
  notVerified: () => 'La instantánea no se verifica y no se restaura.',
  restoreUnderWay: (folder) =>
    `Otro proceso restaura en ${folder}: inténtelo de nuevo cuando haya terminado.`,
  encrypted: () => 'La instantánea está cifrada: hace falta una identidad age que la abra (--age-identity).',
  isSeed: () => 'Esto es la semilla de un nodo de sede y no la instantánea de un centro.',
  changedMeanwhile: () => 'La instantánea cambió mientras se leía y no se restaura.',
  processHas: (file) => `Un proceso tiene abierto ${file}: pare antes el centro.`,
  thereAlready: (place) => `Ya hay algo en ${place}.`,
  databaseAt: (file) => `Ya hay una base de datos en ${file}.`,
  notAnEdge: () => 'Ese no es el certificado de un nodo de sede de esta organización.',
  edgeUnknown: (edge) =>
    `La instantánea no contiene nada de un nodo "${edge}": uno nuevo necesita su certificado (--certificate).`,
  doesNotStart: (why) => `Sobre la instantánea no arranca ningún centro: ${why}`,
  storeWritten: (store, place) =>
    `En la base ${store} de ${place} se está escribiendo: pare antes todos los centros que la usan.`,
  serverDiffers: (store, table) =>
    `El servidor de la base ${store} no contiene lo que se le dio (${table}): restaure de nuevo.`,
  scratchFull: (folder) =>
    `El disco está lleno en ${folder}, y nada se sabe de la instantánea: haga sitio e inténtelo de nuevo.`,
  diskRefused: (code, file) => `El disco lo rechazó (${code}) en ${file}.`,

  manifestUnbelieved: (why) => `no es un manifiesto firmado por el centro de esta organización (${why})`,
  notNamed: () => 'el manifiesto no lo nombra',
  notAFile: () => 'no es un fichero corriente',
  otherChecksum: () => 'su suma no es la del manifiesto',
  otherPlain: () => 'lo que se descifra no es lo que nombra el manifiesto',
  notOpened: () => 'no lo abren las identidades age disponibles',
  noDatabase: () => 'no se puede leer como base de datos',
  fileDamaged: () => 'SQLite halla dañado el fichero',
  refersToNothing: (table) => `una fila de ${table} remite a algo que no existe`,
  unknownMigrations: () => 'la hicieron migraciones que esta versión no conoce',
  otherSchema: () => 'sus tablas y vistas no son las que hacen las migraciones',
  otherMigrations: () => 'sus migraciones no son las de esta versión',
  otherCut: () => 'no está en el corte del manifiesto',
  otherHashes: () => 'sus registros no acaban en los resúmenes del manifiesto',
  manifestMigrations: () => 'sus migraciones no son las del manifiesto',
  manifestTables: (tables) => `sus tablas no son las del manifiesto: ${tables}`,
  tablesAstray: (tables) => `no se siguen del diario: ${tables}`,
  marksAstray: () => 'las marcas no se siguen del diario',
  otherCount: () => 'el diario no tiene tantas entradas como dicen sus registros',
  ofLog: (origin, what) => `${origin}: ${what}`,
  noHead: (seq) => `no hay cabecera después del lugar ${String(seq)}`,
  doesNotHold: (what, seq) =>
    `después del lugar ${String(seq)} no es válido lo siguiente: ${SYSTEM[what] ?? what}`,
  otherCertificate: () => 'figura con otro certificado que el suyo',
  otherHash: (seq) => `un resumen después del lugar ${String(seq)} no es el de su entrada`,
  chainBreaks: (seq) => `la cadena se rompe después del lugar ${String(seq)}`,
  otherEnd: () => 'su final no está donde dice',
  headAstray: (origin, seq) => `${origin}: la cabecera del lugar ${String(seq)} no es válida`,
  notOpening: (kind, keyId, seq, origin) =>
    `no se abre ${kind} de ${keyId}, en el lugar ${String(seq)} de ${origin}`,

  migratedNewer: (store, migration) =>
    `Una versión más nueva de Holdfast migró la base ${store} (tiene ${migration}); arranque esa versión, o restaure una instantánea anterior a la actualización.`,
  migrationSkipped: (store, migration, next) =>
    `La migración ${migration} del almacén ${store} se saltó: la base siguió con ${next} sin ella.`,
  migrationEdited: (store, migration) =>
    `La migración ${migration} del almacén ${store} se modificó después de aplicarla a esta base.`,
  migrationRestoring: (store) =>
    `Se está restaurando una instantánea en la base ${store}, o eso se interrumpió: restáurela de nuevo.`,
  migrationRefused: (store, migration, why) =>
    `La migración ${migration} del almacén ${store} no se pudo aplicar: ${why}.`,

  giveIdentity: () => 'Indique la identidad hecha para este centro: --identity FICHERO.',
  notAnIdentity: (file) => `${file} no es una identidad hecha por "holdfast centre enrol".`,
  machineRefused: (code, file) => `La máquina lo rechazó (${code})${file}.`,
  trialFailed: (why) =>
    `La instantánea de prueba falló, y sin las instantáneas del motor de bases de datos no hay copias: ${why}`,
  trialNotWhole: (store, why) =>
    `La instantánea de prueba del almacén ${store} no es una base entera (${why}), y sin instantáneas no hay copias.`,
  identityUnsigned: () => 'La identidad no está firmada por la organización que nombra.',
  identityOfEdge: (edge) => `La identidad es del nodo de sede ${edge}, no de un centro.`,
  identityOtherKey: () => 'La clave privada de la identidad no es la de su certificado.',
  vaultKeyClosed: (vault) =>
    `La clave de la bóveda ${vault} de la identidad no abre lo que se sella para ella.`,
  vaultKeyOther: (vault) =>
    `La clave de la bóveda ${vault} de la identidad no es aquella para la que se sellaron los secretos de la base.`,
  storeUnreadable: (store, file, why) => `La base ${store}, ${file}, no se puede leer: ${why}.`,
  serversAmiss: (why) => `Los servidores de bases de datos no contestan como deben: ${why}.`,
  migrateInUse: (file) => `Hay que migrar ${file}, y un proceso lo tiene abierto: pare antes el centro.`,
  notASetting: (text) => `"${text}" no es un ajuste que se pueda dar: HOLDFAST_NOMBRE=VALOR.`,
  notRoot: (folder) => `En ${folder} no se puede escribir: instale como root.`,
  anotherInstallation: () => 'Hay otra instalación en marcha.',
};
