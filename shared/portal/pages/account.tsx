/**
 * A person's own account: by what they sign in, which is changed at a centre, and their sessions at this node. A passkey
 * is made by script alone; all the rest are forms.
 */
import { STAFF_ROLES } from '../../domain/vocabulary.ts';
import { addressOf } from '../../http/context.ts';
import type { Routes } from '../../http/context.ts';
import { PROBLEMS, Problem, misfit } from '../../http/problem.ts';
import { changing, ownOf } from '../../http/routes/own-account.ts';
import { limits } from '../../limits.ts';
import type { HoldfastNode } from '../../node.ts';
import { requireSession } from '../../staff/authenticate.ts';
import { clearSessionCookie } from '../../staff/cookie.ts';
import { passkeyParam, passkeyRenaming, passwordChange } from '../../staff/messages.ts';
import type { PasskeyItem } from '../../staff/own-account.ts';
import type { Session } from '../../staff/sessions.ts';
import { signInMethodWords } from '../../text/sign-ins.ts';
import { staffRoleWords } from '../../text/audit.ts';
import type { Fields } from '../form.ts';
import { Token, respondPage } from '../frame.tsx';
import { Fault, NewPassword, PasskeyName, RecoveryCodes } from '../pieces/credentials.tsx';
import { type Column, Table } from '../pieces/table.tsx';
import { Tag } from '../pieces/tag.tsx';
import { Time } from '../pieces/time.tsx';
import { addressOfQuery } from '../query.ts';
import { type Access, shows, takes } from '../routing.ts';
import type { SignedIn } from '../visit.ts';
import type { PortalWords } from '../words/words.ts';
import { SIGN_IN } from './sign-in.tsx';

const ACCOUNT = '/account';
const ACCESS: Access = { use: 'account', roles: STAFF_ROLES };

/** What was just done, as the address says it: a page that a form leads to can be loaded again. */
type Done = keyof PortalWords['account']['said'];

export const accountPages: Routes = (app, node) => {
  shows(app, node, ACCOUNT, ACCESS, (visit) => accountPage(visit, null));
  takes(app, node, `${ACCOUNT}/password`, ACCESS, (visit, fields) =>
    mendable(visit, async () => {
      const code = fields.get('code')?.replace(/\s/g, '');
      const parsed = passwordChange.safeParse({ password: fields.get('password'), code });
      if (!parsed.success) throw misfit(parsed.error.issues);
      await node.ownAccount.changePassword(ownOf(node, visit.c), parsed.data.password, parsed.data.code);
      clearSessionCookie(node, visit.c);
      return visit.c.redirect(SIGN_IN, 303);
    }),
  );
  takes(app, node, `${ACCOUNT}/passkey`, ACCESS, (visit, fields) =>
    mendable(visit, async () => {
      const passkeyId = passkeyOf(fields);
      const parsed = passkeyRenaming.safeParse({ name: fields.get('name') });
      if (!parsed.success) throw misfit(parsed.error.issues);
      await node.ownAccount.renamePasskey(changing(node, visit.c), passkeyId, parsed.data.name);
      return back(visit, 'renamed');
    }),
  );
  takes(app, node, `${ACCOUNT}/passkey/removal`, ACCESS, (visit, fields) =>
    mendable(visit, async () => {
      await node.ownAccount.removePasskey(changing(node, visit.c), passkeyOf(fields));
      return back(visit, 'removed');
    }),
  );
  takes(app, node, `${ACCOUNT}/recovery-codes`, ACCESS, (visit) =>
    mendable(visit, async () =>
      codesPage(visit, await node.ownAccount.makeRecoveryCodes(changing(node, visit.c))),
    ),
  );
  takes(app, node, `${ACCOUNT}/sessions`, ACCESS, async (visit) => {
    await node.signIn.signOutElsewhere(requireSession(node, visit.c, true), addressOf(visit.c));
    return back(visit, 'elsewhere');
  });
};

