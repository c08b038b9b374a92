/** The migrations of both stores, in order. The `.sql` files are imported as text by every bundler and test runner. */
import complianceFacts from './compliance/0000_facts.sql';
import complianceStates from './compliance/0001_states.sql';
import recoveryFacts from './recovery/0000_facts.sql';
import recoveryStates from './recovery/0001_states.sql';

export const migrations = {
  recovery: [
    { name: '0000_facts', sql: recoveryFacts },
    { name: '0001_states', sql: recoveryStates },
  ],
  compliance: [
    { name: '0000_facts', sql: complianceFacts },
    { name: '0001_states', sql: complianceStates },
  ],
};
