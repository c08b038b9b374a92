/** The command line's words about requests for approval, break-glass, device states and the outbox; Spanish. */
import type { Need } from '../../shared/helpdesk/messages.ts';
import type { disclosure as english } from './en-disclosure.ts';

const needs: Readonly<Record<Need, string>> = {
  'site-rule': 'lo exige la regla de la sede',
  'centre-away': 'este nodo lleva mucho tiempo sin su centro',
  'device-stolen': 'el equipo consta como robado',
  'end-user-unknown': 'el usuario no consta en el equipo',
  'asked-for': 'se pidió así',
};

export const disclosure: typeof english = {
  help: {
    request: 'pedir una clave que apruebe otra persona; las reglas de una sede pueden exigirlo siempre',
    requests: 'mostrar lo que espera en este nodo a otra persona',
    approve: 'aprobar una solicitud, como segunda persona',
    deny: 'denegar una solicitud, como segunda persona',
    collect: 'obtener la contraseña de una solicitud aprobada, una vez',
    requestId: 'la solicitud: r-…',
    breakGlass: 'emergencia: dos responsables abren una sede cuando las reglas habituales ya no sirven',
    breakGlassShow: 'mostrar qué está abierto en un nodo y qué espera a un segundo responsable',
    breakGlassAsk: 'pedir la apertura, como primer responsable',
    breakGlassOpen: 'abrir lo que pidió otro responsable, durante cuatro horas',
    breakGlassEnd: 'terminarla antes de tiempo',
    openingId: 'la apertura: b-…',
    why: 'motivo, para el registro',
    deviceState: 'declarar un equipo activo, retirado (con sus claves, fuera de los porcentajes) o robado',
    state: 'live (activo), retired (retirado) o stolen (robado)',
    keysAtRisk: 'claves que requieren atención: entregadas y sin rotar, en conflicto, nunca vistas',
    risk: 'solo este motivo',
    overdue: 'solo las que ya deberían haberse rotado',
    notify: 'ejecutar una orden por cada entrega, para avisar al usuario de la unidad',
    notifyState: 'archivo que guarda por dónde se va (si falta se crea, a partir de ahora)',
    notifyExec: 'orden; recibe la entrega como JSON en la entrada estándar y las direcciones en HOLDFAST_TO',
  },
  rules: {
    command: 'con qué cuidado se entregan las claves',
    show: 'mostrar qué rige en la organización o en una sede',
    set: 'cambiarlo; lo que no se nombra queda como está',
    fields: {
      personPerHour: 'claves que una persona puede entregar en una hora, en un nodo',
      nodePerHour: 'claves que entre todos se pueden entregar en una hora, en un nodo',
      twoPersonsOfflineMs: 'días sin el centro tras los que una clave exige dos personas',
      breakGlassOfflineMs: 'días sin el centro tras los que exige la apertura de emergencia',
      breakGlassDisclosures: 'claves de una apertura de emergencia',
      silentMs: 'días tras los que un equipo que no da noticias consta así',
      rotationDueMs: 'días tras los que una clave entregada ya no debería estar en su unidad',
    },
    twoPersons: 'una segunda persona por cada clave: siempre o según haga falta',
    always: 'siempre',
    byNeed: 'según haga falta',
    sameDomain: 'nombres de un mismo dominio, con comas (CORP,example.org); puede repetirse',
    notANumber: (flag) => `${flag} debe ser un número entero desde 1.`,
    from: (id) => (id === null ? 'No hay nada configurado; Holdfast trae:' : `Configurado para ${id}:`),
  },
  waits: (requestId, why) =>
    `Debe aprobarlo otra persona (${why.map((need) => needs[need]).join('; ')}). Solicitud ${requestId}.`,
  tellThem: (requestId) => `En este nodo ejecuta: holdfast key approve ${requestId}`,
  thenCollect: (requestId) => `Después, usted:      holdfast key collect ${requestId}`,
  until: (time) => `hasta ${time}`,
  nothingWaits: 'En este nodo no espera nada.',
  answered: (requestId, state) => `La solicitud ${requestId} está ${state}.`,
  states: {
    waiting: 'en espera',
    approved: 'aprobada',
    denied: 'denegada',
    expired: 'caducada',
    used: 'usada',
  },
  columns: {
    request: 'SOLICITUD',
    askedBy: 'PEDIDA POR',
    opening: 'APERTURA',
    until: 'HASTA',
    overdue: 'VENCIDA',
  },
  open: (site, openingId, minutes, left) =>
    `Emergencia abierta para ${site} (${openingId}): quedan ${String(minutes)} minutos y ${String(left)} entregas.`,
  notOpen: 'En este nodo no hay ninguna emergencia abierta.',
  secondOfficer: (openingId) =>
    `Otro responsable ejecuta en este nodo: holdfast break-glass open ${openingId}`,
  stateSet: (deviceId, state) =>
    `${deviceId}: ${{ live: 'activo', retired: 'retirado', stolen: 'robado' }[state] ?? state}, en todas partes con la próxima sincronización.`,
  overdueYes: 'vencida',
  notified: (count) =>
    `${String(count)} entrega${count === 1 ? '' : 's'} comunicada${count === 1 ? '' : 's'}.`,
  notifyBegins: 'La bandeja empieza aquí: lo entregado antes no se comunica.',
  commandFailed: (reference) => `La orden falló con ${reference}: se intentará la próxima vez.`,
};
