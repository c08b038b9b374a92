/** Las palabras de `holdfast staff`. */
import type { staffing as en } from './en-staff.ts';

export const staffing: typeof en = {
  help: {
    list: 'mostrar las personas y con qué credenciales puede iniciar sesión cada una',
    link: 'crear un enlace de alta de un solo uso para una persona',
    revoke: 'revocar a una persona: sus sesiones terminan y sus credenciales se olvidan en todas partes',
    reset:
      'olvidar todas las credenciales de una persona, en todas partes y para siempre; necesitará un enlace nuevo',
    change: 'exigir a una persona que elija otra contraseña, en el centro, antes de nada',
    token: 'tokens de API de personas, para scripts',
    tokenAdd: 'crear un token de API para una persona',
    tokenRevoke: 'revocar un token de API',
    tokenId: 'el ID del token, de "holdfast staff list"',
    label: 'para qué es',
    scope: 'para qué puede usarse, con comas: keys, reports, administration',
    days: 'cuánto tiempo es válido',
    passkeys:
      'decir para qué dominio son las llaves de acceso: aquel en que terminan los nombres de todos los nodos',
    domain: 'como example.org, o none',
    code: 'mostrar el código de un solo uso de una persona de la instalación local',
  },
  columns: {
    id: 'ID',
    role: 'ROL',
    sites: 'SEDES',
    signsIn: 'INICIA SESIÓN CON',
  },
  all: 'todas',
  credentials: {
    password: 'contraseña',
    passkeys: (count) => `${String(count)} ${count === 1 ? 'llave de acceso' : 'llaves de acceso'}`,
    tokens: (ids) => `tokens ${ids}`,
    link: 'enlace aún sin usar',
    mustChange: 'debe cambiarla',
    revoked: 'revocada',
    none: 'nada todavía',
  },
  linkIs: (id, until) => `${id} puede darse de alta una vez con este enlace, hasta ${until}:`,
  linkOnce: 'Se muestra una vez. Entréguelo de forma que solo esa persona pueda leerlo.',
  revoked: (id) => `${id} está revocada aquí desde ya, y en cada otro nodo con su próxima sincronización.`,
  reset: (id) => `Las credenciales de ${id} están olvidadas. Para dar otras: holdfast staff link ${id}`,
  changeDemanded: (id) => `${id} tiene que elegir otra contraseña en el centro.`,
  tokenRevoked: (id) => `El token ${id} está revocado.`,
  passkeysFor: (domain) => `Las llaves de acceso se crean para ${domain}.`,
  passkeysOff: 'Nadie puede crear una llave de acceso ni iniciar sesión con una.',
  notADomain: (text) => `"${text}" no es el nombre de un dominio.`,
  noSuchPerson: (id) => `Nadie tiene el ID "${id}".`,
  noSuchToken: (id) => `No hay ningún token con el ID "${id}".`,
  notScope: (text) => `"${text}" no es ni keys ni reports ni administration.`,
  notLocal: (id) => `${id} no es de la instalación local, y aquí solo se conocen los códigos de esta.`,
};
