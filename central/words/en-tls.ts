/** The command line's words about the authority that signs edges' TLS certificates; English. */
export const tls = {
  help: {
    tls: 'the authority that signs the TLS certificates of edges',
    tlsNew: 'make an authority for the names below a domain; it belongs to the centre alone',
    domain: 'edges are reached as NAME.DOMAIN',
    out: 'file to make (mode 0600); its certificate, for PCs to trust, is made beside it as .crt',
  },
  notADomain: (text: string): string => `"${text}" is no domain such as holdfast.example.org.`,
  made: (domain: string, file: string): string => `An authority for names below ${domain} is in ${file}.`,
  trustNext: (file: string): string =>
    `Have PCs and browsers trust ${file}; it can speak for no other domain. Give the centre the first file as OPERATIONS.md says, and keep a copy offline.`,
  labels: { ends: 'ends', fingerprint: 'SHA-256' },
};
