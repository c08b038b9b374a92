/**
 * Expected failures, as RFC 9457 problem documents. One table gives each code its status and its words; one place
 * (`respond`) turns them into HTTP. Nothing of a request's content is ever echoed (I8).
 */
import type { Context } from 'hono';
import { EngineError } from '../journal/engine.ts';
import { OverloadedError } from '../journal/turns.ts';

interface ProblemWords {
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 421 | 422 | 429 | 500 | 503;
  readonly en: string;
  readonly es: string;
}

/** Stable codes: the last part of the problem's `type`. */
export const PROBLEMS = {
  'malformed-json': {
    status: 400,
    en: 'The body is not well-formed JSON.',
    es: 'El cuerpo no es JSON bien formado.',
  },
  'json-too-deep': {
    status: 400,
    en: 'The JSON is nested too deeply.',
    es: 'El JSON está anidado demasiado profundo.',
  },
  'invalid-request': {
    status: 400,
    en: 'The request does not fit its schema.',
    es: 'La petición no se ajusta a su esquema.',
  },
  'protocol-unsupported': {
    status: 400,
    en: 'This protocol version is not spoken here.',
    es: 'Aquí no se habla esta versión del protocolo.',
  },
  'unsupported-media-type': {
    status: 415,
    en: 'The body must be application/json.',
    es: 'El cuerpo debe ser application/json.',
  },
  'body-too-large': {
    status: 413,
    en: 'The body is larger than this node accepts.',
    es: 'El cuerpo es mayor de lo que este nodo acepta.',
  },
  'not-found': { status: 404, en: 'There is nothing here.', es: 'Aquí no hay nada.' },
  'method-not-allowed': {
    status: 405,
    en: 'This address does not take this method.',
    es: 'Esta dirección no admite este método.',
  },
  'insecure-transport': {
    status: 421,
    en: 'Plain HTTP is served on loopback only.',
    es: 'HTTP sin cifrar solo se sirve en loopback.',
  },
  'credentials-missing': { status: 401, en: 'Credentials are required.', es: 'Se requieren credenciales.' },
  'use-dpop-nonce': {
    status: 401,
    en: 'The proof needs the nonce of this answer.',
    es: 'La prueba necesita el nonce de esta respuesta.',
  },
  'proof-invalid': {
    status: 401,
    en: 'The proof of the device key does not hold.',
    es: 'La prueba de la clave del dispositivo no es válida.',
  },
  'proof-replayed': { status: 401, en: 'This proof was used before.', es: 'Esta prueba ya se usó.' },
  'token-invalid': { status: 401, en: 'The token is not valid here.', es: 'El token no es válido aquí.' },
  'site-token-invalid': {
    status: 401,
    en: 'The enrolment token is unknown, expired or revoked.',
    es: 'El token de alta es desconocido, caducó o fue revocado.',
  },
  'session-invalid': {
    status: 401,
    en: 'The session between nodes has ended.',
    es: 'La sesión entre nodos ha terminado.',
  },
  'node-refused': { status: 403, en: 'This node is not accepted here.', es: 'Este nodo no se acepta aquí.' },
  forbidden: { status: 403, en: 'This role may not do that.', es: 'Este rol no puede hacer eso.' },
  'form-expired': {
    status: 403,
    en: 'This form is not from a page that this node made for you.',
    es: 'Este formulario no es de una página que este nodo hiciera para usted.',
  },
  'site-not-assigned': {
    status: 403,
    en: 'This person is not assigned to that site.',
    es: 'Esta persona no está asignada a esa sede.',
  },
  'device-revoked': { status: 403, en: 'This device was revoked.', es: 'Este dispositivo fue revocado.' },
  'device-cloned': {
    status: 409,
    en: 'This key is used by another machine: enrol this one again.',
    es: 'Otra máquina usa esta clave: vuelva a dar de alta esta.',
  },
  'recovery-password-invalid': {
    status: 422,
    en: 'This is not a recovery password.',
    es: 'Esto no es una contraseña de recuperación.',
  },
  'key-quota': {
    status: 429,
    en: 'This device has escrowed too many new keys today.',
    es: 'Este dispositivo ha custodiado demasiadas claves nuevas hoy.',
  },
  'sign-in-failed': {
    status: 401,
    en: 'The name, the password or the code is not right.',
    es: 'El nombre, la contraseña o el código no son correctos.',
  },
  'session-over': {
    status: 401,
    en: 'The session has ended: sign in again.',
    es: 'La sesión ha terminado: inicie sesión de nuevo.',
  },
  'session-idle': {
    status: 401,
    en: 'After a pause no key is given out: sign in again.',
    es: 'Tras una pausa no se entrega ninguna clave: inicie sesión de nuevo.',
  },
  'sign-in-again': {
    status: 401,
    en: 'It has been a while since you signed in: sign in again for this.',
    es: 'Ha pasado un rato desde que inició sesión: iníciela de nuevo para esto.',
  },
  'request-forged': {
    status: 403,
    en: 'This request did not come from a page of this node.',
    es: 'Esta petición no procede de una página de este nodo.',
  },
  'too-many-attempts': {
    status: 429,
    en: 'Too many attempts failed: wait a while.',
    es: 'Demasiados intentos fallidos: espere un rato.',
  },
  'change-demanded': {
    status: 403,
    en: 'The password has to be changed first, at the centre.',
    es: 'Antes hay que cambiar la contraseña, en el centro.',
  },
  'link-invalid': {
    status: 404,
    en: 'The enrolment link is unknown, used or expired.',
    es: 'El enlace de alta es desconocido, ya se usó o caducó.',
  },
  'enrolment-invalid': {
    status: 422,
    en: 'The code or the passkey does not fit what was offered.',
    es: 'El código o la llave de acceso no corresponden a lo ofrecido.',
  },
  'password-weak': {
    status: 422,
    en: 'The password is too easy to guess: take a longer one.',
    es: 'La contraseña es demasiado fácil de adivinar: elija una más larga.',
  },
  'no-password': {
    status: 409,
    en: 'This person has no password.',
    es: 'Esta persona no tiene contraseña.',
  },
  'passkeys-many': {
    status: 409,
    en: 'This person has as many passkeys as anybody may have: remove one first.',
    es: 'Esta persona ya tiene todas las llaves de acceso que se permiten: quite antes alguna.',
  },
  'passkey-unknown': {
    status: 404,
    en: 'This person has no such passkey.',
    es: 'Esta persona no tiene esa llave de acceso.',
  },
  'last-way-in': {
    status: 409,
    en: 'This is the last way to sign in that is left: add another one first.',
    es: 'Es la última forma de iniciar sesión que queda: añada antes otra.',
  },
  'passkeys-off': {
    status: 409,
    en: 'No domain for passkeys is configured.',
    es: 'No hay ningún dominio configurado para llaves de acceso.',
  },
  'staff-unknown': {
    status: 404,
    en: 'Nobody with this ID is among the staff.',
    es: 'Nadie con este ID figura entre el personal.',
  },
  'site-quota': {
    status: 429,
    en: 'This site has enrolled or escrowed too much today.',
    es: 'Esta sede ya ha dado de alta o custodiado demasiado hoy.',
  },
  'key-unknown': {
    status: 404,
    en: 'No key with this ID is held here.',
    es: 'Aquí no se guarda ninguna clave con este ID.',
  },
  'key-ambiguous': {
    status: 409,
    en: 'Several keys stand under this ID: name the commitment too.',
    es: 'Hay varias claves con este ID: indique también el compromiso.',
  },
  'end-user-required': {
    status: 422,
    en: 'This role must name the end user.',
    es: 'Este rol debe nombrar al usuario final.',
  },
  'end-user-unknown': {
    status: 403,
    en: 'This user is not known on that computer: an advanced helpdesk user may go on.',
    es: 'Este usuario no consta en ese equipo: puede seguir un usuario de soporte avanzado.',
  },
  'disclosure-limit': {
    status: 429,
    en: 'As many keys as may be given out in an hour were given out. Others may go on, or officers open break-glass.',
    es: 'Ya se entregaron todas las claves que se permiten en una hora. Puede seguir otra persona, o los responsables abrir la emergencia.',
  },
  'search-limit': {
    status: 429,
    en: 'You searched for as many key IDs as may be in an hour. Others may go on.',
    es: 'Ya buscó todos los identificadores de clave que se permiten en una hora. Puede seguir otra persona.',
  },
  'device-stolen': {
    status: 403,
    en: 'This device was reported stolen: an advanced helpdesk user may ask, together with a second person.',
    es: 'Este equipo consta como robado: puede pedirla un usuario de soporte avanzado junto con otra persona.',
  },
  'request-unknown': {
    status: 404,
    en: 'No such request is known at this node.',
    es: 'En este nodo no consta esa solicitud.',
  },
  'exemption-open': {
    status: 409,
    en: 'An exemption was asked for this computer already, and waits for an administrator.',
    es: 'Ya se pidió una exención para este equipo, y espera a un administrador.',
  },
  'exemption-unknown': {
    status: 404,
    en: 'No such exemption was asked for, as far as this node knows.',
    es: 'Nadie pidió esa exención, que este nodo sepa.',
  },
  'exemption-over': {
    status: 409,
    en: 'This exemption was answered already.',
    es: 'Esta exención ya se respondió.',
  },
  'request-waiting': {
    status: 409,
    en: 'No second person has approved this request yet.',
    es: 'Ninguna segunda persona ha aprobado aún esta solicitud.',
  },
  'request-over': {
    status: 409,
    en: 'This request was denied, has expired or was used.',
    es: 'Esta solicitud fue denegada, caducó o ya se usó.',
  },
  'second-person-needed': {
    status: 403,
    en: 'That takes another person than the one who asked.',
    es: 'Eso corresponde a otra persona que quien lo pidió.',
  },
  'break-glass-needed': {
    status: 403,
    en: 'This node has been without its centre for too long: two officers have to open break-glass.',
    es: 'Este nodo lleva demasiado tiempo sin su centro: dos responsables deben abrir la emergencia.',
  },
  'break-glass-unknown': {
    status: 404,
    en: 'No such opening is asked for or open at this node.',
    es: 'En este nodo no hay tal apertura, ni pedida ni en curso.',
  },
  'break-glass-open': {
    status: 409,
    en: 'Break-glass is open at this node already.',
    es: 'La emergencia ya está abierta en este nodo.',
  },
  'break-glass-spent': {
    status: 409,
    en: 'Break-glass was opened here before, and the centre has not heard of it yet.',
    es: 'La emergencia ya se abrió aquí, y el centro aún no lo sabe.',
  },
  'vault-not-here': {
    status: 409,
    en: 'This node cannot open that key.',
    es: 'Este nodo no puede abrir esa clave.',
  },
  'export-unknown': {
    status: 404,
    en: 'There is no such export, or its hour is over.',
    es: 'No existe tal exportación, o ya pasó su hora.',
  },
  'second-officer-needed': {
    status: 403,
    en: 'An export needs two officers: another administrator has to confirm it.',
    es: 'Una exportación exige dos responsables: debe confirmarla otro administrador.',
  },
  'vaults-unknown': {
    status: 503,
    en: 'This node does not know its vaults yet: it has not reached the centre since it was installed.',
    es: 'Este nodo aún no conoce sus bóvedas: no ha alcanzado el centro desde que se instaló.',
  },
  'centre-unconfirmed': {
    status: 503,
    en: 'This centre has started and waits for its edges, whose revocations may be newer than its own.',
    es: 'Este centro ha arrancado y espera a sus nodos de sede, cuyas revocaciones pueden ser más recientes.',
  },
  'segments-refused': {
    status: 422,
    en: 'Part of what was pushed does not verify and was not taken.',
    es: 'Parte de lo enviado no se pudo verificar y no se aceptó.',
  },
  'log-forked': {
    status: 409,
    en: 'Part of what was pushed contradicts a log that is held here; it was kept as evidence.',
    es: 'Parte de lo enviado contradice un registro que se guarda aquí; se conservó como prueba.',
  },
  'entries-quarantined': {
    status: 422,
    en: 'Entries were kept aside: they are held and forwarded, but have no effect.',
    es: 'Hay entradas apartadas: se guardan y reenvían, pero no surten efecto.',
  },
  'edge-token-invalid': {
    status: 401,
    en: 'This token for an edge is unknown, expired or revoked.',
    es: 'Este token para un nodo de sede es desconocido, caducó o fue revocado.',
  },
  'edge-token-used': {
    status: 409,
    en: 'Another key has used this token: it is good for one. If that was not you, revoke it.',
    es: 'Otra clave ya usó este token: sirve para una sola. Si no fue usted, revóquelo.',
  },
  'edge-unknown': {
    status: 404,
    en: 'No such edge is known here.',
    es: 'Aquí no se conoce ese nodo de sede.',
  },
  'edge-not-stolen': {
    status: 409,
    en: 'This edge was not revoked as stolen.',
    es: 'Este nodo de sede no fue revocado como robado.',
  },
  'not-kept-aside': {
    status: 404,
    en: 'No such escrow was kept aside.',
    es: 'No se apartó ninguna custodia así.',
  },
  'certificate-refused': {
    status: 403,
    en: 'Such a certificate is not signed here.',
    es: 'Aquí no se firma un certificado así.',
  },
  'vault-fixed': {
    status: 409,
    en: 'A vault keeps its key and its region: make a new one instead.',
    es: 'Una bóveda conserva su clave y su región: cree otra nueva.',
  },
  'vault-needed': {
    status: 409,
    en: 'This vault is still needed: there are keys that no newer vault of the same region opens, or there is no newer one.',
    es: 'Esta bóveda aún se necesita: hay claves que ninguna bóveda más nueva de la misma región abre, o no hay otra más nueva.',
  },
  'snapshot-under-way': {
    status: 409,
    en: 'A snapshot is being made already.',
    es: 'Ya se está haciendo una instantánea.',
  },
  'release-invalid': {
    status: 422,
    en: 'This is no release for edges that this organisation signed.',
    es: 'Esto no es una versión para nodos de sede firmada por esta organización.',
  },
  'revision-stale': {
    status: 409,
    en: 'Somebody changed this meanwhile: read it again.',
    es: 'Alguien cambió esto entretanto: vuelva a leerlo.',
  },
  overloaded: {
    status: 503,
    en: 'This node is busy: try again in a moment.',
    es: 'Este nodo está ocupado: inténtelo en un momento.',
  },
  'storage-unavailable': {
    status: 503,
    en: 'The node cannot write to its disk or database.',
    es: 'El nodo no puede escribir en su disco o base de datos.',
  },
  'storage-full': {
    status: 503,
    en: 'The disk of this node is nearly full: what is left is kept for giving out keys.',
    es: 'El disco de este nodo está casi lleno: lo que queda se reserva para entregar claves.',
  },
  'timed-out': {
    status: 408,
    en: 'The request took too long to arrive.',
    es: 'La petición tardó demasiado en llegar.',
  },
  unexpected: {
    status: 500,
    en: 'Something unexpected happened; it is in the log under this reference.',
    es: 'Ocurrió algo inesperado; está en el registro con esta referencia.',
  },
} as const satisfies Record<string, ProblemWords>;
export type ProblemCode = keyof typeof PROBLEMS;

