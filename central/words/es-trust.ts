/** The command line's words about vaults, edges that are enrolled or revoked, and what a stolen one gave away; Spanish. */
import type { trust as english } from './en-trust.ts';

const n = (count: number): string => (count === 1 ? '' : 's');

export const trust: typeof english = {
  help: {
    vaultList: 'lista las bóvedas, lo que solo abre una antigua y cuánto se ha vuelto a sellar',
    vaultRotate: 'crea la siguiente bóveda y hace sellar para ella los secretos nuevos y los antiguos',
    compromised: 'otros pueden tener la clave antigua: no se sella nada más para ella',
    noWait: 'no espera a que el centro vuelva a sellar lo que puede abrir',
    edge: 'su nombre o su ID de nodo',
    edgeRevoke:
      'revoca un nodo de sede: se rechaza en todas partes; sus registros cuentan hasta lo que el centro guarda',
    edgeStolen:
      'robaron un nodo: lo revoca, cambia su bóveda y toda clave que podía abrir, y restablece a su personal',
    edgeAside: 'lista las custodias apartadas con un nodo revocado',
    edgeRelease: 'readmite una custodia apartada',
    reason: 'el motivo, para que conste',
    until: 'confía en sus registros solo hasta entonces, según su propio reloj (2026-11-24T08:00Z)',
    newVaultOut:
      'archivo para la clave privada de la nueva bóveda de la región; obligatorio con un nodo de soporte',
    keepStaff: 'no retira las credenciales del personal que podía entrar allí',
    waitRotated: 'espera a que ninguna de esas claves esté ya en una unidad',
    keyId: 'el ID de clave completo',
    edgeToken: 'crea un token de un solo uso con el que el equipo de un nodo nuevo pide su certificado',
    edgeJoin: 'en el equipo: crea la clave del nodo, pregunta al centro con el token y espera el certificado',
    edgeRequests: 'lista lo que han pedido los equipos',
    edgeApprove: 'firma lo que pidió un equipo, con la clave de la organización',
    edgeRefuse: 'rechaza lo que pidió un equipo: se retira su token de un solo uso',
    hours: 'cuánto tiempo sirve el token',
    tokenFile: 'lo que escribió "holdfast edge token"',
    organisationPin: 'huella de la clave de la organización: se rechaza cualquier otra',
    noWaitJoin: 'pregunta una vez y termina',
    requestId: 'la petición, como la lista "holdfast edge requests"',
    fingerprint: 'la huella de la clave, como la lee alguien junto al equipo',
    vaultRetire: 'retira una bóveda antigua; se rechaza mientras haya claves selladas solo para ella',
  },
  columns: {
    vault: 'bóveda',
    region: 'región',
    state: 'estado',
    opensHere: 'se abre aquí',
    keysAlone: 'claves solo ahí',
    keyId: 'ID de clave',
    computer: 'equipo',
    written: 'escrita',
    released: 'readmitida',
    request: 'petición',
    approved: 'aprobada',
    fingerprint: 'huella de su clave',
  },
  organisation: 'organización',
  yes: 'sí',
  no: 'no',
  isRefused: 'rechazada',
  vaultState: (vault) =>
    vault.retired ? 'retirada' : vault.compromised ? 'comprometida' : vault.newest ? 'actual' : 'antigua',
  resealing: (progress) =>
    `Este nodo ha mirado ${String(progress.rowsSeen)} de ${String(progress.rows)} claves para las bóvedas nuevas` +
    (progress.failed > 0 ? `; ${String(progress.failed)} no se abrieron` : '') +
    `${progress.notOpenedHere > 0 ? `; ${String(progress.notOpenedHere)} debe abrirlas otro nodo` : ''}.`,
  progress: (keys) => `${String(keys)} clave${n(keys)} sellada${n(keys)} de nuevo`,
  noVault: (regionId) =>
    regionId === null ? 'La organización no tiene bóveda.' : `La región ${regionId} no tiene bóveda.`,
  makeVaultFirst: 'Cree la primera con "holdfast vault new" y "holdfast vault publish".',
  noSuchVault: (id) => `No existe la bóveda ${id}.`,
  rotated: (id, file) =>
    `Los secretos nuevos se sellan para ${id}. Su clave privada está solo en ${file}: guarde dos copias fuera de línea.`,
  runAtEdges: (region) => `Lleve el archivo a cada nodo de soporte de la región ${region} y ejecute allí:`,
  runAtCentre: 'Lleve el archivo al centro, si ha de abrir claves, y ejecute allí:',
  resealed:
    'Todas las claves están selladas para ella. Cuando todas esas máquinas la muestren en canOpen de /readyz:',
  notResealedYet: (keys) =>
    `${keys > 0 ? `${String(keys)} clave${n(keys)} espera${keys === 1 ? '' : 'n'}` : 'Las claves que esperan son'} a un nodo que abra la bóveda antigua. Continúa por sí solo: véase "holdfast vault list".`,
  retired: (id) =>
    `${id} está retirada. Quite su clave de los nodos con "vault-key.sh --remove ${id}"; conserve el archivo fuera de línea.`,
  noSuchEdge: (name) => `El centro no conoce el nodo ${name}.`,
  edgesAre: (names) => `Conoce: ${names.join(', ')}.`,
  edgeAmbiguous: (name) => `Varios nodos se llamaron ${name}: indique uno por su ID de nodo.`,
  notATime: (text) => `"${text}" no es una hora: escríbala como 2026-11-24T08:00Z.`,
  edgeRevoked: (name) =>
    `${name} está revocado: el centro lo rechaza ya, y los demás nodos desde su próxima sincronización.`,
  needsOut: (name) =>
    `${name} es un nodo de soporte: diga adónde va la clave de la nueva bóveda (--out ARCHIVO).`,
  whyOut: 'Su equipo tenía las claves de bóveda de la región, por lo que la región recibe una bóveda nueva.',
  exposed: (keys, ordered) =>
    `Podía abrir o ha entregado ${String(keys)} clave${n(keys)}; ahora se ordenó el cambio de ${String(ordered)}.`,
  staffReset: (reset, kept) =>
    `${reset.length === 0 ? 'Nadie podía entrar allí' : `Se retiraron las credenciales de: ${reset.join(', ')}. Déles otras nuevas`}.` +
    (kept.length === 0 ? '' : ` No las suyas (${kept.join(', ')}): cámbielas si estuvo allí.`),
  rotatedSoFar: (rotated, ordered) =>
    `${String(rotated)} de ${String(ordered)} cambiadas hasta ahora; cada PC lo sabe en su próximo informe.`,
  nothingAside: 'No se apartó ninguna custodia.',
  notAside: (keyId) => `Allí no espera ninguna custodia de ${keyId}.`,
  seeAside: (name) => `Véase "holdfast edge aside ${name}".`,
  released: (keyId) => `${keyId} cuenta como custodiada, con su procedencia.`,
  notHours: (text, max) => `"${text}" no es un número de horas de 1 a ${String(max)}.`,
  tokenMade: (name, until) =>
    `${name} puede pedir su certificado una vez, hasta ${until}. Lleve el token a su equipo y ejecute allí:`,
  waitsForApproval: (fingerprint) =>
    `Pedido. Léale esto a quien tenga la clave de la organización, para "holdfast edge approve": ${fingerprint}`,
  otherOrganisation: 'Lo que llegó no es de esa organización, o no es para esta clave.',
  otherFingerprint:
    'Esa no es la clave que preguntó: otro pudo usar el token. Rechácela con "holdfast edge refuse".',
  anEdgeKey: 'una clave creada por "holdfast edge join"',
  thenVaultKey:
    'Es un nodo de soporte: déle la clave de bóveda de su región con "vault-key.sh" cuando esté instalado.',
  noRequests: 'Ningún equipo ha pedido un certificado.',
  refused: (id) => `${id} está rechazada: con ese token ya ningún equipo recibe un certificado.`,
  approvedAlready: (name) => `${name} ya tiene su certificado.`,
  revokeInstead: (name) => `Termínelo con "holdfast edge revoke ${name}".`,
  noSuchRequest: (id) => `No existe la petición ${id}.`,
  approved: (name) => `${name} tiene su certificado: su equipo lo recoge por sí solo.`,
};
