/** Disclosures that wait for a second person: asking, approving, denying, and getting the password once it is approved. */
import { type RequestAnswer, denialRequest } from '../../helpdesk/messages.ts';
import type { Routes } from '../../http/context.ts';
import { Problem, misfit } from '../../http/problem.ts';
import { limits } from '../../limits.ts';
import { disclosureReasonWords, verificationWords } from '../../text/audit.ts';
import { STAFF_ROLES } from '../../domain/vocabulary.ts';
import type { Fields } from '../form.ts';
import { NAV, Token, respondPage } from '../frame.tsx';
import { Tag } from '../pieces/tag.tsx';
import { Time } from '../pieces/time.tsx';
import { type Access, shows, takes } from '../routing.ts';
import { type SignedIn, askingOf } from '../visit.ts';
import { passwordPage } from './recover-password.tsx';

const PATH = NAV.requests.path;
const ACCESS: Access = { use: 'keys', roles: NAV.requests.roles };
// I3: whoever asks without the right to leaves a record, so the service looks at roles.
const TAKES: Access = { use: 'keys', roles: STAFF_ROLES };

export const requestPages: Routes = (app, node) => {
  shows(app, node, PATH, ACCESS, requestsPage);
  takes(app, node, `${PATH}/approval`, TAKES, async (visit, fields) => {
    await node.helpdesk.answer(askingOf(visit), idOf(fields), 'approval');
    return visit.c.redirect(PATH, 303);
  });
  takes(app, node, `${PATH}/denial`, TAKES, async (visit, fields) => {
    const note = fields.get('note')?.trim() ?? '';
    const parsed = denialRequest.safeParse(note === '' ? {} : { note });
    if (!parsed.success) throw misfit(parsed.error.issues);
    await node.helpdesk.answer(askingOf(visit), idOf(fields), 'denial', parsed.data.note ?? null);
    return visit.c.redirect(PATH, 303);
  });
  takes(app, node, `${PATH}/password`, TAKES, async (visit, fields) =>
    passwordPage(visit, await node.helpdesk.collect(askingOf(visit), idOf(fields))),
  );
};

function idOf(fields: Fields): string {
  const id = fields.get('requestId') ?? '';
  if (!/^r-[a-z2-7]{16}$/.test(id)) throw new Problem('request-unknown');
  return id;
}

async function requestsPage(visit: SignedIn): Promise<Response> {
  const { words, node } = visit;
  const requests = await node.helpdesk.requests(askingOf(visit));
  return respondPage(visit, {
    title: words.requests.title,
    ...{ at: 'requests', meaning: 'recover' },
    body: (
      <div class="narrow">
        <h1>{words.requests.title}</h1>
        <p class="lead">{words.requests.lead}</p>
        {requests.length === 0 && <p class="nothing">{words.requests.none}</p>}
        {requests.map((request) => (
          <RequestCard visit={visit} request={request} />
        ))}
        <p>
          <a class="button second" href={PATH}>
            {words.requests.again}
          </a>
        </p>
      </div>
    ),
  });
}

function RequestCard({ visit, request }: { visit: SignedIn; request: RequestAnswer }) {
  const { words, language, staff } = visit;
  const isOwn = request.askedBy.staffId === staff.staffId;
  const isApproved = request.state === 'approved';
  return (
    <section class="card request">
      <h2>
        {request.computerName}{' '}
        <Tag kind={isApproved ? 'good' : 'warn'}>{words.requests.states[request.state]}</Tag>
      </h2>
      <p>
        {words.requests.by(request.askedBy.name)} <Time visit={visit} at={request.askedAt} ago /> ·{' '}
        {request.siteName}
        {request.endUser !== null && ` · ${words.recover.endUser}: ${request.endUser}`}
      </p>
      <p>
        {disclosureReasonWords[language][request.reason]} ·{' '}
        {verificationWords[language][request.verification]}
        {request.note !== null && ` · ${request.note}`}
      </p>
      <p class="code faint">{request.keyId}</p>
      {request.needs.map((need) => (
        <p class="faint">{words.recover.needs[need]}</p>
      ))}
      <p class="faint">
        {words.requests.until} <Time visit={visit} at={request.expiresAt} />
      </p>
      {isOwn && isApproved && (
        <Act visit={visit} request={request} to="password" words={words.recover.disclose} />
      )}
      {isOwn && !isApproved && <p>{words.requests.waitFor}</p>}
      {!isOwn && request.state === 'waiting' && (
        <div class="actions">
          <Act visit={visit} request={request} to="approval" words={words.requests.approve} />
          <form method="post" action={`${PATH}/denial`} class="field-row">
            <Token visit={visit} />
            <input type="hidden" name="requestId" value={request.requestId} />
            <input
              name="note"
              aria-label={words.requests.denialNote}
              placeholder={words.requests.denialNote}
              maxlength={limits.noteCharactersMax}
            />
            <button class="bad">{words.requests.deny}</button>
          </form>
        </div>
      )}
    </section>
  );
}

function Act({
  visit,
  request,
  to,
  words,
}: {
  visit: SignedIn;
  request: RequestAnswer;
  to: string;
  words: string;
}) {
  return (
    <form method="post" action={`${PATH}/${to}`}>
      <Token visit={visit} />
      <input type="hidden" name="requestId" value={request.requestId} />
      <button>{words}</button>
    </form>
  );
}
