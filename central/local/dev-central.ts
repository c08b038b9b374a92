/** `npm run dev:central`: the centre of the development installation, configured, in the foreground. */
import path from 'node:path';
import { pino } from 'pino';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { MigrationError } from '../../shared/journal/migrate.ts';
import { IdentityError } from '../../shared/node.ts';
import { startCentre } from '../centre.ts';
import { nodePlatform } from '../platform.ts';
import { readCentreSettings, SettingError } from '../settings.ts';
import { openDevelopment } from './development.ts';

const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));

try {
  const cluster = await openDevelopment(process.env);
  const { tokens } = cluster.secrets;
  const settings = readCentreSettings({
    ...process.env,
    HOLDFAST_DATA: cluster.centreData,
    HOLDFAST_PORT: String(cluster.centrePort),
    HOLDFAST_IDENTITY_FILE: path.join(cluster.centreData, 'identity.json'),
    HOLDFAST_BOOTSTRAP_TOKEN_HASH: staffTokenHash(nodePlatform, tokens.administrator),
  });
  const centre = await startCentre(settings, (level, event, facts) => {
    logger[level](facts ?? {}, event);
  });
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void centre.stop().then(() => process.exit(0));
    });
  }
  await cluster.configure();
  process.stdout.write(`The development centre serves at ${centre.url}
  administrator  ${tokens.administrator}
  helpdesk       ${tokens.helpdesk}
  site token     ${Object.values(tokens.sites).join(' ')}
Its edge: npm run dev:edge
`);
} catch (error) {
  if (error instanceof SettingError || error instanceof MigrationError || error instanceof IdentityError) {
    process.stderr.write(`holdfast: ${error.message}\n`);
    process.exit(2);
  }
  throw error;
}
