/** What takes two persons: approving a disclosure, break-glass; and the outbox, which is the administrator's. */
import { z } from 'zod';
import { administrator, disclosureOf, heldKey } from '../endpoints.ts';
import { type Message, jsonOf, send } from '../http.ts';
import { AUDITED, type Case, type Row, withBody } from '../row.ts';

const OPENERS = ['edge', 'centre'] as const;
const ONE_RECORD = { wrote: { 'recovery:audit': 1 } } as const;

/** A request that waits for a second person. What one person may have open would not do for all rows. */
async function waiting(of: Case, by: 'helpdesk' | 'colleague' = 'helpdesk'): Promise<string> {
  const held = await heldKey(of);
  const token = by === 'colleague' ? of.stage.tokens.colleague : undefined;
  const answer = await send(of.base, disclosureOf(of, held, { secondPerson: true }, token));
  if (answer.status !== 202) throw new Error(`a request was answered with ${String(answer.status)}`);
  return z.object({ requestId: z.string() }).parse(jsonOf(answer)).requestId;
}

function about(of: Case, requestId: string, what: string, token?: string, body: object = {}): Message {
  const { advancedHelpdesk } = of.stage.cluster.secrets.tokens;
  return of.stage.staff(
    token ?? advancedHelpdesk,
    'POST',
    `/v1/recovery/requests/${requestId}/${what}`,
    body,
  );
}

/** One bad way to approve, and the right one. */
function approval(
  name: string,
  refused: Row['refused'],
  hostile: (of: Case, requestId: string) => Message,
  rest: Partial<Row> = {},
): Row {
  return {
    ...{ name: `approval: ${name}`, refused, accepted: 200, ...ONE_RECORD, at: OPENERS, ...rest },
    make: async (of) => {
      const requestId = await waiting(of, rest.keeps === undefined ? 'colleague' : 'helpdesk');
      return { hostile: () => hostile(of, requestId), twin: () => about(of, requestId, 'approval') };
    },
  };
}

function opening(
  name: string,
  refused: Row['refused'],
  change: (message: Message, of: Case) => Message,
  rest: Partial<Row> = {},
): Row {
  const ask = (of: Case): Message =>
    of.stage.staff(of.stage.tokens.officer, 'POST', '/v1/break-glass', { siteId: 'madrid', reason: 'drill' });
  return {
    ...{ name: `break-glass: ${name}`, refused, accepted: 201, ...ONE_RECORD, at: ['edge'], ...rest },
    make: (of) => ({ hostile: () => change(ask(of), of), twin: () => ask(of) }),
  };
}

const OUTBOX = '/v1/admin/outbox';

function outbox(name: string, refused: Row['refused'], hostile: (of: Case) => Message): Row {
  return {
    ...{ name: `outbox: ${name}`, refused, accepted: 200, wrote: {} },
    make: (of) => ({
      hostile: () => hostile(of),
      twin: () => administrator(of, 'GET', `${OUTBOX}?after=now`),
    }),
  };
}

const as = (of: Case, token: 'helpdesk' | 'auditor', { method, path, body }: Message): Message => {
  const { headers } = of.stage.staff(of.stage.cluster.secrets.tokens[token], method, path);
  return { method, path, headers, ...(body === undefined ? {} : { body }) };
};