const MENDABLE: readonly string[] = [
  ...['invalid-request', 'enrolment-invalid', 'password-weak', 'no-password'],
  ...['passkey-unknown', 'passkeys-many', 'passkeys-off', 'last-way-in'],
];

/** What its person can put right is said on the page itself. */
async function mendable(visit: SignedIn, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem && MENDABLE.includes(error.code)) return accountPage(visit, error);
    throw error;
  }
}

function passkeyOf(fields: Fields): string {
  const parsed = passkeyParam.safeParse({ passkeyId: fields.get('passkeyId') });
  if (!parsed.success) throw new Problem('passkey-unknown');
  return parsed.data.passkeyId;
}

function back({ c }: SignedIn, said: Done): Response {
  return c.redirect(addressOfQuery(ACCOUNT, { said }), 303);
}

async function accountPage(visit: SignedIn, problem: Problem | null): Promise<Response> {
  const { words, node, c, language, staff } = visit;
  const session = requireSession(node, c, false);
  const codesLeft = await node.ownAccount.recoveryCodesLeft(session);
  const said = new Map<string, string>(Object.entries(words.account.said)).get(c.req.query('said') ?? '');
  return respondPage(visit, {
    title: words.account.title,
    meaning: 'none',
    status: problem ? PROBLEMS[problem.code].status : 200,
    body: (
      <div class="narrow account">
        <h1>{words.account.title}</h1>
        <p>
          {words.account.signInName(staff.staffId)} {staffRoleWords[language][staff.role]}.
        </p>
        <Fault visit={visit} problem={problem} />
        {said !== undefined && !problem && <p role="status">{said}</p>}
        {!isCentre(node) && <p class="nothing">{words.account.onlyCentre}</p>}
        <PasskeySection visit={visit} session={session} />
        <PasswordSection visit={visit} session={session} codesLeft={codesLeft} />
        <SessionSection visit={visit} session={session} />
      </div>
    ),
  });
}

function isCentre({ identity }: HoldfastNode): boolean {
  return identity.certificate.role === 'centre';
}

interface SectionProps {
  readonly visit: SignedIn;
  readonly session: Session;
}

function PasskeySection({ visit, session }: SectionProps) {
  const { words, node } = visit;
  const passkeys = node.ownAccount.passkeys(session);
  const isOn = node.ownAccount.hasPasskeys;
  return (
    <section class="card stack">
      <h2 id="passkeys">{words.account.passkeys}</h2>
      <p class="faint">{isOn ? words.account.passkeysLead : words.account.passkeysOff}</p>
      {passkeys.length > 0 && (
        <ul class="passkeys">
          {passkeys.map((passkey) => (
            <PasskeyLine visit={visit} passkey={passkey} />
          ))}
        </ul>
      )}
      {isCentre(node) && isOn && (
        <>
          <form
            class="stack"
            data-island="new-passkey"
            data-next={addressOfQuery(ACCOUNT, { said: 'added' satisfies Done })}
            data-failed={words.account.passkeyFailed}
            hidden
          >
            <PasskeyName visit={visit} />
            <button>{words.account.makePasskey}</button>
            <p class="fault" role="status"></p>
          </form>
          <noscript>
            <p>{words.account.passkeyScript}</p>
          </noscript>
        </>
      )}
    </section>
  );
}