/** An expected failure. `facts` go into the document: they may name fields and limits, never values of a request. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    facts: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(PROBLEMS[code].en);
    this.name = 'Problem';
    this.code = code;
    this.facts = facts;
    this.headers = headers;
  }
}

/** Beyond this many faults the first ones say enough. */
const FIELDS_NAMED_MAX = 20;

/** A request that does not fit its schema: which fields and how, but neither a value nor a name that the client made up. */
export function misfit(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly code?: string | undefined }[],
  within = '',
): Problem {
  const fields = issues.slice(0, FIELDS_NAMED_MAX).map(({ path, code }) => {
    const known = code === 'invalid_key' ? path.slice(0, -1) : path;
    return { at: [within, ...known.map(String)].filter((name) => name !== '').join('.'), code };
  });
  return new Problem('invalid-request', { fields });
}

/** The problem an error is, or null for a bug. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof OverloadedError) return new Problem('overloaded', {}, { 'Retry-After': '2' });
  // drizzle wraps what the engine throws in an error that quotes the bound values (I8): only the cause is looked at.
  if (error instanceof Error && error.cause instanceof EngineError) return problemOf(error.cause);
  if (error instanceof EngineError)
    return new Problem('storage-unavailable', { reason: error.reason }, { 'Retry-After': '10' });
  return null;
}

/** How devices, which most requests are from, are to show who they are. */
const DPOP_CHALLENGE = 'DPoP algs="ES256"';

/** The one place where problems become HTTP. */
export function respond(c: Context, problem: Problem): Response {
  const words = PROBLEMS[problem.code];
  const spanish = /^es\b/i.test(c.req.header('Accept-Language') ?? '');
  const document = {
    type: `urn:holdfast:problem:${problem.code}`,
    title: spanish ? words.es : words.en,
    status: words.status,
    ...problem.facts,
  };
  return c.body(JSON.stringify(document), words.status, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    // RFC 9110 asks for it with every 401; people's tokens bring their own.
    ...(words.status === 401 ? { 'WWW-Authenticate': DPOP_CHALLENGE } : {}),
    ...problem.headers,
  });
}
