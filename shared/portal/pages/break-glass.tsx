/** Break-glass: two officers open one site at its edge, when the usual rules no longer do. */
import { STAFF_ROLES } from '../../domain/vocabulary.ts';
import { type BreakGlassAnswer, openingRequest } from '../../helpdesk/messages.ts';
import type { Routes } from '../../http/context.ts';
import { Problem, misfit } from '../../http/problem.ts';
import { limits } from '../../limits.ts';
import type { Fields } from '../form.ts';
import { NAV, Token, respondPage } from '../frame.tsx';
import { Field, Options } from '../pieces/fields.tsx';
import { Time } from '../pieces/time.tsx';
import { type Access, shows, takes } from '../routing.ts';
import { type SignedIn, askingOf } from '../visit.ts';

const PATH = NAV.breakGlass.path;
const ACCESS: Access = { use: 'keys', roles: NAV.breakGlass.roles };
// I3: whoever asks without the right to leaves a record, so the service looks at roles.
const TAKES: Access = { use: 'keys', roles: STAFF_ROLES };

export const breakGlassPages: Routes = (app, node) => {
  shows(app, node, PATH, ACCESS, breakGlassPage);
  takes(app, node, PATH, TAKES, async (visit, fields) => {
    const parsed = openingRequest.safeParse({
      siteId: fields.get('siteId'),
      reason: fields.get('reason')?.trim(),
    });
    if (!parsed.success) throw misfit(parsed.error.issues);
    await node.breakGlass.ask(askingOf(visit), parsed.data.siteId, parsed.data.reason);
    return visit.c.redirect(PATH, 303);
  });
  takes(app, node, `${PATH}/confirmation`, TAKES, async (visit, fields) => {
    await node.breakGlass.confirm(askingOf(visit), idOf(fields));
    return visit.c.redirect(PATH, 303);
  });
  takes(app, node, `${PATH}/end`, TAKES, async (visit, fields) => {
    await node.breakGlass.end(askingOf(visit), idOf(fields));
    return visit.c.redirect(PATH, 303);
  });
};

function idOf(fields: Fields): string {
  const id = fields.get('openingId') ?? '';
  if (!/^b-[a-z2-7]{16}$/.test(id)) throw new Problem('break-glass-unknown');
  return id;
}

async function breakGlassPage(visit: SignedIn): Promise<Response> {
  const { words, node } = visit;
  const state = await node.breakGlass.show();
  return respondPage(visit, {
    title: words.breakGlass.title,
    ...{ at: 'breakGlass', meaning: 'recover' },
    body: (
      <div class="narrow">
        <h1>{words.breakGlass.title}</h1>
        <p class="lead">{words.breakGlass.lead}</p>
        {state.open ? <Open visit={visit} open={state.open} /> : <Ask visit={visit} />}
        {state.asked.map((asked) => (
          <Asked visit={visit} asked={asked} />
        ))}
      </div>
    ),
  });
}

function Open({ visit, open }: { visit: SignedIn; open: NonNullable<BreakGlassAnswer['open']> }) {
  const { words, node } = visit;
  const { siteId, openedAt, remainingMs, disclosures, disclosuresMax, openingId } = open;
  return (
    <section class="answer warn">
      <p class="answer-words">{words.breakGlass.openFor(node.configuration.siteName(siteId))}</p>
      <p>
        <Time visit={visit} at={openedAt} /> ·{' '}
        {words.breakGlass.left(Math.ceil(remainingMs / 60_000), disclosuresMax - disclosures)}
      </p>
      <form method="post" action={`${PATH}/end`}>
        <Token visit={visit} />
        <input type="hidden" name="openingId" value={openingId} />
        <button>{words.breakGlass.end}</button>
      </form>
    </section>
  );
}

function Ask({ visit }: { visit: SignedIn }) {
  const { words, node, staff } = visit;
  const sites = node.configuration.all('site').filter(({ id }) => !staff.sites || staff.sites.includes(id));
  return (
    <form method="post" action={PATH} class="card stack">
      <Token visit={visit} />
      <Field label={words.computers.site} id="siteId">
        <select id="siteId" name="siteId" required>
          <Options
            of={sites.map(({ id }) => id)}
            words={Object.fromEntries(sites.map(({ id, body }) => [id, body.name]))}
            chosen={node.identity.certificate.siteId ?? undefined}
          />
        </select>
      </Field>
      <Field label={words.breakGlass.reason} id="reason">
        <input id="reason" name="reason" required maxlength={limits.noteCharactersMax} autocomplete="off" />
      </Field>
      <div>
        <button>{words.breakGlass.ask}</button>
      </div>
    </form>
  );
}

function Asked({ visit, asked }: { visit: SignedIn; asked: BreakGlassAnswer['asked'][number] }) {
  const { words, node, staff } = visit;
  return (
    <section class="card request">
      <h2>{words.breakGlass.asked(node.configuration.siteName(asked.siteId))}</h2>
      <p>
        {words.requests.by(asked.askedBy.name)} <Time visit={visit} at={asked.askedAt} ago />: {asked.reason}
      </p>
      {asked.askedBy.staffId === staff.staffId ? (
        <p>{words.breakGlass.waitFor}</p>
      ) : (
        <form method="post" action={`${PATH}/confirmation`}>
          <Token visit={visit} />
          <input type="hidden" name="openingId" value={asked.openingId} />
          <button>{words.breakGlass.confirm}</button>
        </form>
      )}
    </section>
  );
}
