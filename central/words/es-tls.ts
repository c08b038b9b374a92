/** The command line's words about the authority that signs edges' TLS certificates; Spanish. */
import type { tls as english } from './en-tls.ts';

export const tls: typeof english = {
  help: {
    tls: 'la autoridad que firma los certificados TLS de los nodos de sede',
    tlsNew: 'crea una autoridad para los nombres de un dominio; pertenece solo al centro',
    domain: 'a los nodos de sede se llega como NOMBRE.DOMINIO',
    out: 'archivo que se crea (modo 0600); su certificado, en el que han de confiar los PC, queda al lado como .crt',
  },
  notADomain: (text) => `"${text}" no es un dominio como holdfast.example.org.`,
  made: (domain, file) => `La autoridad para los nombres de ${domain} está en ${file}.`,
  trustNext: (file) =>
    `Haga que los PC y los navegadores confíen en ${file}; no puede hablar por ningún otro dominio. Dé al centro el primer archivo como dice OPERATIONS.md y guarde una copia fuera de línea.`,
  labels: { ends: 'termina', fingerprint: 'SHA-256' },
};
