/**
 * Signing in and out. Whoever was sent here from a form whose session had ended finds the form again afterwards: what
 * was filled in goes through the sign-in page, and is sent only when its person says so.
 */
import { z } from 'zod';
import { addressOf } from '../../http/context.ts';
import type { Routes } from '../../http/context.ts';
import { PROBLEMS, Problem } from '../../http/problem.ts';
import { clearSessionCookie, setSessionCookie } from '../../staff/cookie.ts';
import { requireSession } from '../../staff/authenticate.ts';
import { passwordSignIn } from '../../staff/messages.ts';
import { type Fields, readForm } from '../form.ts';
import { Token, respondPage } from '../frame.tsx';
import { localPath } from '../local-path.ts';
import { Field } from '../pieces/fields.tsx';
import { type Visit, visitOf } from '../visit.ts';

export const SIGN_IN = '/sign-in';
const RESUME = '/sign-in/resume';

/** What a form was about to do when its session had ended. */
const resumed = z.strictObject({ path: z.string(), fields: z.record(z.string(), z.string()) });
type Resumed = z.infer<typeof resumed>;

/** What is never kept for later. */
const SECRET_FIELDS: readonly string[] = ['password', 'code', 'link'];

export const signInPages: Routes = (app, node) => {
  app.get(SIGN_IN, (c) => signInPage(visitOf(node, c), { next: c.req.query('next') ?? '/' }));
  app.post(SIGN_IN, async (c) => {
    const fields = await readForm(c, node.options.platform);
    const visit = visitOf(node, c);
    node.confirmation.require();
    const request = passwordSignIn.safeParse(signInRequest(fields));
    const resume = readResumed(fields.get('resume'));
    const next = localPath(fields.get('next'));
    try {
      // A code of another form is a wrong code, and is told so alike.
      if (!request.success) throw new Problem('sign-in-failed');
      const { secret } = await node.signIn.byPassword(request.data, addressOf(c));
      setSessionCookie(node, c, secret);
    } catch (error) {
      if (!(error instanceof Problem) || !['sign-in-failed', 'too-many-attempts'].includes(error.code))
        throw error;
      return signInPage(visit, { problem: error, next, resume, staffId: fields.get('staffId') ?? '' });
    }
    return resume ? resumePage(visit, resume) : c.redirect(next, 303);
  });
  // After a passkey, which script signs in with: what was kept comes to the page that sends it.
  app.post(RESUME, async (c) => {
    const fields = await readForm(c, node.options.platform);
    const resume = readResumed(fields.get('resume'));
    return resume ? resumePage(visitOf(node, c), resume) : c.redirect('/', 303);
  });
  app.post('/sign-out', async (c) => {
    await readForm(c, node.options.platform);
    try {
      await node.signIn.signOut(requireSession(node, c, true), addressOf(c));
    } catch (error) {
      // Whose session has ended is signed out.
      if (!(error instanceof Problem)) throw error;
    }
    clearSessionCookie(node, c);
    return c.redirect(SIGN_IN, 303);
  });
};

/** Six digits are a one-time code; anything else is taken for a recovery code. */
function signInRequest(fields: Fields) {
  const code = (fields.get('code') ?? '').replace(/\s/g, '');
  const who = { staffId: fields.get('staffId') ?? '', password: fields.get('password') ?? '' };
  return /^\d{6}$/.test(code) ? { ...who, code } : { ...who, recoveryCode: code };
}

function readResumed(text: string | undefined): Resumed | null {
  if (text === undefined || text === '') return null;
  try {
    return resumed.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** What this form was about to do, to be done after signing in. */
export function resumeOf(path: string, fields: Fields): Resumed {
  return { path, fields: Object.fromEntries([...fields].filter(([name]) => !SECRET_FIELDS.includes(name))) };
}

export interface SignInOptions {
  readonly problem?: Problem;
  readonly next?: string;
  readonly resume?: Resumed | null;
  readonly staffId?: string;
}

export function signInPage(
  visit: Visit,
  { problem, next = '/', resume = null, staffId = '' }: SignInOptions,
): Promise<Response> {
  const { words, language, node } = visit;
  // Whoever comes for the first time has done nothing wrong.
  const told = problem && problem.code !== 'credentials-missing' ? PROBLEMS[problem.code][language] : null;
  const passkeys = node.configuration.all('sign-in').some(({ body }) => body.rpId !== null);
  return respondPage(visit, {
    title: words.signIn,
    meaning: 'none',
    status: problem ? PROBLEMS[problem.code].status : 200,
    body: (
      <article class="card sign-in">
        <h1>{words.signIn}</h1>
        <p class="faint">{words.signInPage.at(node.identity.certificate.name)}</p>
        {told !== null && (
          <p class="fault" role="alert">
            {told}
          </p>
        )}
        {resume && <p>{words.signInPage.kept}</p>}
        <form method="post" action={SIGN_IN} class="stack">
          <Token visit={visit} />
          <input type="hidden" name="next" value={localPath(next)} />
          {resume && <input type="hidden" name="resume" value={JSON.stringify(resume)} />}
          <Field label={words.signInPage.name} id="staffId">
            <input
              id="staffId"
              name="staffId"
              value={staffId}
              required
              maxlength={63}
              autocomplete="username"
              autocapitalize="off"
              spellcheck={false}
              autofocus={staffId === ''}
            />
          </Field>
          <Field label={words.signInPage.password} id="password">
            <input
              id="password"
              name="password"
              type="password"
              required
              maxlength={200}
              autocomplete="current-password"
              autofocus={staffId !== ''}
            />
          </Field>
          <Field label={words.signInPage.code} id="code" hint={words.signInPage.codeHint}>
            <input
              id="code"
              name="code"
              required
              maxlength={40}
              autocomplete="one-time-code"
              spellcheck={false}
              class="code"
              aria-describedby="code-hint"
            />
          </Field>
          <button>{words.signIn}</button>
        </form>
        {passkeys && resume && (
          <form method="post" action={RESUME} id="resume" hidden>
            <Token visit={visit} />
            <input type="hidden" name="resume" value={JSON.stringify(resume)} />
          </form>
        )}
        {passkeys && (
          <p
            class="actions"
            data-island="passkey"
            data-next={localPath(next)}
            data-failed={words.signInPage.passkeyFailed}
          >
            <button type="button" class="second" hidden>
              {words.signInPage.passkey}
            </button>
            <span class="fault" role="status"></span>
          </p>
        )}
        <p>
          <a href="/enrol">{words.signInPage.enrol}</a>
        </p>
      </article>
    ),
  });
}

function resumePage(visit: Visit, { path, fields }: Resumed): Promise<Response> {
  const { words } = visit;
  return respondPage(visit, {
    title: words.signInPage.resumeTitle,
    meaning: 'none',
    body: (
      <article class="narrow">
        <h1>{words.signInPage.resumeTitle}</h1>
        <p>{words.signInPage.resumeLead}</p>
        <form method="post" action={localPath(path)}>
          <Token visit={visit} />
          {Object.entries(fields).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          <button autofocus>{words.signInPage.resume}</button>
        </form>
      </article>
    ),
  });
}
