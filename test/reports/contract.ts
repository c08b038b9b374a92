/** What the reports answer, whichever engine they read. Figures are counted by hand from test/reports/fleet.ts. */
import { describe } from 'vitest';
import type { Host } from '../support/node.ts';
import { auditContract } from './audit.ts';
import { computersCsvContract } from './computers-csv.ts';
import { computersContract } from './computers.ts';
import { enterpriseContract } from './enterprise.ts';
import { freshnessContract } from './freshness.ts';
import { signInsContract } from './sign-ins.ts';

export function reportsContract(host: Host): void {
  describe('enterprise compliance', () => enterpriseContract(host));
  describe('computer compliance', () => computersContract(host));
  describe('computer compliance in CSV', () => computersCsvContract(host));
  describe('recovery audit', () => auditContract(host));
  describe('sign-ins', () => signInsContract(host));
  describe('freshness and access', () => freshnessContract(host));
}
