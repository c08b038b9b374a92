/** Answers of authenticators (WebAuthn): client data, authenticator data, CBOR and COSE keys. */
import fc from 'fast-check';
import { base64url } from 'jose';
import { z } from 'zod';
import { newPasskey, passkeySignIn } from '../../../shared/staff/messages.ts';
import { Passkeys } from '../../../shared/staff/passkeys.ts';
import { SoftwareAuthenticator } from '../../support/authenticator.ts';
import { stillPlatform } from '../fixtures.ts';
import { type Target, jsonOf, must } from '../target.ts';

type Parts = ConstructorParameters<typeof Passkeys>[0];
const PLACE = { isSecure: true, host: 'edge-madrid.example.org' };
const ORIGIN = `https://${PLACE.host}`;
const recipe = z.looseObject({
  what: z.enum(['sign-in', 'new']),
  /** what an authenticator is told to do wrong */
  twist: z.object({
    origin: z.string().exactOptional(),
    challenge: z.string().exactOptional(),
    type: z.string().exactOptional(),
    rpId: z.string().exactOptional(),
    flags: z.number().int().min(0).max(255).exactOptional(),
    id: z.string().exactOptional(),
  }),
  /** bytes of its answer that are changed: of which field, where, to what */
  bytes: z.array(z.tuple([z.number(), z.number(), z.number()])).max(5),
  answer: z.unknown().optional(),
});

export const target: Target = {
  name: 'passkey',
  holds:
    'an answer counts only when an honest authenticator gave it, for this node, this challenge and its own key, with its owner verified; one byte changed, or anything else, is null and never an error; a challenge is good once',
  inputs: fc
    .record({
      what: fc.constantFrom('sign-in', 'new'),
      twist: fc.oneof(
        { weight: 3, arbitrary: fc.constant({}) },
        fc.record(
          {
            origin: fc.constantFrom(ORIGIN, 'https://evil.example', 'null'),
            challenge: fc.constantFrom('AAAA', ''),
            type: fc.constantFrom('webauthn.get', 'webauthn.create'),
            rpId: fc.constantFrom('example.org', 'evil.example'),
            flags: fc.nat(255),
            id: fc.constantFrom('AAAA'),
          },
          { requiredKeys: [] },
        ),
      ),
      bytes: fc.array(fc.tuple(fc.nat(5), fc.nat(300), fc.nat(255)), { maxLength: 2 }),
    })
    .map((value) => JSON.stringify(value)),
  words: [
    '"what":"new"',
    '"what":"sign-in"',
    '"bytes":[[0,0,0]]',
    'webauthn.get',
    'webauthn.create',
    'https://evil.example',
    '"flags":4',
    'public-key',
  ],
  bytesMax: 3_000,
  open() {
    const authenticator = new SoftwareAuthenticator();
    const held: unknown[] = [];
    const passkeys = new Passkeys({
      platform: stillPlatform,
      configuration: { get: () => ({ body: { rpId: 'example.org' } }) } as unknown as Parts['configuration'],
      credentials: { of: () => held, allOf: () => held } as unknown as Parts['credentials'],
    });
    const enrolled = async () => {
      const options = await passkeys.newOptions('maria', 'María');
      const secret = await passkeys.verifyNew(authenticator.create(options, ORIGIN), 'laptop', PLACE);
      if (!secret) throw new Error('the first passkey was refused');
      held.push({ staffId: 'maria', secret });
    };
    return {
      seeds: [
        '{"what":"sign-in","twist":{},"bytes":[]}',
        '{"what":"new","twist":{},"bytes":[]}',
        '{"what":"sign-in","twist":{"flags":1},"bytes":[]}',
        '{"what":"new","twist":{},"bytes":[[1,40,255]]}',
      ],
      async run(input) {
        if (held.length === 0) await enrolled();
        const parsed = recipe.safeParse(jsonOf(input));
        if (!parsed.success) return;
        const { what, twist, bytes, answer } = parsed.data;
        const isNew = what === 'new';
        const options = isNew ? await passkeys.newOptions('maria', 'María') : await passkeys.options();
        const honest = isNew
          ? new SoftwareAuthenticator().create(options, ORIGIN, twist)
          : authenticator.get(options, ORIGIN, twist);
        const before = JSON.stringify(honest);
        const made =
          typeof answer === 'object' && answer !== null ? { ...honest, ...answer } : changed(honest, bytes);
        const fits = (isNew ? newPasskey : passkeySignIn).safeParse(made);
        if (!fits.success) return;
        const verify = () =>
          isNew
            ? passkeys.verifyNew(fits.data as Parameters<Passkeys['verifyNew']>[0], 'phone', PLACE)
            : passkeys.verify(fits.data as Parameters<Passkeys['verify']>[0], PLACE);
        const first = await verify();
        const isHonest = JSON.stringify(made) === before && Object.keys(twist).length === 0;
        must(!isHonest || first !== null, 'an honest answer is refused');
        must(first === null || mayCount(honest, made, twist, isNew), 'an answer counts that must not');
        must((await verify()) === null, 'a challenge is good twice');
      },
    };
  },
};

type Answer = { readonly id: string; readonly response: Readonly<Record<string, string>> };

function changed(honest: Answer, changes: readonly (readonly [number, number, number])[]): Answer {
  const response = { ...honest.response };
  const fields = Object.keys(response);
  for (const [field, at, byte] of changes) {
    const name = fields[Math.abs(Math.trunc(field)) % fields.length] ?? '';
    const bytes = Buffer.from(response[name] ?? '', 'base64url');
    if (bytes.length > 0) bytes[Math.abs(Math.trunc(at)) % bytes.length] = byte & 255;
    response[name] = base64url.encode(bytes);
  }
  return { ...honest, response };
}

/** Without a change in what is signed, and with nothing wrong that was asked for. A registration without attestation signs only its client data. */
function mayCount(
  honest: Answer,
  made: unknown,
  twist: Readonly<Record<string, unknown>>,
  isNew: boolean,
): boolean {
  const { response } = made as Answer;
  const same = (name: string) => response[name] === honest.response[name];
  const flags = typeof twist['flags'] === 'number' ? twist['flags'] : isNew ? 0x45 : 0x05;
  const isWrong = Object.entries(twist).some(
    ([name, value]) =>
      (name === 'origin' && value !== ORIGIN) ||
      name === 'challenge' ||
      (name === 'rpId' && value !== 'example.org') ||
      (name === 'type' && value !== (isNew ? 'webauthn.create' : 'webauthn.get')) ||
      (name === 'id' && !isNew),
  );
  if (isWrong || (!same('clientDataJSON') && !isNew)) return false;
  if (isNew) return true;
  return (flags & 5) === 5 && same('authenticatorData');
}
