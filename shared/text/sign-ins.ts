/** Words for what happens to accounts, and the headings of the report that shows it. */
import type { AccountEvent, SignInFailure, SignInMethod } from '../journal/staff-bodies.ts';
import type { Words } from './language.ts';

export const accountActionWords: Words<AccountEvent['action']> = {
  en: {
    'sign-in': 'Sign-in',
    'sign-out': 'Sign-out',
    'sign-out-elsewhere': 'Sign-out of other sessions',
    throttled: 'Kept waiting',
    'link-made': 'Enrolment link made',
    enrolled: 'Enrolled',
    'passkey-added': 'Passkey added',
    'passkey-renamed': 'Passkey renamed',
    'passkey-removed': 'Passkey removed',
    'recovery-codes-made': 'New recovery codes',
    'password-changed': 'Password changed',
    'change-demanded': 'Another password demanded',
    reset: 'Credentials forgotten',
    revoked: 'Revoked',
  },
  es: {
    'sign-in': 'Inicio de sesión',
    'sign-out': 'Cierre de sesión',
    'sign-out-elsewhere': 'Cierre de las demás sesiones',
    throttled: 'Puesto en espera',
    'link-made': 'Enlace de alta creado',
    enrolled: 'Dado de alta',
    'passkey-added': 'Llave de acceso añadida',
    'passkey-renamed': 'Llave de acceso renombrada',
    'passkey-removed': 'Llave de acceso quitada',
    'recovery-codes-made': 'Códigos de recuperación nuevos',
    'password-changed': 'Contraseña cambiada',
    'change-demanded': 'Otra contraseña exigida',
    reset: 'Credenciales olvidadas',
    revoked: 'Revocado',
  },
};

export const signInMethodWords: Words<SignInMethod> = {
  en: {
    'password+totp': 'Password and one-time code',
    'password+recovery-code': 'Password and recovery code',
    passkey: 'Passkey',
    link: 'Enrolment link',
  },
  es: {
    'password+totp': 'Contraseña y código de un solo uso',
    'password+recovery-code': 'Contraseña y código de recuperación',
    passkey: 'Llave de acceso',
    link: 'Enlace de alta',
  },
};

const signInEnglish = {
  at: 'Date and time',
  action: 'What',
  status: 'Status',
  failure: 'Failed because',
  method: 'By',
  staffName: 'Person',
  staffId: 'Sign-in name',
  byName: 'Done by',
  byId: 'Done by (sign-in name)',
  site: 'Site of the node',
  nodeName: 'Node',
  address: 'Address',
  offlineSince: 'Centre unreachable since',
} as const;
export type SignInColumn = keyof typeof signInEnglish;
export const signInHeadings: Words<SignInColumn> = {
  en: signInEnglish,
  es: {
    at: 'Fecha y hora',
    action: 'Qué',
    status: 'Estado',
    failure: 'Motivo del fallo',
    method: 'Con',
    staffName: 'Persona',
    staffId: 'Nombre de inicio de sesión',
    byName: 'Hecho por',
    byId: 'Hecho por (nombre de inicio de sesión)',
    site: 'Sede del nodo',
    nodeName: 'Nodo',
    address: 'Dirección',
    offlineSince: 'Centro inalcanzable desde',
  },
};

export const signInFailureWords: Words<SignInFailure> = {
  en: {
    'unknown-account': 'Nobody by that name',
    revoked: 'Revoked',
    'no-password': 'Has no password',
    'wrong-password': 'Wrong password',
    'no-second-factor': 'Has no codes at this node',
    'wrong-code': 'Wrong code',
    'used-code': 'Code used before',
    'wrong-passkey': 'Passkey not known or not right',
    'too-many-attempts': 'Too many attempts',
  },
  es: {
    'unknown-account': 'Nadie con ese nombre',
    revoked: 'Revocado',
    'no-password': 'No tiene contraseña',
    'wrong-password': 'Contraseña incorrecta',
    'no-second-factor': 'No tiene códigos en este nodo',
    'wrong-code': 'Código incorrecto',
    'used-code': 'Código ya usado',
    'wrong-passkey': 'Llave de acceso desconocida o incorrecta',
    'too-many-attempts': 'Demasiados intentos',
  },
};
