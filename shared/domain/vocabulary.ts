/** The field's own numbers and words: Win32_EncryptableVolume's and MBAM's. Codes are stored, words are shown. */

/** BitLocker volume types as MBAM numbers them. */
export const VOLUME_TYPES = { 0: 'Unknown', 1: 'OS', 2: 'Fixed', 3: 'Removable' } as const;

/** `Win32_EncryptableVolume.GetProtectionStatus`. Encrypted with protection off means suspended. */
export const PROTECTION_STATUS = { 0: 'Off', 1: 'On', 2: 'Unknown' } as const;

/** `GetConversionStatus`; never inferred from a percentage. */
export const CONVERSION_STATUS = {
  0: 'FullyDecrypted',
  1: 'FullyEncrypted',
  2: 'EncryptionInProgress',
  3: 'DecryptionInProgress',
  4: 'EncryptionPaused',
  5: 'DecryptionPaused',
} as const;

/** `GetEncryptionMethod`. */
export const ENCRYPTION_METHODS = {
  0: 'None',
  1: 'AES-128 with diffuser',
  2: 'AES-256 with diffuser',
  3: 'AES-128',
  4: 'AES-256',
  5: 'Hardware',
  6: 'XTS-AES-128',
  7: 'XTS-AES-256',
  0xffffffff: 'Unknown',
} as const;

/** `GetLockStatus`. */
export const LOCK_STATUS = { 0: 'Unlocked', 1: 'Locked' } as const;

/** `GetKeyProtectorType`. */
export const PROTECTOR_TYPES = {
  0: 'Unknown',
  1: 'TPM',
  2: 'ExternalKey',
  3: 'NumericalPassword',
  4: 'TPM+PIN',
  5: 'TPM+StartupKey',
  6: 'TPM+PIN+StartupKey',
  7: 'PublicKey',
  8: 'Passphrase',
  9: 'TPMCertificate',
  10: 'CNG',
} as const;

/** MBAM's reasons for non-compliance by code. */
export const NON_COMPLIANCE_REASONS = {
  0: 'Cipher strength not AES 256',
  1: 'Policy requires this volume to be encrypted',
  2: 'Policy requires this volume to not be encrypted',
  3: 'Policy requires this volume to use a TPM protector',
  4: 'Policy requires this volume to use a TPM+PIN protector',
  5: 'Policy does not allow non-TPM machines to report as compliant',
  6: 'Volume has a TPM protector but the TPM is not visible',
  7: 'Policy requires this volume to use a password protector',
  8: 'Policy requires this volume to not use a password protector',
  9: 'Policy requires this volume to use an auto-unlock protector',
  10: 'Policy requires this volume to not use an auto-unlock protector',
  11: 'Policy conflict',
  12: 'No system volume',
  13: 'Protection is suspended',
  14: 'Auto-unlock is unsafe unless the OS volume is encrypted',
  15: 'Cipher strength weaker than XTS-AES-128',
  16: 'Cipher strength weaker than XTS-AES-256',
} as const;
export type ReasonCode = keyof typeof NON_COMPLIANCE_REASONS;

/** Compliance states of the enterprise report. */
export const COMPLIANCE_STATES = [
  'compliant',
  'non-compliant',
  'user-exempt',
  'temporary-user-exempt',
  'policy-not-enforced',
  'unknown',
] as const;
export type ComplianceState = (typeof COMPLIANCE_STATES)[number];

/** Why a drive's key is given out, as the helpdesk picks it. */
export const DISCLOSURE_REASONS = [
  'os-boot-order-changed',
  'bios-changed',
  'os-files-modified',
  'lost-startup-key',
  'lost-pin',
  'tpm-reset',
  'lost-passphrase',
  'lost-smartcard',
  'other',
] as const;

/** How the caller was verified before a key was given out. */
export const CALLER_VERIFICATIONS = [
  'call-back',
  'manager',
  'in-person',
  'badge',
  'security-questions',
  'other',
] as const;

/**
 * What staff may do. `administrator` works at the centre; `reports` and `auditor` never see a key; two
 * `break-glass-officer` open a site together when the usual rules no longer do.
 */
export const STAFF_ROLES = [
  'helpdesk',
  'advanced-helpdesk',
  'reports',
  'auditor',
  'administrator',
  'break-glass-officer',
] as const;
export type StaffRole = (typeof STAFF_ROLES)[number];

/** What an API token may be limited to. */
export const TOKEN_SCOPES = ['keys', 'reports', 'administration'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** Audit request sources as MBAM names them, and the export of keys by two officers. */
export const AUDIT_SOURCES = ['Self-Service Portal', 'Helpdesk', 'Agent', 'Export'] as const;

/** What is audited: retrieval of keys, and what people do together on the way to it. */
export const AUDIT_ACTIONS = [
  'disclosure',
  'search',
  'export',
  /** a disclosure that waits for a second person, and what became of it */
  'request',
  'approval',
  'denial',
  'expiry',
  'break-glass-request',
  'break-glass-opening',
  'break-glass-end',
  'device-state',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What administrators say of a device: out of use, its keys kept; or in wrong hands. */
export const DEVICE_STATES = ['live', 'retired', 'stolen'] as const;
export type DeviceState = (typeof DEVICE_STATES)[number];

/** Where keys are brought in from. */
export const IMPORT_SOURCES = ['active-directory', 'mbam', 'entra', 'csv'] as const;
export type ImportSource = (typeof IMPORT_SOURCES)[number];

/** Audit key types as MBAM names them; a search by key ID is audited under its own. */
export const AUDIT_KEY_TYPES = ['Recovery Key Password', 'Recovery Key ID', 'TPM Password Hash'] as const;
