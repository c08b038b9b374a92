/** An edge's log: one JSON line per event on standard output, as journald keeps it. */
import type { Log } from '../shared/platform.ts';

export const log: Log = (level, event, facts) => {
  const line = JSON.stringify({ time: new Date().toISOString(), level, event, ...facts });
  if (level === 'error') console.error(line);
  else console.log(line);
};