function PasskeyLine({ visit, passkey }: { visit: SignedIn; passkey: PasskeyItem }) {
  const { words, node } = visit;
  const { passkeyId, name, createdAt, isUsable, isThis } = passkey;
  return (
    <li>
      <p>
        <strong>{name}</strong> {isThis && <Tag kind="good">{words.account.thisSession}</Tag>}
        {!isUsable && <Tag kind="warn">{words.account.otherDomain}</Tag>}
        <br />
        <span class="faint">
          {words.account.addedAt} <Time visit={visit} at={createdAt} />
        </span>
      </p>
      {isCentre(node) && (
        <div class="actions">
          <form method="post" action={`${ACCOUNT}/passkey`} class="field-row">
            <Token visit={visit} />
            <input type="hidden" name="passkeyId" value={passkeyId} />
            <input
              name="name"
              value={name}
              aria-label={words.account.nameOf(name)}
              required
              maxlength={limits.passkeyNameCharactersMax}
              autocomplete="off"
            />
            <button class="second">{words.account.rename}</button>
          </form>
          <form method="post" action={`${ACCOUNT}/passkey/removal`}>
            <Token visit={visit} />
            <input type="hidden" name="passkeyId" value={passkeyId} />
            <button class="bad" aria-label={words.account.removeOf(name)}>
              {words.account.remove}
            </button>
          </form>
        </div>
      )}
    </li>
  );
}

function PasswordSection({ visit, session, codesLeft }: SectionProps & { codesLeft: number | null }) {
  const { words, node } = visit;
  const hasPassword = node.credentials.of(session.staffId, 'password').length > 0;
  return (
    <section class="card stack">
      <h2 id="own-password">{words.account.password}</h2>
      {!hasPassword && <p>{words.account.noPassword}</p>}
      {hasPassword && isCentre(node) && (
        <form method="post" action={`${ACCOUNT}/password`} class="stack">
          <Token visit={visit} />
          <p class="faint">{words.account.changeLead}</p>
          <NewPassword visit={visit} />
          <div>
            <button>{words.account.change}</button>
          </div>
        </form>
      )}
      {hasPassword && (
        <>
          <h3>{words.account.recoveryCodes}</h3>
          <p>{words.account.codesLeft(codesLeft ?? 0)}</p>
        </>
      )}
      {hasPassword && isCentre(node) && (
        <form method="post" action={`${ACCOUNT}/recovery-codes`}>
          <Token visit={visit} />
          <p class="faint">{words.account.newCodesLead}</p>
          <button class="second">{words.account.newCodes}</button>
        </form>
      )}
    </section>
  );
}

function SessionSection({ visit, session }: SectionProps) {
  const { words, node } = visit;
  const sessions = node.sessions.of(session.staffId);
  return (
    <section class="card stack">
      <h2 id="sessions">{words.account.sessions}</h2>
      <p class="faint">{isCentre(node) ? words.account.sessionsCentre : words.account.sessionsEdge}</p>
      <Table
        visit={visit}
        caption={words.account.sessions}
        columns={columnsOf(visit, session)}
        rows={sessions}
      />
      <form method="post" action={`${ACCOUNT}/sessions`}>
        <Token visit={visit} />
        <button class="bad">{words.account.signOutElsewhere}</button>
      </form>
    </section>
  );
}

function columnsOf(visit: SignedIn, session: Session): Column<Session>[] {
  const { words, language } = visit;
  return [
    {
      head: words.account.by,
      cell: ({ id, method }) => (
        <>
          {signInMethodWords[language][method]}
          {id === session.id && (
            <div>
              <Tag kind="good">{words.account.thisSession}</Tag>
            </div>
          )}
        </>
      ),
    },
    { head: words.account.address, cell: ({ address }) => address ?? words.account.thisMachine },
    { head: words.account.begun, cell: ({ startedAt }) => <Time visit={visit} at={startedAt} /> },
    { head: words.account.used, cell: ({ usedAt }) => <Time visit={visit} at={usedAt} ago /> },
  ];
}

function codesPage(visit: SignedIn, codes: readonly string[]): Promise<Response> {
  const { words } = visit;
  return respondPage(visit, {
    title: words.account.recoveryCodes,
    meaning: 'none',
    body: (
      <article class="card sign-in">
        <h1>{words.account.recoveryCodes}</h1>
        <RecoveryCodes visit={visit} codes={codes} />
        <p>
          <a class="button" href={ACCOUNT}>
            {words.account.title}
          </a>
        </p>
      </article>
    ),
  });
}
