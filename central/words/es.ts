/** Español. */
import type { en } from './en.ts';
import { cli } from './es-cli.ts';
import { faults } from './es-faults.ts';
import { importing } from './es-import.ts';
import { installing } from './es-install.ts';
import { releasing } from './es-release.ts';
import { staffing } from './es-staff.ts';
import { snapshot } from './es-snapshot.ts';
import { disclosure } from './es-disclosure.ts';
import { tls } from './es-tls.ts';
import { trust } from './es-trust.ts';

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'permiso denegado',
  EPERM: 'permiso denegado',
  EROFS: 'el sistema de archivos es de solo lectura',
  ENOSPC: 'el disco está lleno',
  ENOENT: 'no existe',
  ENOTDIR: 'una parte de la ruta no es una carpeta',
  EEXIST: 'no es una carpeta',
  EISDIR: 'es una carpeta',
  EADDRINUSE: 'lo usa otro programa',
  EADDRNOTAVAIL: 'este equipo no tiene esa dirección',
};

const s = (count: number): string => (count === 1 ? '' : 's');

export const es: typeof en = {
  language: 'es',
  number: (value: number): string => value.toLocaleString('es-ES'),
  systemError: (code: string): string => SYSTEM_ERRORS[code] ?? code,
  start: {
    startingCentre: 'Arrancando el centro',
    centreStarted: 'El centro está en marcha',
    startingEdges: (count: number): string => `Arrancando ${String(count)} nodos de sede`,
    edgesStarted: (count: number): string => `${String(count)} nodos de sede están en marcha`,
    configuring: 'Configurando regiones, sedes, bóvedas y personal',
    configured: 'Cada nodo de sede conoce sus bóvedas y su personal',
    enrolling: 'Dando de alta los equipos simulados',
    enrolled: (count: number): string =>
      count === 0
        ? 'Todos los equipos están ya de alta'
        : `${String(count)} equipo${s(count)} dado${s(count)} de alta ahora`,
    encrypting: 'Custodiando claves y después cifrando',
    escrowed: (count: number): string =>
      count === 0
        ? 'Todas las claves están ya custodiadas'
        : `${String(count)} clave${s(count)} custodiada${s(count)} ahora, cada una con su recibo`,
    reporting: 'Informando del cumplimiento',
    reported: (count: number): string =>
      `${String(count)} equipo${s(count)} ha${count === 1 ? '' : 'n'} informado`,
    interrupted: 'Interrumpido',

    ready: 'Holdfast está listo.',
    helpdeskEdge: (region: string): string => `nodo con soporte, región ${region}`,
    escrowOnlyEdge: (region: string): string => `nodo de solo custodia, región ${region}`,
    fleet: 'equipos',
    fleetOf: (devices: number, number: (value: number) => string): string =>
      `${number(devices)} equipos simulados, una hora por minuto`,
    codes: 'su código',
    staffToken: 'token de soporte',
    everything: 'todo esto',
    tryThese: 'Tres órdenes para probar en otra terminal:',
    tries: [
      'Obtener una clave en una sede:',
      'Parar el centro y obtener otra clave:',
      'Arrancar el centro y ver cómo todo converge:',
    ],
    triesWithoutFleet: [
      'Ver cómo está cada nodo:',
      'Parar el centro y ver cómo están sin él:',
      'Arrancar el centro y ver cómo todo converge:',
    ],
    howToStop: 'Ctrl-C lo para todo. Al arrancar de nuevo, sigue con los mismos datos.',
    stopping: 'Parando los equipos, los nodos de sede y el centro ...',
    stopped: 'Todo está parado.',

    centreStopped: 'El centro se ha parado por orden. Los nodos de sede siguen sin él.',
    centreStartedAgain: 'El centro se ha arrancado por orden.',
    centreEnded: (how: string, log: string): string =>
      `El centro ha terminado (${how}); véase ${log}. Los nodos de sede siguen sin él. Para arrancarlo: npx holdfast centre start`,
    edgeEnded: (name: string, how: string, seconds: number): string =>
      `${name} ha terminado (${how}); se arranca de nuevo en ${String(seconds)} s.`,
    edgeRunsAgain: (name: string): string => `${name} está en marcha de nuevo.`,
    fleetEnded: (why: string): string => `Los equipos simulados se han parado por un error propio: ${why}`,

    notANumber: (name: string, text: string, min: number, max: number): string =>
      `${name} es "${text}", pero debe ser un número entero de ${String(min)} a ${String(max)}.`,
    folderUnwritable: (folder: string, why: string): string =>
      `HOLDFAST_DATA (${folder}) no es una carpeta en la que se pueda escribir: ${why}.`,
    folderInUse: (folder: string, pid: number | null, url: string | null): string =>
      `HOLDFAST_DATA (${folder}) está en uso por otro Holdfast${pid === null ? '' : ` (proceso ${String(pid)}, ${url ?? ''})`}: pare ese o indique otra carpeta.`,
    folderBroken: (folder: string, file: string): string =>
      `HOLDFAST_DATA (${folder}) está dañada: no se puede leer ${file}. Restáurela de una copia o aparte la carpeta para empezar de cero.`,
    folderOfSomethingElse: (folder: string, file: string): string =>
      `HOLDFAST_DATA (${folder}) ya contiene otra cosa (${file}): indique una carpeta vacía o nueva.`,
    secretsBroken: (folder: string): string =>
      `HOLDFAST_DATA (${folder}) está dañada: su secrets.json no está completo y sin él no se puede abrir ninguna clave. Restáurelo de una copia o aparte la carpeta para empezar de cero.`,
    secretsMissing: (folder: string): string =>
      `HOLDFAST_DATA (${folder}) contiene bases de datos pero no secrets.json, sin el que no se puede abrir ninguna clave. Restáurelo de una copia o aparte la carpeta para empezar de cero.`,
    nodeDidNotStart: (sentence: string, folder: string): string =>
      `${sentence.replace(/[.\s]+$/, '')}. (HOLDFAST_DATA es ${folder}; su carpeta logs puede decir más.)`,
    portTaken: (port: number, first: number, edges: number, why: string): string =>
      `No se puede usar el puerto ${String(port)}: ${why}. HOLDFAST_PORT (ahora ${String(first)}) elige el puerto del centro; los ${String(edges)} nodos de sede toman los siguientes.`,
    fleetOfAnotherSize: (wanted: number, found: number, folder: string): string =>
      `HOLDFAST_FLEET es ${String(wanted)}, pero en HOLDFAST_DATA (${folder}) hay ${String(found)} equipos: omítalo o indique otra carpeta.`,
    volumesUnreadable: (folder: string, noted: boolean): string =>
      noted
        ? `Estos equipos tienen los volúmenes BitLocker de ${folder}, cuyo keys.json no se puede leer: indique su nuevo lugar con HOLDFAST_BITLK_DIR.`
        : `HOLDFAST_BITLK_DIR (${folder}) no tiene un keys.json que se pueda leer.`,
  },
  cli,
  faults,
  installing,
  releasing,
  snapshot,
  staffing,
  disclosure,
  tls,
  trust,
  import: importing,
};
