/** The centre's program: reads the environment, starts, and stops on SIGINT or SIGTERM. */
import { pino } from 'pino';
import { MigrationError } from '../shared/journal/migrate.ts';
import { IdentityError } from '../shared/node.ts';
import type { Log } from '../shared/platform.ts';
import { startCentre } from './centre.ts';
import { readCentreSettings, SettingError } from './settings.ts';
import { readSnapshotSettings, takesSnapshots } from './snapshot/settings.ts';

const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));

try {
  const settings = readCentreSettings(process.env);
  const log: Log = (level, event, facts) => {
    logger[level](facts ?? {}, event);
  };
  const snapshots = takesSnapshots(settings)
    ? { settings: readSnapshotSettings(process.env, settings), env: process.env }
    : null;
  const centre = await startCentre(settings, log, snapshots);
  logger.info({ url: centre.url, nodeId: centre.node.identity.certificate.nodeId }, 'centre is serving');
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void centre.stop().then(() => process.exit(0));
    });
  }
} catch (error) {
  if (error instanceof SettingError || error instanceof MigrationError || error instanceof IdentityError) {
    process.stderr.write(`holdfast: ${error.message}\n`);
    process.exit(2);
  }
  throw error;
}
