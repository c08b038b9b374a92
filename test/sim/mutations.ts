/** All deliberate defects, each of which the simulator has to find. */
import { JOURNAL_MUTATIONS } from './journal-mutations.ts';
import type { Mutation } from './mutation.ts';
import { REPLICATION_MUTATIONS } from './replication-mutations.ts';
import { SERVICE_MUTATIONS } from './service-mutations.ts';

export const MUTATIONS: readonly Mutation[] = [
  ...JOURNAL_MUTATIONS,
  ...SERVICE_MUTATIONS,
  ...REPLICATION_MUTATIONS,
];
