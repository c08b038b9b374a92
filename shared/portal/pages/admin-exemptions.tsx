/** Exemptions that users asked for, and an administrator's answer to each. */
import { approveExemption, refuseExemption } from '../../exemptions/messages.ts';
import type { AskedExemption } from '../../exemptions/messages.ts';
import type { Routes } from '../../http/context.ts';
import { Problem, misfit } from '../../http/problem.ts';
import { limits } from '../../limits.ts';
import { dayText, endOfDay } from '../day.ts';
import type { Fields } from '../form.ts';
import { NAV, Token, respondPage } from '../frame.tsx';
import { Field } from '../pieces/fields.tsx';
import { type Access, shows, takes } from '../routing.ts';
import type { SignedIn } from '../visit.ts';
import { AskedWords } from './exemption.tsx';

export const EXEMPTION_REQUESTS = `${NAV.admin.path}/exemption-requests`;
const ACCESS: Access = { use: 'administration', roles: NAV.admin.roles };
/** Of those that were answered, the latest. */
const ANSWERED_MAX = 20;

export const adminExemptionPages: Routes = (app, node) => {
  shows(app, node, EXEMPTION_REQUESTS, ACCESS, requestsPage);
  takes(app, node, `${EXEMPTION_REQUESTS}/approval`, ACCESS, async ({ c, staff }, fields) => {
    const day = fields.get('until') ?? '';
    const until = day === '' ? null : endOfDay(day);
    if (day !== '' && until === null) throw new Problem('invalid-request', { fields: [{ at: 'until' }] });
    const parsed = approveExemption.safeParse({ until, ...noteOf(fields) });
    if (!parsed.success) throw misfit(parsed.error.issues);
    await node.exemptions.approve(staff, fields.get('requestId') ?? '', parsed.data);
    return c.redirect(EXEMPTION_REQUESTS, 303);
  });
  takes(app, node, `${EXEMPTION_REQUESTS}/refusal`, ACCESS, async ({ c, staff }, fields) => {
    const parsed = refuseExemption.safeParse(noteOf(fields));
    if (!parsed.success) throw misfit(parsed.error.issues);
    await node.exemptions.refuse(staff, fields.get('requestId') ?? '', parsed.data);
    return c.redirect(EXEMPTION_REQUESTS, 303);
  });
};

function noteOf(fields: Fields): { note?: string } {
  const note = fields.get('note')?.trim() ?? '';
  return note === '' ? {} : { note };
}

async function requestsPage(visit: SignedIn): Promise<Response> {
  const { words, node, staff } = visit;
  const asked = await node.exemptions.list(staff, {});
  const waiting = asked.filter(({ state }) => state === 'waiting');
  const answered = asked.filter(({ state }) => state !== 'waiting').slice(0, ANSWERED_MAX);
  return respondPage(visit, {
    title: words.exemption.requests,
    ...{ at: 'admin', meaning: 'admin' },
    body: (
      <div class="narrow">
        <p>
          <a href={NAV.admin.path}>{words.admin.title}</a>
        </p>
        <h1>{words.exemption.requests}</h1>
        <p class="lead">{words.exemption.requestsLead}</p>
        {waiting.length === 0 && <p class="nothing">{words.requests.none}</p>}
        {waiting.map((request) => (
          <Waiting visit={visit} request={request} />
        ))}
        {answered.length > 0 && <h2>{words.exemption.answered}</h2>}
        {answered.map((request) => (
          <section class="card">
            <h3>
              <a href={`/computers/${request.deviceId}`}>{request.computerName}</a>
            </h3>
            <AskedWords visit={visit} request={request} />
          </section>
        ))}
      </div>
    ),
  });
}

function Waiting({ visit, request }: { visit: SignedIn; request: AskedExemption }) {
  const { words } = visit;
  const { requestId, until, deviceId, computerName, siteName } = request;
  const id = (name: string) => `${name}-${requestId}`;
  return (
    <section class="card request">
      <h2>
        <a href={`/computers/${deviceId}`}>{computerName}</a> <span class="faint">{siteName}</span>
      </h2>
      <AskedWords visit={visit} request={request} />
      <form method="post" action={`${EXEMPTION_REQUESTS}/approval`} class="stack">
        <Token visit={visit} />
        <input type="hidden" name="requestId" value={requestId} />
        <Field label={words.admin.fields.until} id={id('until')} hint={words.admin.dateHint}>
          <input
            id={id('until')}
            name="until"
            type="date"
            value={until === null ? '' : dayText(until)}
            aria-describedby={`${id('until')}-hint`}
          />
        </Field>
        <Field label={words.recover.note} id={id('note')}>
          <input id={id('note')} name="note" maxlength={limits.noteCharactersMax} autocomplete="off" />
        </Field>
        <div class="actions">
          <button>{words.requests.approve}</button>
          <button class="bad" formaction={`${EXEMPTION_REQUESTS}/refusal`}>
            {words.exemption.refuse}
          </button>
        </div>
      </form>
    </section>
  );
}
