/** What nodes say to each other, described: for whoever reads a capture or writes a firewall's rule, not to be called. */
import { z } from 'zod';
import * as protocol from '../../replication/protocol.ts';
import type { App } from '../context.ts';
import { problems } from '../openapi.ts';
import type { ProblemCode } from '../problem.ts';

const MESSAGE_PROBLEMS = [
  ...(['protocol-unsupported', 'unsupported-media-type', 'body-too-large', 'malformed-json'] as const),
  ...(['timed-out', 'overloaded', 'storage-unavailable'] as const),
];
const headers = z.object({
  [protocol.PROTOCOL_HEADER]: z
    .enum(protocol.PROTOCOLS_SPOKEN.map(String))
    .describe('The version of the protocol between nodes.'),
});
const message = <S extends z.ZodType>(schema: S) => ({ [protocol.SYNC_MEDIA_TYPE]: { schema } });

interface Message {
  readonly name: string;
  readonly summary: string;
  readonly request: z.ZodType;
  readonly answer: z.ZodType;
  readonly problems: readonly ProblemCode[];
}

const HANDSHAKE: readonly Message[] = [
  {
    ...{ name: 'challenge', summary: 'A nonce for the other node to sign', problems: [] },
    ...{ request: protocol.challengeRequest, answer: protocol.challengeAnswer },
  },
  {
    ...{ name: 'session', summary: 'Both nonces signed, both certificates: a short session' },
    ...{ request: protocol.sessionRequest, answer: protocol.sessionAnswer, problems: ['node-refused'] },
  },
];
const IN_SESSION: readonly Message[] = [
  {
    ...{ name: 'pull', summary: 'The next entries of each log, up to a signed head; may wait for news' },
    ...{ request: protocol.pullRequest, answer: protocol.pullAnswer, problems: [] },
  },
  {
    ...{ name: 'push', summary: 'Entries that the other node lacks, and what became of them' },
    ...{ request: protocol.pushRequest, answer: protocol.pushAnswer },
    problems: ['segments-refused', 'log-forked', 'entries-quarantined'],
  },
  {
    ...{ name: 'hashes', summary: 'Chain hashes of one log, to find where two copies of a node parted' },
    ...{ request: protocol.hashesRequest, answer: protocol.hashesAnswer, problems: ['forbidden'] },
  },
  {
    ...{ name: 'digests', summary: 'The tables of one log in a range: digests, or the hashes of the rows' },
    ...{ request: protocol.digestRequest, answer: protocol.digestAnswer, problems: [] },
  },
];

export function describeSync(app: App): void {
  const { openAPIRegistry } = app;
  openAPIRegistry.registerComponent('securitySchemes', 'nodeSession', {
    ...{ type: 'http', scheme: 'bearer' },
    description: 'Between nodes: what `POST /v1/sync/session` answered, for some minutes.',
  });
  const describe = (
    { name, summary, request, answer, problems: codes }: Message,
    inSession: boolean,
  ): void => {
    openAPIRegistry.registerPath({
      ...{ method: 'post', path: `/v1/sync/${name}`, summary },
      description:
        'For nodes alone. Both bodies are gzip (RFC 1952) of JSON by this schema; problems are plain JSON.',
      ...(inSession ? { security: [{ nodeSession: [] }] } : {}),
      request: { headers, body: { required: true, content: message(request) } },
      responses: {
        200: { description: 'The answer, gzip-compressed', content: message(answer) },
        ...problems(...codes, ...MESSAGE_PROBLEMS, ...(inSession ? (['session-invalid'] as const) : [])),
      },
    });
  };
  for (const each of HANDSHAKE) describe(each, false);
  for (const each of IN_SESSION) describe(each, true);
}
