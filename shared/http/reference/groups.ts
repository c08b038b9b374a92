/** The groups of operations, as the reference and `/openapi.json` show them. The first whose pattern fits counts. */
export const GROUPS = [
  {
    name: 'devices',
    paths: /^\/v1\/(devices|recovery\/keys|compliance)/,
    en: 'What a device calls: enrolment, escrow, reports of its state.',
    es: 'Lo que llama un dispositivo: alta, custodia, informes de su estado.',
  },
  {
    name: 'helpdesk',
    paths: /^\/v1\/(recovery|break-glass|exemptions)/,
    en: 'Finding a key and giving it out; second persons, break-glass and exemptions.',
    es: 'Encontrar una clave y entregarla; segundas personas, emergencias y exenciones.',
  },
  {
    name: 'reports',
    paths: /^\/v1\/reports/,
    en: 'Compliance and audit, as JSON or CSV, with how fresh they are.',
    es: 'Conformidad y auditoría, en JSON o CSV, y cómo de recientes son.',
  },
  {
    name: 'moving',
    paths: /^\/v1\/admin\/(imports|exports)/,
    en: 'Bringing keys in from elsewhere, and taking them out.',
    es: 'Traer claves de otro sistema, y sacarlas.',
  },
  {
    name: 'snapshots',
    paths: /^\/v1\/admin\/(snapshots|writers)/,
    en: 'Snapshots for backup, at a centre.',
    es: 'Instantáneas para copias de seguridad, en un centro.',
  },
  {
    name: 'nodes',
    paths: /^\/v1\/sync/,
    en: 'What nodes say to each other. Not for other programs: versions change together.',
    es: 'Lo que se dicen los nodos. No es para otros programas: las versiones cambian juntas.',
  },
  {
    name: 'people',
    paths: /^\/v1\/(session|enrolment|admin\/accounts)/,
    en: 'Signing in and out, passkeys and codes, and the accounts of staff.',
    es: 'Iniciar y cerrar sesión, llaves de acceso y códigos, y las cuentas del personal.',
  },
  {
    name: 'edges',
    paths: /^\/v1\/admin\/(edges|vaults|digests|comparison|confirmation)/,
    en: 'Edges and vaults, and whether nodes agree.',
    es: 'Nodos de sede y bóvedas, y si los nodos concuerdan.',
  },
  {
    name: 'administration',
    paths: /^\/v1\//,
    en: 'Sites, regions, staff, tokens, policies, devices.',
    es: 'Sedes, regiones, personal, tokens, directivas, dispositivos.',
  },
  {
    name: 'operations',
    paths: /^\//,
    en: 'For operators and monitoring.',
    es: 'Para operadores y supervisión.',
  },
] as const;

export type Group = (typeof GROUPS)[number];

export function groupOf(path: string): Group['name'] {
  return GROUPS.find(({ paths }) => paths.test(path))?.name ?? 'operations';
}
