/** The named crash points: before and after every kind of transaction, and at both ends of every message. */
import { AGAIN } from './operations.ts';

const TRANSACTIONS = [
  ...[
    'genesis',
    'device',
    'escrow',
    'protectors',
    'audit',
    'status',
    'seen',
    'config',
    'device-revocation',
  ].map((kind) => `append ${kind}`),
  AGAIN,
  'absorb a slice',
  'keep the evidence of a fork',
  'save contacts',
  'note an unchanged report',
  'migrate',
  'begin the tables',
  'make tables again',
  'finish the tables',
  'checkpoint',
];
const BETWEEN_NODES = ['challenge', 'session', 'pull', 'push', 'hashes', 'digests'];
const FROM_PEOPLE = ['enrol', 'escrow', 'report', 'search', 'disclose', 'configure', 'revoke'];

export const POINTS: readonly string[] = [
  ...TRANSACTIONS.flatMap((name) => [`before ${name}`, `after ${name}`]),
  ...BETWEEN_NODES.flatMap((name) => [`client sends ${name}`, `client hears ${name}`]),
  ...[...BETWEEN_NODES, ...FROM_PEOPLE].flatMap((name) => [`server gets ${name}`, `server answers ${name}`]),
];

/** What must happen in a world in which a machine is to die at this point. */
export function needs(point: string): {
  twin: boolean;
  upgrade: boolean;
  migration: boolean;
  server: boolean;
} {
  return {
    twin: /fork|hashes/.test(point),
    upgrade: point.includes('tables'),
    migration: point.includes('migrate'),
    server: point.includes('checkpoint'),
  };
}

/** Whether such a point is passed by centres, by edges, or by both. */
export function passedBy(point: string): 'centre' | 'edge' | 'any' {
  if (/config|configure|revo/.test(point)) return 'centre';
  if (/checkpoint|evidence|server \w+ (?:challenge|session|pull|push|hashes|digests)/.test(point))
    return 'centre';
  if (/client|again after a fork|contacts/.test(point)) return 'edge';
  return 'any';
}
