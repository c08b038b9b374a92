/**
 * The order in which Vitest starts test files: the longest first, so that none of them is left to run alone at the end. A
 * fresh clone has no times of an earlier run, and a file's size says nothing of how long it waits for real processes.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes more than about fifteen seconds, the longest first. A name that is wrong or missing costs time, nothing else. */
const LONG = [
  'test/portal/pages.test.ts',
  'test/appliance/upgrade.test.ts',
  'test/import/import.test.ts',
  'test/backup/recipes.test.ts',
  'test/sqld/two-centres.test.ts',
  'test/install/centre-upgrade.test.ts',
  'test/hostile/bad-input.test.ts',
  'test/hostile/tampering.test.ts',
  'test/e2e/edge-stolen.test.ts',
  'test/appliance/executable.test.ts',
  'test/start/command-line.test.ts',
  'test/snapshot/load.test.ts',
  'test/faults/nodes.test.ts',
  'test/edges/commands.test.ts',
  'test/vault/resealing.test.ts',
  'test/appliance/systemd.test.ts',
  'test/snapshot/cli.test.ts',
  'test/install/command.test.ts',
  'test/start/start.test.ts',
  'test/e2e/disclosure-offline.test.ts',
  'test/portal/passkeys.test.ts',
  'test/sim/sim.test.ts',
  'test/docs/first-branch.test.ts',
  'test/docs/guides.test.ts',
  'test/snapshot/fire.test.ts',
  'test/snapshot/damage.test.ts',
  'test/sqld/centre.test.ts',
  'test/sqld/restore.test.ts',
  'test/install/centre.test.ts',
  'test/install/edge.test.ts',
  'test/sqld/ledger.sqld.test.ts',
  'test/hostile/canary.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`/${name}`));
      return at === -1 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
