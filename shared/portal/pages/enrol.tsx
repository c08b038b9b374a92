/** Enrolling by a one-time link: with a passkey, or with a password and the codes of an app. */
import { encode } from 'uqr';
import { addressOf } from '../../http/context.ts';
import type { Routes } from '../../http/context.ts';
import { PROBLEMS, Problem, misfit } from '../../http/problem.ts';
import { placeOf } from '../../http/routes/session.ts';
import { parseJson } from '../../parse-json.ts';
import { enrolmentBegin, enrolmentFinish } from '../../staff/messages.ts';
import type { Offer, Taken } from '../../staff/enrolment.ts';
import type { NewPasskeyAnswer } from '../../staff/passkeys.ts';
import { type Fields, readForm } from '../form.ts';
import { Token, respondPage } from '../frame.tsx';
import { Fault, NewPassword, PasskeyName, RecoveryCodes } from '../pieces/credentials.tsx';
import { Field } from '../pieces/fields.tsx';
import { type Visit, visitOf } from '../visit.ts';
import { SIGN_IN } from './sign-in.tsx';

const ENROL = '/enrol';

export const enrolPages: Routes = (app, node) => {
  app.get(ENROL, (c) => linkPage(visitOf(node, c), null));
  app.post(ENROL, async (c) => {
    node.confirmation.require();
    const fields = await readForm(c, node.options.platform);
    return beginPage(visitOf(node, c), fields, null);
  });
  app.post(`${ENROL}/finish`, async (c) => {
    node.confirmation.require();
    const fields = await readForm(c, node.options.platform);
    return finishPage(visitOf(node, c), fields);
  });
};

const MENDABLE: readonly string[] = ['invalid-request', 'enrolment-invalid', 'password-weak', 'link-invalid'];

function linkPage(visit: Visit, problem: Problem | null): Promise<Response> {
  const { words } = visit;
  return respondPage(visit, {
    title: words.account.enrolTitle,
    meaning: 'none',
    status: problem ? PROBLEMS[problem.code].status : 200,
    body: (
      <article class="card sign-in">
        <h1>{words.account.enrolTitle}</h1>
        <p>{words.account.enrolLead}</p>
        <Fault visit={visit} problem={problem} />
        <form method="post" action={ENROL} class="stack" data-island="link">
          <Token visit={visit} />
          <Field label={words.account.link} id="link">
            <input
              id="link"
              name="link"
              required
              maxlength={400}
              autocomplete="off"
              spellcheck={false}
              class="code"
              autofocus
            />
          </Field>
          <button>{words.account.begin}</button>
        </form>
      </article>
    ),
  });
}

/** The token of a link: what was pasted may be the whole of it. */
function linkOf(fields: Fields): string {
  return (fields.get('link') ?? '').trim().replace(/^.*#/, '');
}

async function beginPage(visit: Visit, fields: Fields, problem: Problem | null): Promise<Response> {
  const { node, c } = visit;
  const parsed = enrolmentBegin.safeParse({ link: linkOf(fields) });
  if (!parsed.success) return linkPage(visit, new Problem('link-invalid'));
  const { link } = parsed.data;
  try {
    const offer = await node.enrolment.begin(link, addressOf(c), fields.get('shown'));
    return await offerPage(visit, link, offer, problem);
  } catch (error) {
    if (error instanceof Problem && error.code === 'link-invalid') return linkPage(visit, error);
    throw error;
  }
}

function offerPage(visit: Visit, link: string, offer: Offer, problem: Problem | null): Promise<Response> {
  const { words } = visit;
  return respondPage(visit, {
    title: words.account.enrolTitle,
    meaning: 'none',
    status: problem ? PROBLEMS[problem.code].status : 200,
    body: (
      <article class="card sign-in">
        <h1>{words.account.welcome(offer.name)}</h1>
        <p>{words.account.signInName(offer.staffId)}</p>
        <Fault visit={visit} problem={problem} />
        {offer.passkey && (
          <form
            method="post"
            action={`${ENROL}/finish`}
            class="stack"
            data-island="new-passkey"
            data-options={JSON.stringify(offer.passkey)}
            data-failed={words.account.passkeyFailed}
            hidden
          >
            <h2>{words.account.byPasskey}</h2>
            <p>{words.account.passkeyLead}</p>
            <Token visit={visit} />
            <input type="hidden" name="link" value={link} />
            <input type="hidden" name="passkey" value="" />
            <PasskeyName visit={visit} />
            <button>{words.account.makePasskey}</button>
            <p class="fault" role="status"></p>
          </form>
        )}
        <form method="post" action={`${ENROL}/finish`} class="stack">
          {offer.passkey && <h2>{words.account.byPassword}</h2>}
          <p>{words.account.scan}</p>
          <QrCode text={offer.totp.uri} label={words.account.scan} />
          <p class="code">{offer.totp.secret.replace(/(.{4})(?=.)/g, '$1 ')}</p>
          <Token visit={visit} />
          <input type="hidden" name="link" value={link} />
          <input type="hidden" name="shown" value={offer.totp.secret} />
          <NewPassword visit={visit} />
          <button>{words.account.finish}</button>
        </form>
      </article>
    ),
  });
}

/** A passkey's form has one, and the other has a password. Throws a Problem. */
function takenOf(fields: Fields): Taken & { readonly link: string } {
  const passkey = fields.get('passkey');
  const parsed = enrolmentFinish.safeParse({
    link: linkOf(fields),
    ...(passkey === undefined
      ? { password: fields.get('password'), code: fields.get('code')?.replace(/\s/g, '') }
      : { passkey: parseJson(passkey), passkeyName: fields.get('name') }),
  });
  if (!parsed.success) throw misfit(parsed.error.issues);
  // The schema is WebAuthn's form with bounds; its library's types say some members more narrowly.
  return { ...parsed.data, passkey: parsed.data.passkey as NewPasskeyAnswer | undefined };
}

async function finishPage(visit: Visit, fields: Fields): Promise<Response> {
  const { words, node, c } = visit;
  let recoveryCodes: readonly string[];
  try {
    const { link, ...taken } = takenOf(fields);
    ({ recoveryCodes } = await node.enrolment.finish(link, taken, placeOf(c), addressOf(c)));
  } catch (error) {
    if (error instanceof Problem && MENDABLE.includes(error.code)) return beginPage(visit, fields, error);
    throw error;
  }
  return respondPage(visit, {
    title: words.account.done,
    meaning: 'none',
    body: (
      <article class="card sign-in">
        <h1>{words.account.done}</h1>
        <RecoveryCodes visit={visit} codes={recoveryCodes} />
        <p>
          <a class="button" href={SIGN_IN}>
            {words.signIn}
          </a>
        </p>
      </article>
    ),
  });
}

/** Drawn here: the secret in it goes nowhere for a picture. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { size, data } = encode(text, { border: 2 });
  const path = data
    .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x},${y}h1v1h-1z`] : [])))
    .join('');
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${String(size)} ${String(size)}`}
      width="220"
      height="220"
      role="img"
      aria-label={label}
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
