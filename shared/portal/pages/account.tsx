/** A person's own account: enrolling by a one-time link, and choosing another password. */
import { encode } from 'uqr';
import { STAFF_ROLES } from '../../domain/vocabulary.ts';
import { addressOf } from '../../http/context.ts';
import type { Routes } from '../../http/context.ts';
import { PROBLEMS, Problem, misfit } from '../../http/problem.ts';
import { ownOf } from '../../http/routes/own-account.ts';
import { placeOf } from '../../http/routes/session.ts';
import { clearSessionCookie } from '../../staff/cookie.ts';
import { enrolmentBegin, enrolmentFinish, passwordChange } from '../../staff/messages.ts';
import { type Fields, readForm } from '../form.ts';
import { Token, respondPage } from '../frame.tsx';
import { Field } from '../pieces/fields.tsx';
import { shows, takes } from '../routing.ts';
import { type Visit, visitOf } from '../visit.ts';
import { SIGN_IN } from './sign-in.tsx';

const ACCOUNT = '/account';
const ENROL = '/enrol';

export const accountPages: Routes = (app, node) => {
  const access = { use: 'account', roles: STAFF_ROLES } as const;
  app.get(ENROL, (c) => linkPage(visitOf(node, c), null));
  app.post(ENROL, async (c) => {
    node.confirmation.require();
    const fields = await readForm(c, node.options.platform);
    return beginPage(visitOf(node, c), (fields.get('link') ?? '').trim(), null);
  });
  app.post(`${ENROL}/finish`, async (c) => {
    node.confirmation.require();
    const fields = await readForm(c, node.options.platform);
    return finishPage(visitOf(node, c), fields);
  });
  shows(app, node, ACCOUNT, access, (visit) => passwordPage(visit, null));
  takes(app, node, `${ACCOUNT}/password`, access, async (visit, fields) => {
    const { c } = visit;
    const parsed = passwordChange.safeParse({ password: fields.get('password'), code: fields.get('code') });
    try {
      if (!parsed.success) throw misfit(parsed.error.issues);
      await node.ownAccount.changePassword(ownOf(node, c), parsed.data.password, parsed.data.code);
    } catch (error) {
      if (error instanceof Problem && MENDABLE.includes(error.code)) return passwordPage(visit, error);
      throw error;
    }
    clearSessionCookie(node, c);
    return c.redirect(SIGN_IN, 303);
  });
};

const MENDABLE: readonly string[] = ['invalid-request', 'enrolment-invalid', 'password-weak', 'link-invalid'];

function Fault({ visit, problem }: { visit: Visit; problem: Problem | null }) {
  if (!problem) return null;
  return (
    <p class="fault" role="alert">
      {PROBLEMS[problem.code][visit.language]}
    </p>
  );
}

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
        <form method="post" action={ENROL} class="stack">
          <Token visit={visit} />
          <Field label={words.account.link} id="link">
            <input
              id="link"
              name="link"
              required
              maxlength={60}
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

async function beginPage(visit: Visit, link: string, problem: Problem | null): Promise<Response> {
  const { words, node, c } = visit;
  const parsed = enrolmentBegin.safeParse({ link });
  if (!parsed.success) return linkPage(visit, new Problem('link-invalid'));
  const offer = await node.enrolment.begin(parsed.data.link, addressOf(c)).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'link-invalid') return error;
    throw error;
  });
  if (offer instanceof Problem) return linkPage(visit, offer);
  return respondPage(visit, {
    title: words.account.enrolTitle,
    meaning: 'none',
    status: problem ? PROBLEMS[problem.code].status : 200,
    body: (
      <article class="card sign-in">
        <h1>{words.account.welcome(offer.name)}</h1>
        <p>{words.account.signInName(offer.staffId)}</p>
        <Fault visit={visit} problem={problem} />
        <p>{words.account.scan}</p>
        <QrCode text={offer.totp.uri} label={words.account.scan} />
        <p class="code">{offer.totp.secret.replace(/(.{4})(?=.)/g, '$1 ')}</p>
        <form method="post" action={`${ENROL}/finish`} class="stack">
          <Token visit={visit} />
          <input type="hidden" name="link" value={link} />
          <NewPassword visit={visit} />
          <button>{words.account.finish}</button>
        </form>
      </article>
    ),
  });
}

function NewPassword({ visit: { words } }: { visit: Visit }) {
  return (
    <>
      <Field label={words.account.newPassword} id="password" hint={words.account.passwordHint}>
        <input
          id="password"
          name="password"
          type="password"
          required
          minlength={12}
          maxlength={200}
          autocomplete="new-password"
          aria-describedby="password-hint"
        />
      </Field>
      <Field label={words.account.code} id="code">
        <input
          id="code"
          name="code"
          required
          pattern="\d{6}"
          maxlength={6}
          inputmode="numeric"
          autocomplete="one-time-code"
          class="code"
        />
      </Field>
    </>
  );
}

async function finishPage(visit: Visit, fields: Fields): Promise<Response> {
  const { words, node, c } = visit;
  const link = fields.get('link') ?? '';
  const parsed = enrolmentFinish.safeParse({
    link,
    password: fields.get('password'),
    code: fields.get('code'),
  });
  let recoveryCodes: readonly string[];
  try {
    if (!parsed.success) throw misfit(parsed.error.issues);
    const { password, code } = parsed.data;
    ({ recoveryCodes } = await node.enrolment.finish(
      parsed.data.link,
      { ...(password !== undefined && { password }), ...(code !== undefined && { code }) },
      placeOf(c),
      addressOf(c),
    ));
  } catch (error) {
    if (error instanceof Problem && MENDABLE.includes(error.code)) return beginPage(visit, link, error);
    throw error;
  }
  return respondPage(visit, {
    title: words.account.done,
    meaning: 'none',
    body: (
      <article class="card sign-in">
        <h1>{words.account.done}</h1>
        <p>{words.account.codes}</p>
        <ul class="recovery-codes code">
          {recoveryCodes.map((code) => (
            <li>{code}</li>
          ))}
        </ul>
        <p>
          <a class="button" href={SIGN_IN}>
            {words.signIn}
          </a>
        </p>
      </article>
    ),
  });
}

function passwordPage(visit: Visit, problem: Problem | null): Promise<Response> {
  const { words, node } = visit;
  const isCentre = node.identity.certificate.role === 'centre';
  return respondPage(visit, {
    title: words.account.title,
    meaning: 'none',
    status: problem ? PROBLEMS[problem.code].status : 200,
    body: (
      <article class="card sign-in">
        <h1>{words.account.title}</h1>
        <Fault visit={visit} problem={problem} />
        {isCentre ? (
          <form method="post" action={`${ACCOUNT}/password`} class="stack">
            <Token visit={visit} />
            <p>{words.account.changeLead}</p>
            <NewPassword visit={visit} />
            <button>{words.account.change}</button>
          </form>
        ) : (
          <p>{words.account.onlyCentre}</p>
        )}
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
