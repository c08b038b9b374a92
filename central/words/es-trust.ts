/** The command line's words about vaults, edges that are enrolled or revoked, and what a stolen one gave away; Spanish. */
import type { trust as english } from './en-trust.ts';

const n = (count: number): string => (count === 1 ? '' : 's');

export const trust: typeof english = {
  help: {
    vaultList: 'lista las bóvedas, lo que solo abre una antigua y cuánto se ha vuelto a sellar',
    vaultRotate: 'crea la siguiente bóveda y hace sellar para ella los secretos nuevos y los antiguos',
    compromised: 'otros pueden tener la clave antigua: no se sella nada más para ella',
    noWait: 'no espera a que el centro vuelva a sellar lo que puede abrir',
    vaultRetire: 'retira una bóveda antigua; se rechaza mientras haya claves selladas solo para ella',
  },
  columns: {
    vault: 'bóveda',
    region: 'región',
    state: 'estado',
    opensHere: 'se abre aquí',
    keysAlone: 'claves solo ahí',
  },
  organisation: 'organización',
  yes: 'sí',
  no: 'no',
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
};
