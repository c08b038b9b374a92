/** Words for keys and for the audit of their recovery. English as MBAM says it. */
import type {
  AUDIT_KEY_TYPES,
  AuditAction,
  AUDIT_SOURCES,
  CALLER_VERIFICATIONS,
  DISCLOSURE_REASONS,
  ImportSource,
  StaffRole,
} from '../domain/vocabulary.ts';
import { PROBLEMS, type ProblemCode } from '../http/problem.ts';
import type { AuditBody } from '../journal/bodies.ts';
import type { Language, Words } from './language.ts';

export const auditSourceWords: Words<(typeof AUDIT_SOURCES)[number]> = {
  en: {
    'Self-Service Portal': 'Self-Service Portal',
    Helpdesk: 'Helpdesk',
    Agent: 'Agent',
    Export: 'Export',
  },
  es: {
    'Self-Service Portal': 'Portal de autoservicio',
    Helpdesk: 'Soporte técnico',
    Agent: 'Agente',
    Export: 'Exportación',
  },
};

export const AUDIT_STATUSES = ['Successful', 'Failed'] as const satisfies readonly AuditBody['status'][];
export const auditStatusWords: Words<AuditBody['status']> = {
  en: { Successful: 'Successful', Failed: 'Failed' },
  es: { Successful: 'Correcta', Failed: 'Fallida' },
};

export const auditActionWords: Words<AuditAction> = {
  en: {
    disclosure: 'Disclosure',
    search: 'Key ID search',
    export: 'Export',
    request: 'Request for approval',
    approval: 'Approval',
    denial: 'Denial',
    expiry: 'Request expired',
    'break-glass-request': 'Break-glass asked for',
    'break-glass-opening': 'Break-glass opened',
    'break-glass-end': 'Break-glass ended',
    'device-state': 'Device state set',
  },
  es: {
    disclosure: 'Entrega de clave',
    search: 'Búsqueda por ID de clave',
    export: 'Exportación',
    request: 'Solicitud de aprobación',
    approval: 'Aprobación',
    denial: 'Denegación',
    expiry: 'Solicitud caducada',
    'break-glass-request': 'Apertura de emergencia solicitada',
    'break-glass-opening': 'Apertura de emergencia',
    'break-glass-end': 'Fin de la apertura de emergencia',
    'device-state': 'Cambio de estado del equipo',
  },
};

export const auditKeyTypeWords: Words<(typeof AUDIT_KEY_TYPES)[number]> = {
  en: {
    'Recovery Key Password': 'Recovery Key Password',
    'Recovery Key ID': 'Recovery Key ID',
    'TPM Password Hash': 'TPM Password Hash',
  },
  es: {
    'Recovery Key Password': 'Contraseña de clave de recuperación',
    'Recovery Key ID': 'ID de clave de recuperación',
    'TPM Password Hash': 'Hash de contraseña de TPM',
  },
};

export const disclosureReasonWords: Words<(typeof DISCLOSURE_REASONS)[number]> = {
  en: {
    'os-boot-order-changed': 'Operating system boot order changed',
    'bios-changed': 'BIOS changed',
    'os-files-modified': 'Operating system files modified',
    'lost-startup-key': 'Lost startup key',
    'lost-pin': 'Lost PIN',
    'tpm-reset': 'TPM reset',
    'lost-passphrase': 'Lost passphrase',
    'lost-smartcard': 'Lost smartcard',
    other: 'Other',
  },
  es: {
    'os-boot-order-changed': 'Cambió el orden de arranque del sistema operativo',
    'bios-changed': 'Cambió la BIOS',
    'os-files-modified': 'Se modificaron archivos del sistema operativo',
    'lost-startup-key': 'Clave de inicio perdida',
    'lost-pin': 'PIN olvidado',
    'tpm-reset': 'TPM restablecido',
    'lost-passphrase': 'Frase de contraseña olvidada',
    'lost-smartcard': 'Tarjeta inteligente perdida',
    other: 'Otro',
  },
};

export const verificationWords: Words<(typeof CALLER_VERIFICATIONS)[number]> = {
  en: {
    'call-back': 'Called back on a known number',
    manager: 'Confirmed by the manager',
    'in-person': 'In person',
    badge: 'By badge',
    'security-questions': 'By security questions',
    other: 'Other',
  },
  es: {
    'call-back': 'Llamada de vuelta a un número conocido',
    manager: 'Confirmado por el responsable',
    'in-person': 'En persona',
    badge: 'Con tarjeta de identificación',
    'security-questions': 'Con preguntas de seguridad',
    other: 'Otro',
  },
};

export const staffRoleWords: Words<StaffRole> = {
  en: {
    helpdesk: 'Helpdesk',
    'advanced-helpdesk': 'Advanced helpdesk',
    reports: 'Report user',
    auditor: 'Auditor',
    administrator: 'Administrator',
    'break-glass-officer': 'Break-glass officer',
  },
  es: {
    helpdesk: 'Soporte técnico',
    'advanced-helpdesk': 'Soporte técnico avanzado',
    reports: 'Usuario de informes',
    auditor: 'Auditor',
    administrator: 'Administrador',
    'break-glass-officer': 'Responsable de emergencia',
  },
};

export const KEY_STATES = ['present', 'disclosed', 'rotated', 'conflicted'] as const;
export const keyStateWords: Words<(typeof KEY_STATES)[number]> = {
  en: { present: 'Present', disclosed: 'Disclosed', rotated: 'Rotated', conflicted: 'Conflicted' },
  es: { present: 'Presente', disclosed: 'Entregada', rotated: 'Rotada', conflicted: 'En conflicto' },
};

/** Why a key needs somebody. */
export const KEY_RISKS = ['to-be-rotated', 'conflict', 'unverified', 'never-seen-again'] as const;
export type KeyRisk = (typeof KEY_RISKS)[number];
export const keyRiskWords: Words<KeyRisk> = {
  en: {
    'to-be-rotated': 'Given out and not rotated',
    conflict: 'In conflict',
    unverified: 'Imported and not confirmed',
    'never-seen-again': 'Never seen since its escrow',
  },
  es: {
    'to-be-rotated': 'Entregada y sin rotar',
    conflict: 'En conflicto',
    unverified: 'Importada y sin confirmar',
    'never-seen-again': 'No vista desde su custodia',
  },
};

export const importSourceWords: Words<ImportSource> = {
  en: { 'active-directory': 'Active Directory', mbam: 'MBAM', entra: 'Microsoft Entra ID', csv: 'CSV file' },
  es: {
    'active-directory': 'Active Directory',
    mbam: 'MBAM',
    entra: 'Microsoft Entra ID',
    csv: 'Archivo CSV',
  },
};

/** Why a request was refused: the words of the problem that was answered. */
const problemWords = (language: Language) =>
  Object.fromEntries(
    Object.entries(PROBLEMS).map(([code, words]) => [code, words[language]]),
    // `Object.entries` forgets the keys that `PROBLEMS` is typed by.
  ) as Record<ProblemCode, string>;
export const failureWords: Words<ProblemCode> = { en: problemWords('en'), es: problemWords('es') };
