/** Certificates for edges' terminators, for edges that show who they are: each gets one for its own name alone. */
import { base64url } from 'jose';
import type { Routes } from '../../shared/http/context.ts';
import { Problem } from '../../shared/http/problem.ts';
import { answer, message } from '../../shared/http/routes/sync.ts';
import { limits } from '../../shared/limits.ts';
import { certificateRequest } from '../../shared/replication/protocol.ts';
import type { TlsAuthority } from './authority.ts';

/** Without an authority the address is there and says so, which a box tells its people. */
export function tlsRoutes(authority: TlsAuthority | null): Routes {
  return (app, node) => {
    const { platform, log } = node.options;
    const lately = new Map<string, { readonly since: number; readonly count: number }>();
    if (authority) node.endings.note('tls-authority', authority.endsAt, limits.tlsAuthorityWarningMs);

    app.post('/v1/sync/certificate', async (c) => {
      const { peer } = node.sync.authenticate(c.req.header('Authorization'));
      const { request } = await message(node, c, certificateRequest, limits.tlsRequestBytesMax);
      if (!authority) throw new Problem('certificate-refused', { why: 'no-authority' });
      if (peer.role !== 'edge') throw new Problem('certificate-refused', { why: 'role' });
      const now = platform.now();
      const before = lately.get(peer.nodeId);
      const counted = before && now - before.since < limits.tlsWindowMs ? before : { since: now, count: 0 };
      if (counted.count >= limits.tlsRequestsPerWindowMax)
        throw new Problem('certificate-refused', { why: 'too-many' });
      lately.set(peer.nodeId, { ...counted, count: counted.count + 1 });
      const made = await authority.certify(new Uint8Array(base64url.decode(request)), peer.name);
      if (typeof made === 'string') throw new Problem('certificate-refused', { why: made });
      const { chain, name, serial, endsAt } = made;
      log('info', 'a TLS certificate was signed', { node: peer.name, name, serial, endsAt });
      return answer(node, { chain });
    });
  };
}