export const togetherRows: readonly Row[] = [
  approval(
    'by the one who asked',
    [403, 'second-person-needed'],
    (of, requestId) => about(of, requestId, 'approval', of.stage.cluster.secrets.tokens.helpdesk),
    { keeps: AUDITED },
  ),
  approval(
    'by an auditor',
    [403, 'forbidden'],
    (of, requestId) => about(of, requestId, 'approval', of.stage.cluster.secrets.tokens.auditor),
    { keeps: AUDITED },
  ),
  approval(
    'by staff of another site',
    [403, 'site-not-assigned'],
    (of, requestId) => about(of, requestId, 'approval', of.stage.tokens.lugoStaff),
    { keeps: AUDITED },
  ),
  approval(
    'of a request that nobody made',
    [404, 'request-unknown'],
    (of) => about(of, `r-${'a'.repeat(16)}`, 'approval'),
    { keeps: AUDITED },
  ),
  approval('under a name that is none', [400, 'invalid-request'], (of) => about(of, 'r-1', 'approval')),
  approval('with more than it asks for', [400, 'invalid-request'], (of, requestId) =>
    about(of, requestId, 'approval', undefined, { keyId: '3fd763f9' }),
  ),
  approval('as a list', [400, 'invalid-request'], (of, requestId) => ({
    ...about(of, requestId, 'approval'),
    body: '[]',
  })),
  {
    ...{ name: 'denial: a NUL in the note', refused: [400, 'invalid-request'], accepted: 200, ...ONE_RECORD },
    at: OPENERS,
    make: async (of) => {
      const requestId = await waiting(of, 'colleague');
      const note = (text: string) => about(of, requestId, 'denial', undefined, { note: text });
      return { hostile: () => note('no\0t her voice at all'), twin: () => note('not her voice') };
    },
  },
  {
    ...{
      name: 'collecting: what nobody approved',
      refused: [409, 'request-waiting'],
      accepted: 201,
      ...ONE_RECORD,
    },
    ...{ at: OPENERS, keeps: AUDITED },
    make: async (of) => {
      const [unapproved, approved] = [await waiting(of), await waiting(of)];
      await send(of.base, about(of, approved, 'approval'));
      const { helpdesk } = of.stage.cluster.secrets.tokens;
      return {
        hostile: () => about(of, unapproved, 'disclosure', helpdesk),
        twin: () => about(of, approved, 'disclosure', helpdesk),
      };
    },
  },
  {
    ...{
      name: "collecting: another's request",
      refused: [404, 'request-unknown'],
      accepted: 201,
      ...ONE_RECORD,
    },
    ...{ at: OPENERS, keeps: AUDITED },
    make: async (of) => {
      const requestId = await waiting(of);
      await send(of.base, about(of, requestId, 'approval'));
      const { helpdesk } = of.stage.cluster.secrets.tokens;
      return {
        hostile: () => about(of, requestId, 'disclosure'),
        twin: () => about(of, requestId, 'disclosure', helpdesk),
      };
    },
  },
  {
    ...{ name: 'collecting: twice', refused: [409, 'request-over'], accepted: 201, ...ONE_RECORD },
    ...{ at: OPENERS, keeps: AUDITED },
    make: async (of) => {
      const [used, fresh] = [await waiting(of), await waiting(of)];
      const { helpdesk } = of.stage.cluster.secrets.tokens;
      for (const requestId of [used, fresh]) await send(of.base, about(of, requestId, 'approval'));
      await send(of.base, about(of, used, 'disclosure', helpdesk));
      return {
        hostile: () => about(of, used, 'disclosure', helpdesk),
        twin: () => about(of, fresh, 'disclosure', helpdesk),
      };
    },
  },

  opening('by the helpdesk', [403, 'forbidden'], (message, of) => as(of, 'helpdesk', message), {
    keeps: AUDITED,
  }),
  opening(
    'of a site that there is not',
    [400, 'invalid-request'],
    (message) => withBody(message, (body) => ({ ...body, siteId: 'nowhere' })),
    { keeps: AUDITED },
  ),
  opening('without a reason', [400, 'invalid-request'], (message) =>
    withBody(message, (body) => ({ ...body, reason: '' })),
  ),
  opening('half a character in the reason', [400, 'invalid-request'], (message) =>
    withBody(message, (body) => ({ ...body, reason: 'blue screens everywhere \udc00' })),
  ),
  opening('of several sites', [400, 'invalid-request'], (message) =>
    withBody(message, (body) => ({ ...body, siteId: ['madrid', 'lugo'] })),
  ),
  opening('that names its own opening', [400, 'invalid-request'], (message) =>
    withBody(message, (body) => ({ ...body, openingId: `b-${'a'.repeat(16)}` })),
  ),

  outbox('by the helpdesk', [403, 'forbidden'], (of) => as(of, 'helpdesk', administrator(of, 'GET', OUTBOX))),
  outbox('after a place that is none', [400, 'invalid-request'], (of) =>
    administrator(of, 'GET', `${OUTBOX}?after=1%20OR%201`),
  ),
  outbox('after a place that nobody knows', [400, 'invalid-request'], (of) =>
    administrator(of, 'GET', `${OUTBOX}?after=${'a'.repeat(10)}.${'a'.repeat(13)}%239`),
  ),
];
