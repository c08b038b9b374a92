/**
 * What a ledger promises, whichever engine it stands on. Run by test/contract/ledger.libsql.test.ts over libSQL
 * files, and by test/workers/ledger.durable.test.ts over a Durable Object's SQLite.
 */
import { describe } from 'vitest';
import type { Host } from '../support/node.ts';
import { absorbContract } from './absorb.ts';
import { appendContract } from './append.ts';
import { engineContract } from './engine.ts';
import { faultContract } from './faults.ts';
import { forkContract } from './forks.ts';
import { freezeContract } from './freeze.ts';
import { limitContract } from './limits.ts';
import { migrateContract } from './migrate.ts';
import { quarantineContract } from './quarantine.ts';
import { reprojectContract } from './reproject.ts';

export function ledgerContract(host: Host): void {
  describe('engine', () => engineContract(host));
  describe('append', () => appendContract(host));
  describe('absorb', () => absorbContract(host));
  describe('forks', () => forkContract(host));
  describe('freeze', () => freezeContract(host));
  describe('quarantine', () => quarantineContract(host));
  describe('faults', () => faultContract(host));
  describe('limits', () => limitContract(host));
  describe('migrate', () => migrateContract(host));
  describe('reproject', () => reprojectContract(host));
}
