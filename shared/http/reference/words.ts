/** Words of the reference's frame. What an operation does is said in English, as in `/openapi.json` and the code. */
import type { Language } from '../../text/language.ts';
import type { Group } from './groups.ts';

interface ReferenceWords {
  readonly title: string;
  readonly lead: string;
  readonly openApi: string;
  readonly contents: string;
  readonly overview: string;
  readonly groups: Readonly<Record<Group['name'], string>>;
  readonly englishBelow: string | null;
  readonly who: string;
  readonly callers: Readonly<Record<string, string>>;
  readonly anybody: string;
  readonly parameters: string;
  readonly request: string;
  readonly answer: string;
  readonly example: string;
  readonly fields: string;
  readonly problems: string;
  readonly required: string;
  readonly everyNode: string;
  readonly about: readonly { readonly title: string; readonly text: string }[];
}

export const referenceWords: Readonly<Record<Language, ReferenceWords>> = {
  en: {
    title: 'API reference',
    lead: 'What programs can ask this node. Every node serves this page about itself; nothing on it is loaded from anywhere else.',
    openApi: 'The same for programs: openapi.json',
    contents: 'Contents',
    overview: 'Overview',
    groups: {
      devices: 'Devices',
      helpdesk: 'Helpdesk',
      reports: 'Reports',
      moving: 'Moving in and out',
      snapshots: 'Snapshots',
      nodes: 'Between nodes',
      people: 'Signing in',
      edges: 'Edges and vaults',
      administration: 'Administration',
      operations: 'Operations',
    },
    englishBelow: null,
    who: 'Who may ask',
    callers: {
      staffToken: 'staff, by Authorization: Bearer',
      deviceToken: 'a device, by Authorization: DPoP and a proof of its key',
      nodeSession: 'another node, in its session',
    },
    anybody: 'anybody who reaches this node',
    parameters: 'Parameters',
    request: 'Request',
    answer: 'Answer',
    example: 'Example',
    fields: 'Fields',
    problems: 'Problems',
    required: 'required',
    everyNode: 'Operations',
    about: [
      {
        title: 'Who asks',
        text: 'Staff send `Authorization: Bearer` and their token. A device sends a token bound to its key and a fresh proof of it (DPoP, RFC 9449). Nodes have sessions of their own.',
      },
      {
        title: 'Errors',
        text: 'Problem documents (RFC 9457). `type` is stable, `title` is for people and comes in English or Spanish by `Accept-Language`. `Retry-After` says when trying again makes sense. Nothing of a request is ever repeated in one.',
      },
      {
        title: 'Freshness',
        text: 'Reports say up to when the data of each node is held here, also while the centre is away.',
      },
      { title: 'Times', text: 'Milliseconds since 1970, UTC.' },
      {
        title: 'Examples',
        text: 'All are about one imagined PC. No password, key or token in them is anybody’s; the password has the right form, for programs that test it.',
      },
    ],
  },
  es: {
    title: 'Referencia de la API',
    lead: 'Lo que los programas pueden pedir a este nodo. Cada nodo sirve esta página sobre sí mismo; nada de ella se carga de otro sitio.',
    openApi: 'Lo mismo para programas: openapi.json',
    contents: 'Contenido',
    overview: 'Resumen',
    groups: {
      devices: 'Dispositivos',
      helpdesk: 'Soporte',
      reports: 'Informes',
      moving: 'Traer y llevarse claves',
      snapshots: 'Instantáneas',
      nodes: 'Entre nodos',
      people: 'Inicio de sesión',
      edges: 'Nodos y bóvedas',
      administration: 'Administración',
      operations: 'Operación',
    },
    englishBelow: 'Lo que hace cada operación está en inglés, como en el documento para programas.',
    who: 'Quién puede pedirlo',
    callers: {
      staffToken: 'el personal, con Authorization: Bearer',
      deviceToken: 'un dispositivo, con Authorization: DPoP y una prueba de su clave',
      nodeSession: 'otro nodo, en su sesión',
    },
    anybody: 'cualquiera que llegue a este nodo',
    parameters: 'Parámetros',
    request: 'Petición',
    answer: 'Respuesta',
    example: 'Ejemplo',
    fields: 'Campos',
    problems: 'Problemas',
    required: 'obligatorio',
    everyNode: 'Operaciones',
    about: [
      {
        title: 'Quién pide',
        text: 'El personal envía `Authorization: Bearer` y su token. Un dispositivo envía un token ligado a su clave y una prueba reciente de ella (DPoP, RFC 9449). Los nodos tienen sesiones propias.',
      },
      {
        title: 'Errores',
        text: 'Documentos de problema (RFC 9457). `type` es estable; `title` es para personas y viene en inglés o en español según `Accept-Language`. `Retry-After` dice cuándo tiene sentido repetir. Nunca se repite en ellos nada de una petición.',
      },
      {
        title: 'Actualidad',
        text: 'Los informes dicen hasta cuándo se tienen aquí los datos de cada nodo, también sin el centro.',
      },
      { title: 'Horas', text: 'Milisegundos desde 1970, UTC.' },
      {
        title: 'Ejemplos',
        text: 'Todos tratan de un PC imaginario. Ninguna contraseña, clave o token es de nadie; la contraseña tiene la forma correcta, para los programas que la comprueban.',
      },
    ],
  },
};
