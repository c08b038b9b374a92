/** Words for what devices report of themselves, and for what follows from it. English as MBAM and Windows say it. */
import {
  type COMPLIANCE_STATES,
  type CONVERSION_STATUS,
  ENCRYPTION_METHODS,
  type LOCK_STATUS,
  NON_COMPLIANCE_REASONS,
  type PROTECTION_STATUS,
  type PROTECTOR_TYPES,
  type VOLUME_TYPES,
} from '../domain/vocabulary.ts';
import type { Words } from './language.ts';

export const complianceStateWords: Words<(typeof COMPLIANCE_STATES)[number]> = {
  en: {
    compliant: 'Compliant',
    'non-compliant': 'Non-compliant',
    'user-exempt': 'User exempt',
    'temporary-user-exempt': 'Temporary user exempt',
    'policy-not-enforced': 'Policy not enforced',
    unknown: 'Unknown',
  },
  es: {
    compliant: 'Conforme',
    'non-compliant': 'No conforme',
    'user-exempt': 'Usuario exento',
    'temporary-user-exempt': 'Usuario exento temporalmente',
    'policy-not-enforced': 'Directiva no aplicada',
    unknown: 'Desconocido',
  },
};

export const nonComplianceReasonWords: Words<keyof typeof NON_COMPLIANCE_REASONS> = {
  en: NON_COMPLIANCE_REASONS,
  es: {
    0: 'El cifrado no es AES de 256 bits',
    1: 'La directiva exige que este volumen esté cifrado',
    2: 'La directiva exige que este volumen no esté cifrado',
    3: 'La directiva exige que este volumen use un protector de TPM',
    4: 'La directiva exige que este volumen use un protector de TPM y PIN',
    5: 'La directiva no permite que los equipos sin TPM consten como conformes',
    6: 'El volumen tiene un protector de TPM, pero el TPM no es visible',
    7: 'La directiva exige que este volumen use un protector de contraseña',
    8: 'La directiva exige que este volumen no use un protector de contraseña',
    9: 'La directiva exige que este volumen use un protector de desbloqueo automático',
    10: 'La directiva exige que este volumen no use un protector de desbloqueo automático',
    11: 'Conflicto de directivas',
    12: 'No hay volumen de sistema',
    13: 'La protección está suspendida',
    14: 'El desbloqueo automático no es seguro si el volumen del sistema operativo no está cifrado',
    15: 'El cifrado es más débil que XTS-AES de 128 bits',
    16: 'El cifrado es más débil que XTS-AES de 256 bits',
  },
};

export const volumeTypeWords: Words<keyof typeof VOLUME_TYPES> = {
  en: { 0: 'Unknown', 1: 'Operating system', 2: 'Fixed data', 3: 'Removable data' },
  es: { 0: 'Desconocido', 1: 'Sistema operativo', 2: 'Datos fijos', 3: 'Datos extraíbles' },
};

export const protectionWords: Words<keyof typeof PROTECTION_STATUS> = {
  en: { 0: 'Off', 1: 'On', 2: 'Unknown' },
  es: { 0: 'Desactivada', 1: 'Activada', 2: 'Desconocida' },
};

export const conversionWords: Words<keyof typeof CONVERSION_STATUS> = {
  en: {
    0: 'Fully decrypted',
    1: 'Fully encrypted',
    2: 'Encryption in progress',
    3: 'Decryption in progress',
    4: 'Encryption paused',
    5: 'Decryption paused',
  },
  es: {
    0: 'Totalmente descifrado',
    1: 'Totalmente cifrado',
    2: 'Cifrado en curso',
    3: 'Descifrado en curso',
    4: 'Cifrado en pausa',
    5: 'Descifrado en pausa',
  },
};

export const encryptionMethodWords: Words<keyof typeof ENCRYPTION_METHODS> = {
  en: ENCRYPTION_METHODS,
  es: {
    0: 'Ninguno',
    1: 'AES-128 con difusor',
    2: 'AES-256 con difusor',
    3: 'AES-128',
    4: 'AES-256',
    5: 'Por hardware',
    6: 'XTS-AES-128',
    7: 'XTS-AES-256',
    0xffffffff: 'Desconocido',
  },
};

export const lockWords: Words<keyof typeof LOCK_STATUS> = {
  en: { 0: 'Unlocked', 1: 'Locked' },
  es: { 0: 'Desbloqueado', 1: 'Bloqueado' },
};

export const protectorWords: Words<keyof typeof PROTECTOR_TYPES> = {
  en: {
    0: 'Unknown',
    1: 'TPM',
    2: 'External key',
    3: 'Recovery password',
    4: 'TPM and PIN',
    5: 'TPM and startup key',
    6: 'TPM, PIN and startup key',
    7: 'Public key',
    8: 'Passphrase',
    9: 'TPM certificate',
    10: 'CNG protector',
  },
  es: {
    0: 'Desconocido',
    1: 'TPM',
    2: 'Clave externa',
    3: 'Contraseña de recuperación',
    4: 'TPM y PIN',
    5: 'TPM y clave de inicio',
    6: 'TPM, PIN y clave de inicio',
    7: 'Clave pública',
    8: 'Frase de contraseña',
    9: 'Certificado de TPM',
    10: 'Protector CNG',
  },
};

/** Whether a computer counts among those that are managed, and why not. */
export const STANDINGS = ['managed', 'retired', 'revoked', 'replaced'] as const;
export type Standing = (typeof STANDINGS)[number];
export const standingWords: Words<Standing> = {
  en: { managed: 'Managed', retired: 'Retired', revoked: 'Revoked', replaced: 'Enrolled again since' },
  es: {
    managed: 'Administrado',
    retired: 'Retirado',
    revoked: 'Revocado',
    replaced: 'Dado de alta de nuevo',
  },
};

/** What administrators say of a device, or that no node has heard it for long. */
export const SHOWN_DEVICE_STATES = ['live', 'silent', 'retired', 'stolen'] as const;
export type ShownDeviceState = (typeof SHOWN_DEVICE_STATES)[number];
export const deviceStateWords: Words<ShownDeviceState> = {
  en: { live: 'Live', silent: 'Silent', retired: 'Retired', stolen: 'Stolen' },
  es: { live: 'Activo', silent: 'Sin noticias', retired: 'Retirado', stolen: 'Robado' },
};
