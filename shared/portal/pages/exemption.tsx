/** An exemption of one computer: what holds, what was asked for, and asking for it on behalf of a user. */
import { type AskedExemption, askExemption } from '../../exemptions/messages.ts';
import { EXEMPTION_ASKERS } from '../../http/routes/exemptions.ts';
import type { Routes } from '../../http/context.ts';
import { PROBLEMS, Problem, misfit } from '../../http/problem.ts';
import { limits } from '../../limits.ts';
import { complianceStateWords } from '../../text/compliance.ts';
import { dayText, endOfDay } from '../day.ts';
import type { Fields } from '../form.ts';
import { Token, respondPage } from '../frame.tsx';
import { Field } from '../pieces/fields.tsx';
import { Tag } from '../pieces/tag.tsx';
import { Time } from '../pieces/time.tsx';
import { computerOf } from '../reading.ts';
import { type Access, shows, takes } from '../routing.ts';
import type { SignedIn } from '../visit.ts';

const COMPUTERS = '/computers';
const ACCESS: Access = { use: 'keys', roles: EXEMPTION_ASKERS };
const MENDABLE: readonly string[] = ['invalid-request', 'exemption-open'];
/** A new device, a repair, a project: what somebody needs longer they ask for again. */
const USUAL_DAYS = 30;
const DAY_MS = 86_400_000;
const SHOWN_MAX = 5;

export const exemptionPages: Routes = (app, node) => {
  shows(app, node, `${COMPUTERS}/:deviceId/exemption`, ACCESS, (visit) => askPage(visit, null, null));
  takes(app, node, `${COMPUTERS}/:deviceId/exemption`, ACCESS, async (visit, fields) => {
    const { c, staff } = visit;
    const deviceId = c.req.param('deviceId') ?? '';
    try {
      const day = fields.get('until') ?? '';
      const until = day === '' ? null : endOfDay(day);
      if (day !== '' && until === null) throw new Problem('invalid-request', { fields: [{ at: 'until' }] });
      const parsed = askExemption.safeParse({
        ...{ deviceId, until, endUser: fields.get('endUser')?.trim(), reason: fields.get('reason')?.trim() },
      });
      if (!parsed.success) throw misfit(parsed.error.issues);
      await node.exemptions.ask(staff, parsed.data);
    } catch (error) {
      if (error instanceof Problem && MENDABLE.includes(error.code)) return askPage(visit, fields, error);
      throw error;
    }
    return c.redirect(`${COMPUTERS}/${deviceId}#exemption`, 303);
  });
};

async function askPage(visit: SignedIn, filled: Fields | null, problem: Problem | null): Promise<Response> {
  const { words, language, clock } = visit;
  const computer = await computerOf(visit);
  const value = (name: string, otherwise: string) => filled?.get(name) ?? otherwise;
  return respondPage(visit, {
    title: words.exemption.ask,
    ...{ at: 'computers', meaning: 'admin' },
    status: problem ? PROBLEMS[problem.code].status : 200,
    body: (
      <div class="narrow">
        <p>
          <a href={`${COMPUTERS}/${computer.deviceId}`}>{computer.computerName}</a>
        </p>
        <h1>{words.exemption.ask}</h1>
        <p class="lead">{words.exemption.lead}</p>
        {problem && (
          <p class="fault" role="alert">
            {PROBLEMS[problem.code][language]}
          </p>
        )}
        <form method="post" action={`${COMPUTERS}/${computer.deviceId}/exemption`} class="card stack">
          <Token visit={visit} />
          <Field label={words.exemption.endUser} id="endUser" hint={words.recover.endUserHint}>
            <input
              id="endUser"
              name="endUser"
              required
              maxlength={320}
              value={value('endUser', computer.users[0] ?? '')}
              autocomplete="off"
              spellcheck={false}
              aria-describedby="endUser-hint"
            />
          </Field>
          <Field label={words.exemption.reason} id="reason">
            <textarea id="reason" name="reason" required maxlength={limits.noteCharactersMax} rows={3}>
              {value('reason', '')}
            </textarea>
          </Field>
          <Field label={words.admin.fields.until} id="until" hint={words.admin.dateHint}>
            <input
              id="until"
              name="until"
              type="date"
              value={value('until', dayText(clock.now + USUAL_DAYS * DAY_MS))}
              aria-describedby="until-hint"
            />
          </Field>
          <div>
            <button>{words.exemption.send}</button>
          </div>
        </form>
      </div>
    ),
  });
}

/** On the page of a computer: whether a policy is held against it, and who asked that it is not. */
export async function ExemptionCard({ visit, deviceId }: { visit: SignedIn; deviceId: string }) {
  const { words, language, node, staff, clock } = visit;
  const asked = (await node.exemptions.list(staff, { deviceId })).slice(0, SHOWN_MAX);
  const exemption = node.configuration.get('exemption', deviceId)?.body;
  const holds =
    exemption && !exemption.revoked && (exemption.until === null || exemption.until > clock.now)
      ? exemption
      : null;
  const mayAsk = EXEMPTION_ASKERS.includes(staff.role) && !asked.some(({ state }) => state === 'waiting');
  if (!holds && asked.length === 0 && !mayAsk) return null;
  return (
    <section class="card" id="exemption">
      <h2>{words.exemption.title}</h2>
      <p>
        {holds
          ? `${complianceStateWords[language][holds.kind]}, ${untilWords(visit, holds.until)}.`
          : words.exemption.none}
      </p>
      {asked.map((request) => (
        <AskedWords visit={visit} request={request} />
      ))}
      {mayAsk && (
        <p class="actions">
          <a class="button second" href={`${COMPUTERS}/${deviceId}/exemption`}>
            {words.exemption.ask}
          </a>
        </p>
      )}
    </section>
  );
}

const TONES = { waiting: 'warn', approved: 'good', refused: 'bad' } as const;

/** One request in words: who, why, until when, and what became of it. */
export function AskedWords({ visit, request }: { visit: SignedIn; request: AskedExemption }) {
  const { words } = visit;
  const { state, endUser, reason, until, askedAt, askedBy, answer } = request;
  return (
    <p>
      <Tag kind={TONES[state]}>{words.exemption.states[state]}</Tag> {endUser}: {reason} (
      {untilWords(visit, answer && state === 'approved' ? answer.until : until)}).{' '}
      <span class="faint">
        {words.requests.by(askedBy.name)} <Time visit={visit} at={askedAt} ago />
        {answer && (
          <>
            {'; '}
            {words.exemption.answeredBy(answer.answeredBy.name)}{' '}
            <Time visit={visit} at={answer.answeredAt} ago />
            {answer.note !== null && `: ${answer.note}`}
          </>
        )}
        .
      </span>
    </p>
  );
}

function untilWords({ words, clock }: SignedIn, until: number | null): string {
  return until === null ? words.admin.forGood : words.exemption.until(clock.day(until - DAY_MS));
}
