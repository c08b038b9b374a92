/** Proofs of possession (DPoP, RFC 9449) of devices. */
import fc from 'fast-check';
import { z } from 'zod';
import { ProofChecker } from '../../../shared/devices/proof.ts';
import { Problem } from '../../../shared/http/problem.ts';
import { publicJwk } from '../../../shared/trust/certificate.ts';
import { makeSigner, thumbprint } from '../../../shared/trust/jws.ts';
import { privateKeyOf, stillPlatform } from '../fixtures.ts';
import { type Target, jsonOf, must, textOf } from '../target.ts';

const REQUEST = { method: 'PUT', host: 'localhost:8700', path: '/v1/recovery/keys/x' };
const HTU = `http://${REQUEST.host}${REQUEST.path}`;
const recipe = z.looseObject({
  header: z.record(z.string(), z.unknown()),
  claims: z.record(z.string(), z.unknown()),
  by: z.enum(['own', 'other']),
});

const value = (good: unknown) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(good) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<unknown>(
        '',
        'http://localhost:8700/v1/recovery/keys/x?y',
        'HTTPS://LOCALHOST:8700/v1/recovery/keys/x',
        'http://localhost:8700/v1/recovery/keys/./x',
        'put',
        '1.x',
      ),
    },
  );

export const target: Target = {
  name: 'proof',
  holds:
    'a proof counts only with every claim right: method, place, token, nonce, key; by the key that it shows and no private one; and once',
  inputs: fc
    .record({
      header: fc.record({ jwk: value('JWK') }),
      claims: fc.record({
        jti: value('jti-jti-jti'),
        htm: value('PUT'),
        htu: value(HTU),
        nonce: value('NONCE'),
        ath: value('ATH'),
      }),
      by: fc.constantFrom('own', 'own', 'other'),
    })
    .map((made) => JSON.stringify(made)),
  words: ['"JWK"', '"NONCE"', '"ATH"', 'PUT', HTU, '"by":"own"', '"d":"x"', 'jti-jti-jti'],
  bytesMax: 2_000,
  async open() {
    const [own, other] = [privateKeyOf('pc'), privateKeyOf('other')];
    const signers = { own: await makeSigner(own), other: await makeSigner(other) };
    const jwk = publicJwk.parse(own);
    const jkt = await thumbprint(jwk);
    const ath = stillPlatform.sha256('a.b.c');
    const right = JSON.stringify({
      header: { jwk: 'JWK' },
      claims: { jti: 'jti-jti-jti', htm: 'PUT', htu: HTU, nonce: 'NONCE', ath: 'ATH' },
      by: 'own',
    });
    return {
      seeds: [right],
      async run(input) {
        const checker = new ProofChecker(stillPlatform);
        const check = (proof: string) =>
          checker.check({ ...REQUEST, proof, tokenHash: ath }).catch((error: unknown) => {
            must(error instanceof Problem, 'another error than a problem');
            return null;
          });
        const parsed = recipe.safeParse(jsonOf(input));
        if (!parsed.success) {
          must((await check(textOf(input))) === null, 'a proof counts that nobody signed');
          return;
        }
        const filled = (of: unknown): unknown =>
          JSON.parse(JSON.stringify(of), (_name, each: unknown) =>
            each === 'JWK' ? jwk : each === 'NONCE' ? checker.nonce() : each === 'ATH' ? ath : each,
          );
        const claims = filled(parsed.data.claims) as Record<string, unknown>;
        const header = filled(parsed.data.header) as Record<string, unknown>;
        // The library itself refuses what is no header.
        const proof = await signers[parsed.data.by].sign('dpop+jwt', claims, header).catch(() => null);
        if (proof === null) return;
        const proven = await check(proof);
        const shown = z.looseObject({}).safeParse(header['jwk']).data ?? {};
        const isRight =
          claims['htm'] === 'PUT' &&
          sameHtu(claims['htu']) &&
          claims['ath'] === ath &&
          claims['nonce'] === checker.nonce() &&
          parsed.data.by === 'own' &&
          shown['x'] === jwk.x;
        if (proven) {
          must(isRight && proven.jkt === jkt && !('d' in shown), 'a proof counts that must not');
          must((await check(proof)) === null, 'a proof counts twice');
        } else must(JSON.stringify(parsed.data) !== right, 'the right proof is refused');
      },
    };
  },
};

function sameHtu(htu: unknown): boolean {
  const url = typeof htu === 'string' ? URL.parse(htu) : null;
  return (
    url !== null &&
    url.host === REQUEST.host &&
    url.pathname === REQUEST.path &&
    /^https?:$/.test(url.protocol)
  );
}
