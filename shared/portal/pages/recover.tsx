/**
 * Recovering a drive: the digits somebody reads out, the keys that begin like them, why and for whom, and then the
 * password. Every step is a form, so it works without script, and nothing of it is in an address or a history.
 */
import { parseKeyIdPrefix } from '../../domain/recovery-key.ts';
import { STAFF_ROLES } from '../../domain/vocabulary.ts';
import { disclosureRequest } from '../../helpdesk/messages.ts';
import type { Routes } from '../../http/context.ts';
import { PROBLEMS, Problem, type ProblemCode, misfit } from '../../http/problem.ts';
import type { Fields } from '../form.ts';
import { NAV, respondPage } from '../frame.tsx';
import { type Access, shows, takes } from '../routing.ts';
import { type SignedIn, askingOf } from '../visit.ts';
import { Chosen, readChoice } from './recover-choice.tsx';
import { passwordPage } from './recover-password.tsx';
import { SearchForm } from './recover-search.tsx';

const PATH = NAV.recover.path;
const SHOWS: Access = { use: 'reports', roles: STAFF_ROLES };
// I3: whoever is known and asks without the right to leaves a record, so the service looks at roles.
const TAKES: Access = { use: 'keys', roles: STAFF_ROLES };

/** What the person may mend on the form that they sent. */
const MENDABLE: readonly ProblemCode[] = ['end-user-required', 'end-user-unknown', 'invalid-request'];

export const recoverPages: Routes = (app, node) => {
  shows(app, node, PATH, SHOWS, (visit) => recoverPage(visit, <SearchForm visit={visit} />));
  takes(app, node, PATH, TAKES, (visit, fields) => search(visit, fields.get('digits') ?? '', fields, null));
  takes(app, node, `${PATH}/password`, TAKES, disclose);
};

function recoverPage(visit: SignedIn, body: Parameters<typeof respondPage>[1]['body']): Promise<Response> {
  return respondPage(visit, { title: visit.words.recover.title, at: 'recover', meaning: 'recover', body });
}

async function search(
  visit: SignedIn,
  digits: string,
  fields: Fields,
  problem: Problem | null,
): Promise<Response> {
  const { node, words } = visit;
  const prefix = parseKeyIdPrefix(digits);
  if (!prefix)
    return recoverPage(visit, <SearchForm visit={visit} digits={digits} fault={words.recover.digitsWrong} />);
  const { candidates, askForMoreDigits } = await node.helpdesk.search(askingOf(visit), prefix);
  if (candidates.length === 0)
    return recoverPage(visit, <SearchForm visit={visit} digits={digits} fault={words.recover.none} />);
  return recoverPage(
    visit,
    <>
      <SearchForm visit={visit} digits={digits} quiet />
      <Chosen
        visit={visit}
        digits={digits}
        candidates={candidates}
        more={askForMoreDigits}
        fields={fields}
        fault={problem && PROBLEMS[problem.code][visit.language]}
      />
    </>,
  );
}

async function disclose(visit: SignedIn, fields: Fields): Promise<Response> {
  try {
    const disclosed = await visit.node.helpdesk.disclose(askingOf(visit), requestOf(fields));
    if (disclosed.outcome === 'waiting') return visit.c.redirect(NAV.requests.path, 303);
    return await passwordPage(visit, disclosed.answer);
  } catch (error) {
    if (error instanceof Problem && MENDABLE.includes(error.code))
      return search(visit, fields.get('digits') ?? '', fields, error);
    throw error;
  }
}

function requestOf(fields: Fields) {
  const filled = (name: string) => {
    const text = fields.get(name)?.trim();
    return text === undefined || text === '' ? undefined : text;
  };
  const parsed = disclosureRequest.safeParse({
    ...readChoice(fields.get('key') ?? ''),
    ...{ reason: fields.get('reason'), verification: fields.get('verification') },
    ...{ endUser: filled('endUser'), note: filled('note') },
    ...(fields.get('secondPerson') === 'yes' && { secondPerson: true }),
  });
  if (!parsed.success) throw misfit(parsed.error.issues);
  return parsed.data;
}
