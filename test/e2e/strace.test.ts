/** The judge of system calls: it must see an answer that left too early, also where threads interrupt each other. */
import { describe, expect, it } from 'vitest';
import { answered, parseTrace } from '../support/strace.ts';

const hex = (text: string) =>
  [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
const SOCKET = '7<TCP:[127.0.0.1:8701->127.0.0.1:40000]>';
const WAL = `9<${hex('/data/edge.sqlite-wal')}>`;

const REQUEST = `11 recvfrom(${SOCKET}, "${hex('PUT /v1/x HTTP/1.1\r\n\r\n{}')}", 4096, 0, NULL, NULL) = 24`;
const WRITE = `11 pwrite64(${WAL}, "${hex('key-1')}", 5, 0) = 5`;
const SYNC = `11 fdatasync(${WAL}) = 0`;
const ANSWER = `11 writev(${SOCKET}, [{iov_base="${hex('HTTP/1.1 201 Created\r\n\r\n')}", iov_len=24}], 1) = 24`;

const judge = (...lines: string[]) => answered(parseTrace(lines.join('\n')), (path) => path.endsWith('-wal'));
const RIGHT = {
  request: 'PUT /v1/x HTTP/1.1',
  body: '{}',
  status: 201,
  unsynced: [],
  synced: [Buffer.from('key-1')],
};
const WRONG = { ...RIGHT, synced: [], unsynced: ['pwrite64 /data/edge.sqlite-wal'] };

describe('the judge of system calls', () => {
  it('takes a write that was synced before its answer as durable', () => {
    expect(judge(REQUEST, WRITE, SYNC, ANSWER)).toMatchObject([RIGHT]);
  });

  it.each([
    ['is never synced', [REQUEST, WRITE, ANSWER]],
    ['is synced after its answer', [REQUEST, WRITE, ANSWER, SYNC]],
    ['is written after the sync', [REQUEST, SYNC, WRITE, ANSWER]],
    ['is synced in vain', [REQUEST, WRITE, SYNC.replace('= 0', '= -1 EIO (Input/output error)'), ANSWER]],
    [
      'is in another file than was synced',
      [REQUEST, WRITE, SYNC.replace('9<', '8<').replace(hex('edge'), hex('else')), ANSWER],
    ],
    [
      'is synced by a call that had not ended',
      [
        REQUEST,
        WRITE,
        SYNC.replace(') = 0', ' <unfinished ...>'),
        ANSWER.replace('11', '12'),
        '11 <... fdatasync resumed>) = 0',
      ],
    ],
  ])('finds a write that %s', (_, lines) => {
    expect(judge(...lines)).toMatchObject([WRONG]);
  });

  it('puts an interrupted call together', () => {
    const halves = [
      SYNC.replace(') = 0', ' <unfinished ...>'),
      '12 fsync(3</elsewhere>) = 0',
      '11 <... fdatasync resumed>) = 0',
    ];
    expect(judge(REQUEST, WRITE, ...halves, ANSWER)).toMatchObject([RIGHT]);
  });
});
