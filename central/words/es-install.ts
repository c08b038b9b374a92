/** The command line's words about installing, in Spanish. */
import type { installing as english } from './en-install.ts';

export const installing: typeof english = {
  help: {
    install: 'poner un nodo en esta máquina, entero o nada; de nuevo para actualizar o cambiar ajustes',
    installCentre: 'instalar el centro al que pertenece este programa',
    installEdge:
      'instalar el equipo de sede hecho con "npm run appliance": lo mismo que su install.sh, cuyas opciones siguen',
    uninstall: 'quitar un nodo de esta máquina: sus escritores se dan de baja, sus datos se quedan',
    uninstallCentre: 'quitar el centro de esta máquina',
    uninstallEdge: 'quitar el nodo de sede de esta máquina',
    identity: 'identity.json de "holdfast centre enrol"',
    set: 'un ajuste para centre.env, como HOLDFAST_SNAPSHOT_EVERY=6h; un valor vacío lo quita',
    noStart: 'no arrancarlo ahora',
    removeData: 'eliminar también ajustes, identidad, bases de datos e instantáneas',
    edgeOptions: 'opciones de install.sh: --identity FICHERO --centre HOST:PUERTO ...',
  },
  steps: {
    folders: 'carpetas',
    identity: 'identidad',
    settings: 'ajustes',
    databases: 'bases de datos',
    migrations: 'migraciones',
    vaults: 'claves de bóveda',
    writers: 'escritores de instantáneas',
    trial: 'instantánea de prueba',
    units: 'unidades de systemd',
    enable: 'arranque con la máquina',
  },
  installed: (count: number): string =>
    count === 0
      ? 'El centro está instalado, y no hubo nada que cambiar.'
      : `El centro está instalado; se hicieron o cambiaron ${String(count)} ficheros y carpetas.`,
  registered: (name: string, instance: string): string =>
    `${name} ${instance}: registrado, instantánea de prueba superada`,
  recovered: 'Antes se deshizo una instalación que se había interrumpido.',
  wasUndone: 'No se instaló nada: la máquina está como estaba.',
  wasUndoneBut: 'No se instaló nada: la máquina está como estaba, salvo:',
  noSchedule:
    'Aún no hay instantáneas programadas: --set HOLDFAST_SNAPSHOT_EVERY=6h, con HOLDFAST_SNAPSHOT_RECIPIENTS=age1... o HOLDFAST_SNAPSHOT_PLAIN=yes.',
  running: 'Está en marcha: journalctl -u holdfast-centre',
  startItself: 'Arranca con la máquina, o ahora con: systemctl start holdfast-centre',
  didNotStart: (why: string): string => `El centro está instalado y no arrancó: ${why}`,
  seeJournal: 'journalctl -u holdfast-centre dice por qué.',
  uninstalled: (count: number): string => `Se eliminaron ${String(count)} ficheros.`,
  dataStays: (folder: string): string =>
    `Los ajustes y datos se quedan (${folder}); --remove-data los elimina también.`,
  notInstalled: 'Aquí no hay ningún centro instalado.',
  applianceMissing: (file: string): string => `${file} no existe.`,
  buildAppliance: 'Haz primero el equipo: npm run appliance.',
  edgeMissing: 'Aquí no hay ningún nodo de sede instalado.',
};
